// /api/v1/restore: POST {"url": place, "backup": id, "force": true} makes this server restore its own lake; the rest is as
// in backup_job_routes.h. Without a backup it is the newest; without force the lake must be empty.
#pragma once

#include <functional>

#include "backup/restore_service.h"
#include "server/api/gigapi/backup_job_routes.h"

namespace gigapi {

/// What the routes ask; thread-safe. All empty: this server restores nothing.
struct RestoreCalls {
  std::function<Status(const RestoreRequest&)> begin;  // may block
  std::function<bool()> cancel;
  std::function<BackupState()> state;
};

/// `pool` must outlive the router.
void AddRestoreRoutes(const RestoreCalls& calls, const BackupRoutesOptions& options, http::WorkerPool* pool,
                      http::Router* router);

}  // namespace gigapi
