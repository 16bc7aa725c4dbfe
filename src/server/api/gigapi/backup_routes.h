// /api/v1/backup: POST {"url": place} begins a backup; the rest is as in backup_job_routes.h.
#pragma once

#include "backup/backup_service.h"
#include "server/api/gigapi/backup_job_routes.h"

namespace gigapi {

/// All must outlive the router.
void AddBackupRoutes(BackupService* backups, const BackupRoutesOptions& options, http::WorkerPool* pool,
                     http::Router* router);

}  // namespace gigapi
