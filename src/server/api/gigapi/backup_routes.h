// /api/v1/backup: POST {"url": place} begins a backup, GET tells how far the one that runs is or how the last one ended,
// DELETE ends the one that runs. All answer with its state as a JSON object.
#pragma once

#include "backup/backup_service.h"
#include "server/http/router.h"
#include "server/http/worker_pool.h"

namespace gigapi {

struct BackupRoutesOptions {
  /// Whether a place may be a folder of this machine: not where strangers may ask.
  bool allow_folders = true;
};

/// All must outlive the router.
void AddBackupRoutes(BackupService* backups, const BackupRoutesOptions& options, http::WorkerPool* pool,
                     http::Router* router);

}  // namespace gigapi
