#include "maintenance/merge_job.h"

#include <algorithm>

#include "base/clock.h"
#include "base/uuid.h"
#include "maintenance/sorted_merge.h"
#include "storage/hive_path.h"
#include "storage/parquet_writer.h"
#include "storage/row_group_size.h"

namespace gigapi {
namespace {

Result<DataFile> WriteMerged(std::unique_ptr<ObjectWriter> object, SortedMerge* merge,
                             const std::function<bool()>& is_stopping) {
  ARROW_ASSIGN_OR_RAISE(const auto writer,
                        ParquetWriter::Create(std::move(object), merge->columns(), ParquetEffort::kCompact));
  size_t group_rows = 0;
  for (;;) {
    if (is_stopping()) return Error(ErrorKind::kCancelled, "stopping");
    ARROW_RETURN_NOT_OK(merge->Fill(std::max(group_rows, kRowGroupRows)));
    if (group_rows == 0) {
      group_rows = ChooseRowGroupRows(merge->batch());
      ARROW_RETURN_NOT_OK(merge->Fill(group_rows));
    }
    if (merge->batch().rows() == 0) return writer->Finish();
    ARROW_RETURN_NOT_OK(writer->WriteRowGroup(merge->batch(), 0, merge->batch().rows()));
    merge->Clear();
  }
}

Result<DataFile> Merge(const PartitionFiles& partition, const MergePlan& plan, const Layer& layer, const std::string& key,
                       const std::function<bool()>& is_stopping) {
  std::vector<std::shared_ptr<ReadableFile>> files;
  for (const DataFilePtr& input : plan.inputs) {
    ARROW_ASSIGN_OR_RAISE(files.emplace_back(), OpenDataFile(*input));
  }
  ARROW_ASSIGN_OR_RAISE(const auto merge, SortedMerge::Open(std::move(files), *partition.schema));
  ARROW_ASSIGN_OR_RAISE(auto object, layer.Create(key));
  return WriteMerged(std::move(object), merge.get(), is_stopping);
}

}  // namespace

Result<DataFile> RunMerge(const PartitionFiles& partition, const MergePlan& plan, const std::function<bool()>& is_stopping) {
  const LayerPtr& layer = plan.inputs[0]->layer;
  std::string key = partition.path + '/' + ParquetFileName(NewUuid(), plan.output_level);
  Result<DataFile> merged = Merge(partition, plan, *layer, key, is_stopping);
  if (!merged.ok()) {
    (void)layer->Remove(key);  // it may be there although the answer said otherwise
    return merged.status();
  }
  DataFile output = *std::move(merged);
  int64_t rows = 0;
  output.min_sequence = plan.inputs[0]->min_sequence;
  output.max_sequence = plan.inputs[0]->max_sequence;
  output.oldest_in_layer_ns = plan.inputs[0]->oldest_in_layer_ns;
  output.newest_in_layer_ns = plan.inputs[0]->newest_in_layer_ns;
  for (const DataFilePtr& input : plan.inputs) {
    rows += input->rows;
    output.min_sequence = std::min(output.min_sequence, input->min_sequence);
    output.max_sequence = std::max(output.max_sequence, input->max_sequence);
    output.oldest_in_layer_ns = std::min(output.oldest_in_layer_ns, input->oldest_in_layer_ns);
    output.newest_in_layer_ns = std::max(output.newest_in_layer_ns, input->newest_in_layer_ns);
  }
  if (rows != output.rows) {
    (void)layer->Remove(key);
    return Errorf(ErrorKind::kInternal, "a merge made {} rows of {}", output.rows, rows);
  }
  output.layer = layer;
  output.key = std::move(key);
  output.node = plan.inputs[0]->node;
  output.partition = partition.partition;
  output.level = plan.output_level;
  output.created_ns = WallNanos();
  return output;
}

}  // namespace gigapi
