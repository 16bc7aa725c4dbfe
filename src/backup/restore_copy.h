// The files of a backup, copied to the layer that they are to lie in, each checked on the way; and what a catalog is then to
// be told of them.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "backup/backup_job.h"
#include "backup/manifest.h"
#include "catalog/partition_metadata.h"

namespace gigapi {

/// Used by one thread; all arguments must outlive it.
class RestoreCopy {
 public:
  RestoreCopy(const BackupManifest& manifest, const Layer& layer, const BackupHooks& hooks)
      : manifest_(manifest), layer_(layer), hooks_(hooks) {}

  /// Copies each file that is not there yet, as the backup has it. kInvalidArgument when the backup is damaged: a file is
  /// missing or is not what the manifest says. Files that were copied before a failure stay.
  Status CopyAll();

 private:
  Status Restore(const BackupFile& each);
  Result<bool> IsThere(const BackupFile& each);
  Status Copy(const BackupFile& each);
  void Advance(int64_t files, int64_t bytes, bool is_copied);

  const BackupManifest& manifest_;
  const Layer& layer_;
  const BackupHooks& hooks_;
  std::mutex mutex_;  // for what is below
  BackupProgress progress_;
};

/// The key that a file of a backup has in every layer.
std::string RestoredKey(const DataFile& file);

/// The partitions of a restored table, whose files lie in `layer` (nullptr: the first one, whatever its name is) from now
/// on. They know of no log.
std::map<PartitionKey, PartitionMetadata> RestoredPartitions(const std::string& name, const BackupTable& table,
                                                             const LayerPtr& layer);

}  // namespace gigapi
