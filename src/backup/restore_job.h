// Restores a backup into a folder of a local disk, which becomes the root of a lake that starts anew.
//
// Atomic for whoever opens the root: everything is written to the folder <root>.restoring beside it, verified against the
// sizes and checksums of the manifest, and then one rename puts that folder in the root's place. A crash before it leaves
// the root as it was, and <root>.restoring, which the next restore empties. A root that is replaced changes places with that
// folder in one step.
//
// The root must not be a mount point of its own, and its parent must be writable. No server may start on it meanwhile, and
// none has to run: an empty root that is no longer so is refused, and one that a server has taken is left alone.
#pragma once

#include <string>

#include "backup/backup_job.h"
#include "backup/backup_place.h"

namespace gigapi {

/// What becomes of a root that is not empty.
enum class OccupiedRoot {
  kRefuse,
  kKeepBeside,  // replaced; it stays as <root>.before-<time and a random number>
  /// Replaced and removed if it has nothing but the .gigapi of a server that ended in order, refused otherwise: the root of
  /// a lake without a database.
  kReplaceUnused,
};

struct RestoreOptions {
  std::string root;
  OccupiedRoot occupied = OccupiedRoot::kRefuse;
};

/// kConflict when the root is not empty, unless it may be replaced; kUnavailable when a server or another restore has it;
/// kInvalidArgument when the backup is damaged: a file is missing or is not what the manifest says. Blocks.
Status RunRestore(const BackupManifest& manifest, const RestoreOptions& options, const BackupHooks& hooks);

}  // namespace gigapi
