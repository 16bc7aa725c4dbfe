#include "server/api/gigapi/backup_routes.h"

#include "server/api/gigapi/backup_state_json.h"
#include "server/error_table.h"
#include "server/json_body.h"

namespace gigapi {
namespace {

Status Begin(const http::Request& request, const BackupRoutesOptions& options, BackupService* backups) {
  ARROW_ASSIGN_OR_RAISE(const JsonBody body, JsonBody::Read(request, kBackupBodyBytesMax));
  ARROW_ASSIGN_OR_RAISE(const std::string url, ReadPlace(body, options));
  return backups->Begin(url);
}

}  // namespace

void AddBackupRoutes(BackupService* backups, const BackupRoutesOptions& options, http::WorkerPool* pool,
                     http::Router* router) {
  constexpr char kPath[] = "/api/v1/backup";
  router->Add("GET", kPath, [backups](const http::ExchangePtr& exchange) {
    exchange->Respond(JsonResponse(200, BackupStateJson(backups->state())));
  });
  router->Add("DELETE", kPath, [backups](const http::ExchangePtr& exchange) {
    const bool cancelled = backups->Cancel();
    exchange->Respond(cancelled ? JsonResponse(202, BackupStateJson(backups->state()))
                                : ErrorResponse(Error(ErrorKind::kNotFound, "no backup is running")));
  });
  router->Add("POST", kPath, [=](const http::ExchangePtr& exchange) {
    const auto begin = [=] {
      const Status begun = Begin(exchange->request(), options, backups);
      exchange->Respond(begun.ok() ? JsonResponse(202, BackupStateJson(backups->state())) : ErrorResponse(begun));
    };
    if (pool->Submit(begin)) return;
    exchange->Respond(ErrorResponse(Error(ErrorKind::kUnavailable, "too many requests are waiting")));
  });
}

}  // namespace gigapi
