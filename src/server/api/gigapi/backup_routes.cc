#include "server/api/gigapi/backup_routes.h"

#include "base/json_writer.h"
#include "object_store/store_url.h"
#include "server/error_table.h"
#include "server/json_body.h"

namespace gigapi {
namespace {

constexpr int64_t kBodyBytesMax = 64 << 10;

std::string_view PhaseName(BackupPhase phase) {
  switch (phase) {
    case BackupPhase::kNone: return "none";
    case BackupPhase::kRunning: return "running";
    case BackupPhase::kDone: return "done";
    case BackupPhase::kFailed: return "failed";
    case BackupPhase::kCancelled: return "cancelled";
  }
  return "";
}

std::string StateJson(const BackupState& state) {
  JsonWriter json;
  json.BeginObject().Key("state").String(PhaseName(state.phase));
  if (state.phase == BackupPhase::kNone) return json.EndObject().Take() + "\n";
  const BackupProgress& progress = state.progress;
  json.Key("place").String(state.place).Key("begun_ns").Integer(state.begun_ns);
  json.Key("files_total").Integer(progress.files_total).Key("bytes_total").Integer(progress.bytes_total);
  json.Key("files_done").Integer(progress.files_done).Key("bytes_done").Integer(progress.bytes_done);
  json.Key("files_copied").Integer(progress.files_copied).Key("bytes_copied").Integer(progress.bytes_copied);
  if (state.ended_ns != 0) json.Key("ended_ns").Integer(state.ended_ns);
  if (state.phase == BackupPhase::kDone) {
    json.Key("id").String(state.id).Key("databases").Integer(state.totals.databases);
    json.Key("tables").Integer(state.totals.tables).Key("files").Integer(state.totals.files);
    json.Key("rows").Integer(state.totals.rows).Key("bytes").Integer(state.totals.bytes);
  }
  if (!state.failure.ok()) json.Key("error").String(ClientMessage(state.failure));
  return json.EndObject().Take() + "\n";
}

Status Begin(const http::Request& request, const BackupRoutesOptions& options, BackupService* backups) {
  ARROW_ASSIGN_OR_RAISE(const JsonBody body, JsonBody::Read(request, kBodyBytesMax));
  ARROW_ASSIGN_OR_RAISE(const std::string url, body.Text("url"));
  if (url.empty()) return Error(ErrorKind::kInvalidArgument, "url is required: where the backup goes");
  ARROW_ASSIGN_OR_RAISE(const StoreUrl place, ParseStoreUrl(url));
  if (place.kind == StoreKind::kLocal && !options.allow_folders) {
    return Error(ErrorKind::kForbidden,
                 "folders of the server are closed to requests without credentials: set a user name "
                 "and a password, or name a bucket");
  }
  return backups->Begin(url);
}

}  // namespace

void AddBackupRoutes(BackupService* backups, const BackupRoutesOptions& options, http::WorkerPool* pool,
                     http::Router* router) {
  constexpr char kPath[] = "/api/v1/backup";
  router->Add("GET", kPath, [backups](const http::ExchangePtr& exchange) {
    exchange->Respond(JsonResponse(200, StateJson(backups->state())));
  });
  router->Add("DELETE", kPath, [backups](const http::ExchangePtr& exchange) {
    const bool cancelled = backups->Cancel();
    exchange->Respond(cancelled ? JsonResponse(202, StateJson(backups->state()))
                                : ErrorResponse(Error(ErrorKind::kNotFound, "no backup is running")));
  });
  router->Add("POST", kPath, [=](const http::ExchangePtr& exchange) {
    const auto begin = [=] {
      const Status begun = Begin(exchange->request(), options, backups);
      exchange->Respond(begun.ok() ? JsonResponse(202, StateJson(backups->state())) : ErrorResponse(begun));
    };
    if (pool->Submit(begin)) return;
    exchange->Respond(ErrorResponse(Error(ErrorKind::kUnavailable, "too many requests are waiting")));
  });
}

}  // namespace gigapi
