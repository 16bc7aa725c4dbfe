#include "maintenance/merge_job.h"

#include <algorithm>

#include "base/clock.h"
#include "base/path.h"
#include "base/uuid.h"
#include "maintenance/sorted_merge.h"
#include "storage/hive_path.h"
#include "storage/parquet_writer.h"
#include "storage/row_group_size.h"

namespace gigapi {
namespace {

/// Of the file that is to be, without size, rows, times of rows and columns.
DataFile DescribeOutput(const PartitionFiles& partition, const MergePlan& plan) {
  const DataFile& first = *plan.inputs.front();
  DataFile output;
  output.layer = first.layer;
  output.key = partition.path + '/' + ParquetFileName(NewUuid(), plan.output_level);
  output.node = first.node;
  output.partition = partition.partition;
  output.level = plan.output_level;
  output.created_ns = WallNanos();
  output.min_sequence = first.min_sequence;
  output.oldest_in_layer_ns = first.oldest_in_layer_ns;
  for (const DataFilePtr& input : plan.inputs) {
    output.min_sequence = std::min(output.min_sequence, input->min_sequence);
    output.max_sequence = std::max(output.max_sequence, input->max_sequence);
    output.oldest_in_layer_ns = std::min(output.oldest_in_layer_ns, input->oldest_in_layer_ns);
    output.newest_in_layer_ns = std::max(output.newest_in_layer_ns, input->newest_in_layer_ns);
  }
  return output;
}

FileProvenance ProvenanceOf(const PartitionFiles& partition, const MergePlan& plan, const DataFile& output,
                            const SortedMerge& merge) {
  FileProvenance provenance{
      .database = partition.database,
      .table = partition.table,
      .partition = output.partition,
      .level = output.level,
      .created_ns = output.created_ns,
      .layer = output.layer->name(),
      .oldest_in_layer_ns = output.oldest_in_layer_ns,
      .newest_in_layer_ns = output.newest_in_layer_ns,
      .min_sequence = output.min_sequence,
      .max_sequence = output.max_sequence,
  };
  UniteLogs(merge.provenances(), &provenance);
  for (const DataFilePtr& input : plan.inputs) provenance.replaced.emplace_back(NameOf(input->key));
  return provenance;
}

Result<DataFile> WriteMerged(ParquetWriter* writer, SortedMerge* merge, const std::function<bool()>& is_stopping) {
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

Result<DataFile> Merge(const PartitionFiles& partition, const MergePlan& plan, const DataFile& output,
                       const std::function<bool()>& is_stopping) {
  std::vector<std::shared_ptr<ReadableFile>> files;
  for (const DataFilePtr& input : plan.inputs) {
    ARROW_ASSIGN_OR_RAISE(files.emplace_back(), OpenDataFile(*input));
  }
  ARROW_ASSIGN_OR_RAISE(const auto merge, SortedMerge::Open(std::move(files), *partition.schema));
  ARROW_ASSIGN_OR_RAISE(auto object, output.layer->Create(output.key));
  ARROW_ASSIGN_OR_RAISE(const auto writer,
                        ParquetWriter::Create(std::move(object), merge->columns(), ParquetEffort::kCompact));
  SetProvenance(ProvenanceOf(partition, plan, output, *merge), *partition.schema, merge->columns(), writer.get());
  return WriteMerged(writer.get(), merge.get(), is_stopping);
}

}  // namespace

Result<DataFile> RunMerge(const PartitionFiles& partition, const MergePlan& plan, const std::function<bool()>& is_stopping,
                          const std::function<void(const DataFile&)>& give_up) {
  DataFile output = DescribeOutput(partition, plan);
  Result<DataFile> merged = Merge(partition, plan, output, is_stopping);
  if (!merged.ok()) {
    if (KindOf(merged.status()) != ErrorKind::kCancelled) give_up(output);
    return merged.status();
  }
  int64_t rows = 0;
  for (const DataFilePtr& input : plan.inputs) rows += input->rows;
  if (rows != merged->rows) {
    give_up(output);
    return Errorf(ErrorKind::kInternal, "a merge made {} rows of {}", merged->rows, rows);
  }
  output.size_bytes = merged->size_bytes;
  output.rows = merged->rows;
  output.min_time = merged->min_time;
  output.max_time = merged->max_time;
  output.columns = std::move(merged->columns);
  return output;
}

}  // namespace gigapi
