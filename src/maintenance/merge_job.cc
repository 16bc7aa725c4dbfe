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

Result<DataFile> WriteMerged(FileSystem* fs, const std::string& path, SortedMerge* merge,
                             const std::function<bool()>& is_stopping) {
  ARROW_ASSIGN_OR_RAISE(const auto writer, ParquetWriter::Create(fs, path, merge->columns(), ParquetEffort::kCompact));
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

Result<DataFile> WriteAndRename(FileSystem* fs, const PartitionFiles& partition, const MergePlan& plan,
                                const std::string& path, const std::function<bool()>& is_stopping) {
  std::vector<std::string> paths;
  for (const DataFilePtr& input : plan.inputs) paths.push_back(input->path);
  ARROW_ASSIGN_OR_RAISE(const auto merge, SortedMerge::Open(fs, paths, *partition.schema));
  const std::string temporary = path + ".tmp";
  Result<DataFile> output = WriteMerged(fs, temporary, merge.get(), is_stopping);
  Status status = output.status();
  if (status.ok()) status = fs->Rename(temporary, path);
  if (status.ok()) status = fs->SyncDirectory(partition.directory);
  if (status.ok()) return output;
  (void)fs->Remove(temporary);
  (void)fs->Remove(path);
  return status;
}

}  // namespace

Result<DataFile> RunMerge(FileSystem* fs, const PartitionFiles& partition, const MergePlan& plan,
                          const std::function<bool()>& is_stopping) {
  const std::string path = partition.directory + '/' + ParquetFileName(NewUuid(), plan.output_level);
  ARROW_ASSIGN_OR_RAISE(DataFile output, WriteAndRename(fs, partition, plan, path, is_stopping));
  int64_t rows = 0;
  output.min_sequence = plan.inputs[0]->min_sequence;
  output.max_sequence = plan.inputs[0]->max_sequence;
  for (const DataFilePtr& input : plan.inputs) {
    rows += input->rows;
    output.min_sequence = std::min(output.min_sequence, input->min_sequence);
    output.max_sequence = std::max(output.max_sequence, input->max_sequence);
  }
  if (rows != output.rows) {
    (void)fs->Remove(path);
    return Errorf(ErrorKind::kInternal, "a merge made {} rows of {}", output.rows, rows);
  }
  output.path = path;
  output.partition = partition.partition;
  output.level = plan.output_level;
  output.created_ns = WallNanos();
  return output;
}

}  // namespace gigapi
