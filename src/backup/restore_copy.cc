#include "backup/restore_copy.h"

#include <vector>

#include "base/clock.h"
#include "base/parallel.h"
#include "storage/file_copy.h"

namespace gigapi {
namespace {

constexpr size_t kCopyThreads = 4;

Status Damaged(const DataFile& file, std::string_view how) {
  return Errorf(ErrorKind::kInvalidArgument, "the backup is damaged: {} {}", file.key, how);
}

}  // namespace

std::string RestoredKey(const DataFile& file) { return file.key.substr(BackupKey("").size()); }

Status RestoreCopy::CopyAll() {
  const BackupTotals totals = TotalsOf(manifest_);
  progress_ = {.files_total = totals.files, .bytes_total = totals.bytes};
  std::vector<const BackupFile*> files;
  for (const auto& [database, tables] : manifest_.databases) {
    for (const auto& [name, table] : tables) {
      for (const BackupFile& each : table.files) files.push_back(&each);
    }
  }
  return ForEachUntilFailure(files.size(), kCopyThreads, "restore", [&](size_t i) { return Restore(*files[i]); });
}

Status RestoreCopy::Restore(const BackupFile& each) {
  if (hooks_.is_cancelled()) return Error(ErrorKind::kCancelled, "cancelled");
  ARROW_ASSIGN_OR_RAISE(const bool is_there, IsThere(each));
  if (!is_there) return Copy(each);
  Advance(1, each.file->size_bytes, false);
  return Status::OK();
}

/// What a restore that was cut short has copied, or a lake still has of which it is the backup.
Result<bool> RestoreCopy::IsThere(const BackupFile& each) {
  const std::string key = RestoredKey(*each.file);
  const auto info = layer_.store()->Head(key);
  if (!info.ok()) return KindOf(info.status()) == ErrorKind::kNotFound ? Result<bool>(false) : info.status();
  if (static_cast<int64_t>(info->size_bytes) != each.file->size_bytes) return false;
  ARROW_ASSIGN_OR_RAISE(const auto found, layer_.store()->Open(key, info->size_bytes));
  ARROW_ASSIGN_OR_RAISE(const uint32_t crc32c,
                        ReadChecksum(*found, key, [this](int64_t) { return !hooks_.is_cancelled(); }));
  return crc32c == each.crc32c;
}

Status RestoreCopy::Copy(const BackupFile& each) {
  const DataFile& file = *each.file;
  ARROW_ASSIGN_OR_RAISE(const auto out, layer_.Create(RestoredKey(file)));
  const auto info = file.layer->store()->Head(file.key);
  if (!info.ok()) return KindOf(info.status()) == ErrorKind::kNotFound ? Damaged(file, "is missing") : info.status();
  if (static_cast<int64_t>(info->size_bytes) != file.size_bytes) return Damaged(file, "has another size");
  ARROW_ASSIGN_OR_RAISE(const uint32_t crc32c, CopyContent(file, out.get(), [this](int64_t bytes) {
                          Advance(0, bytes, true);
                          return !hooks_.is_cancelled();
                        }));
  if (crc32c != each.crc32c) return Damaged(file, "has another checksum");
  ARROW_RETURN_NOT_OK(out->Commit());
  Advance(1, 0, true);
  return Status::OK();
}

void RestoreCopy::Advance(int64_t files, int64_t bytes, bool is_copied) {
  const std::lock_guard lock(mutex_);
  progress_.files_done += files;
  progress_.bytes_done += bytes;
  if (is_copied) {
    progress_.files_copied += files;
    progress_.bytes_copied += bytes;
  }
  hooks_.on_progress(progress_);
}

std::map<PartitionKey, PartitionMetadata> RestoredPartitions(const std::string& name, const BackupTable& table,
                                                             const LayerPtr& layer) {
  const int64_t now_ns = WallNanos();
  std::map<PartitionKey, PartitionMetadata> partitions;
  for (const BackupFile& each : table.files) {
    auto file = std::make_shared<DataFile>(*each.file);
    file->layer = layer;
    file->key = RestoredKey(*file);
    file->min_sequence = file->max_sequence = 0;
    file->oldest_in_layer_ns = file->newest_in_layer_ns = now_ns;
    PartitionMetadata& metadata = partitions[file->partition];
    metadata.table = name;
    metadata.files.push_back(std::move(file));
  }
  return partitions;
}

}  // namespace gigapi
