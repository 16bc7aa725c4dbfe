#include "server/api/gigapi/backup_routes.h"

namespace gigapi {

void AddBackupRoutes(BackupService* backups, const BackupRoutesOptions& options, http::WorkerPool* pool,
                     http::Router* router) {
  AddBackupJobRoutes("backup",
                     {.begin = [backups](const std::string& url, const JsonBody&) { return backups->Begin(url); },
                      .cancel = [backups] { return backups->Cancel(); },
                      .state = [backups] { return backups->state(); }},
                     options, pool, router);
}

}  // namespace gigapi
