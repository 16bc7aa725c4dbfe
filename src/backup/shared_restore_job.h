// Restores a backup into a lake that nodes share: its files into the first layer that all of them reach, and then its tables
// into the catalog in a bucket or in Redis.
//
// No node runs meanwhile. Files are copied and verified first, which changes nothing for anybody; then the catalog is marked
// as being restored (restore_mark.h), so that no node starts on it and no other restore changes it, gets its content, and is
// marked whole as the last step: nodes see nothing of the backup or all of it. Cut short, the same restore goes on where it
// ended.
//
// Each hour keeps how far the log of each writer is in its files, by their footers: a writer that still has its log brings
// only what the backup lacks.
#pragma once

#include <memory>
#include <vector>

#include "backup/backup_job.h"
#include "backup/restore_mark.h"
#include "object_store/object_store.h"
#include "storage/layer.h"

namespace gigapi {

struct SharedRestoreTarget {
  std::shared_ptr<ObjectStore> catalog;
  std::vector<LayerPtr> layers;  // in the order of the settings
  /// What the lake has goes out of its catalog; its files stay where they are, as files of nobody.
  bool replace_existing = false;
  RestoreMarkTimes mark_times = {};
};

/// kConflict when the lake is not empty, unless it may be replaced, and when a node runs; kInvalidArgument when the backup
/// is damaged; kUnsupported when all layers are of single nodes. Blocks; where nodes have left entries it first waits for
/// some heartbeats, and where a restore was cut short on another machine, until it is certain that nobody is at it. While
/// the catalog is marked, a store that fails is asked again, until the hooks give up.
Status RunSharedRestore(const BackupManifest& manifest, const SharedRestoreTarget& target, const BackupHooks& hooks);

}  // namespace gigapi
