// Makes one backup: copies what the place lacks, then writes the manifest.
//
// A file is not copied again when an earlier backup of the place has it, with its checksum, and it still lies there in its
// size. Rows that are in memory only are written to files of the backup's own, so that it holds exactly what a query at that
// instant would see.
//
// When it fails, or is cancelled, no manifest is written; files that were copied stay, and are written again by the next
// backup that needs them. What a backup that was killed had begun to write is taken away by one that begins a day later.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "backup/backup_place.h"
#include "lake/lake.h"

namespace gigapi {

struct BackupProgress {
  int64_t files_total = 0;
  int64_t bytes_total = 0;
  int64_t files_done = 0;  // copied, or there already
  int64_t bytes_done = 0;
  int64_t files_copied = 0;
  int64_t bytes_copied = 0;
};

/// Where a backup gets what it is to have.
struct BackupSource {
  /// Brings rows into files as far as it can: files are shared with later backups, rows in memory are not.
  std::function<Status()> flush;
  /// All rows that were acknowledged before, each once.
  std::function<Result<LakeSnapshotPtr>()> snapshot;
};

/// A lake that nobody shares, or what one node knows of it.
BackupSource SourceOf(Lake* lake);

struct BackupHooks {
  /// Asked now and then: true ends the work with kCancelled.
  std::function<bool()> is_cancelled = [] { return false; };
  /// Told after each piece and file, by any thread, one at a time.
  std::function<void(const BackupProgress&)> on_progress = [](const BackupProgress&) {};
  /// Asked when a restore can neither go on nor be undone, since a store fails: true ends it there, else it is tried again.
  std::function<bool()> gives_up = [] { return true; };
  /// Told why it is to be tried again, and OK once it goes on.
  std::function<void(const Status&)> on_waiting = [](const Status&) {};
};

/// Blocks. Flushes nothing. The files of the snapshot cannot be deleted by this process while it is held; where another node
/// of a shared catalog has deleted one (kNotFound), a new snapshot is taken, three times at most.
Result<BackupManifest> RunBackup(const BackupPlace& place, const BackupSource& source, const BackupHooks& hooks);

}  // namespace gigapi
