#include "server/api/gigapi/restore_routes.h"

#include "server/api/gigapi/backup_state_json.h"
#include "server/error_table.h"
#include "server/json_body.h"

namespace gigapi {
namespace {

Result<bool> ReadForce(const JsonBody& body) {
  simdjson::dom::element value;
  if (body.object()["force"].get(value) != simdjson::SUCCESS || value.is_null()) return false;
  bool force = false;
  if (value.get(force) == simdjson::SUCCESS) return force;
  return Error(ErrorKind::kInvalidArgument, "force is true or false");
}

Status Begin(const http::Request& request, const RestoreCalls& calls, const BackupRoutesOptions& options) {
  RestoreRequest restore;
  ARROW_ASSIGN_OR_RAISE(const JsonBody body, JsonBody::Read(request, kBackupBodyBytesMax));
  ARROW_ASSIGN_OR_RAISE(restore.url, ReadPlace(body, options));
  ARROW_ASSIGN_OR_RAISE(restore.backup, body.Text("backup"));
  ARROW_ASSIGN_OR_RAISE(restore.replace_existing, ReadForce(body));
  return calls.begin(restore);
}

}  // namespace

void AddRestoreRoutes(const RestoreCalls& calls, const BackupRoutesOptions& options, http::WorkerPool* pool,
                      http::Router* router) {
  if (!calls.begin) return;
  constexpr char kPath[] = "/api/v1/restore";
  router->Add("GET", kPath, [calls](const http::ExchangePtr& exchange) {
    exchange->Respond(JsonResponse(200, BackupStateJson(calls.state())));
  });
  router->Add("DELETE", kPath, [calls](const http::ExchangePtr& exchange) {
    exchange->Respond(calls.cancel() ? JsonResponse(202, BackupStateJson(calls.state()))
                                     : ErrorResponse(Error(ErrorKind::kNotFound, "no restore is running")));
  });
  router->Add("POST", kPath, [=](const http::ExchangePtr& exchange) {
    const auto begin = [=] {
      const Status begun = Begin(exchange->request(), calls, options);
      exchange->Respond(begun.ok() ? JsonResponse(202, BackupStateJson(calls.state())) : ErrorResponse(begun));
    };
    if (pool->Submit(begin)) return;
    exchange->Respond(ErrorResponse(Error(ErrorKind::kUnavailable, "too many requests are waiting")));
  });
}

}  // namespace gigapi
