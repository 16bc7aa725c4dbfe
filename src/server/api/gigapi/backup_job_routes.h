// What the routes of backups and of restores have in common: POST begins a job, GET tells how far the one that runs is or
// how the last one ended, DELETE ends the one that runs. All answer with its state as a JSON object.
#pragma once

#include <functional>
#include <string>

#include "backup/backup_state.h"
#include "server/http/router.h"
#include "server/http/worker_pool.h"
#include "server/json_body.h"

namespace gigapi {

struct BackupRoutesOptions {
  /// Whether anybody may ask. Then a place is neither a folder of this machine nor a server that could keep the credentials
  /// that it is sent.
  bool asked_by_strangers = false;
};

/// What the routes ask; thread-safe.
struct BackupJobCalls {
  std::function<Status(const std::string& url, const JsonBody&)> begin;  // may block
  std::function<bool()> cancel;
  std::function<BackupState()> state;
};

/// `what` the job is, whose path is /api/v1/<what>. `pool` must outlive the router.
void AddBackupJobRoutes(const std::string& what, const BackupJobCalls& calls, const BackupRoutesOptions& options,
                        http::WorkerPool* pool, http::Router* router);

}  // namespace gigapi
