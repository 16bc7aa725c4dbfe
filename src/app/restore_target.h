// Where a restore goes that names no folder: the lake of the settings, of this process alone or shared.
#pragma once

#include "app/settings.h"
#include "backup/backup_job.h"
#include "backup/manifest.h"
#include "backup/restore_job.h"

namespace gigapi {

/// No node may have that lake open. In one that nodes share, all but OccupiedRoot::kKeepBeside wants it to be empty.
/// kUnsupported where the lake's folder is not its root; else as RunRestore and RunSharedRestore.
Status RestoreIntoLakeOf(const Settings& settings, const BackupManifest& manifest, OccupiedRoot occupied,
                         const BackupHooks& hooks);

}  // namespace gigapi
