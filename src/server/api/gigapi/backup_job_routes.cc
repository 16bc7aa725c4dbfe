#include "server/api/gigapi/backup_job_routes.h"

#include "base/json_writer.h"
#include "object_store/store_url.h"
#include "server/error_table.h"

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

std::string BackupStateJson(const BackupState& state) {
  JsonWriter json;
  json.BeginObject().Key("state").String(PhaseName(state.phase));
  if (state.phase == BackupPhase::kNone) return json.EndObject().Take() + "\n";
  const BackupProgress& progress = state.progress;
  json.Key("place").String(state.place).Key("begun_ns").Integer(state.begun_ns);
  json.Key("files_total").Integer(progress.files_total).Key("bytes_total").Integer(progress.bytes_total);
  json.Key("files_done").Integer(progress.files_done).Key("bytes_done").Integer(progress.bytes_done);
  json.Key("files_copied").Integer(progress.files_copied).Key("bytes_copied").Integer(progress.bytes_copied);
  if (state.ended_ns != 0) json.Key("ended_ns").Integer(state.ended_ns);
  if (!state.id.empty()) {
    json.Key("id").String(state.id).Key("databases").Integer(state.totals.databases);
    json.Key("tables").Integer(state.totals.tables).Key("files").Integer(state.totals.files);
    json.Key("rows").Integer(state.totals.rows).Key("bytes").Integer(state.totals.bytes);
  }
  if (!state.waits_for.ok()) json.Key("waits_for").String(ClientMessage(state.waits_for));
  if (!state.failure.ok()) json.Key("error").String(ClientMessage(state.failure));
  return json.EndObject().Take() + "\n";
}

/// Whether whoever answers at the address gets a token of this machine's account with a cloud, which is good elsewhere too.
/// S3 is sent signatures alone, and nothing is sent without TLS.
bool IsSentTokens(const StoreUrl& place) {
  const bool has_tokens = place.kind == StoreKind::kGcs || place.kind == StoreKind::kAzure;
  return has_tokens && !place.host.empty() && place.secure;
}

/// The address of a place, under "url". kForbidden for what strangers may not ask for.
Result<std::string> ReadPlace(const JsonBody& body, const BackupRoutesOptions& options) {
  ARROW_ASSIGN_OR_RAISE(std::string url, body.Text("url"));
  if (url.empty()) return Error(ErrorKind::kInvalidArgument, "url is required: where backups lie");
  ARROW_ASSIGN_OR_RAISE(const StoreUrl place, ParseStoreUrl(url));
  if (options.asked_by_strangers && (place.kind == StoreKind::kLocal || IsSentTokens(place))) {
    return Error(
        ErrorKind::kForbidden,
        "folders of the server and endpoints of gs:// and abfs:// are closed to requests without credentials: set a "
        "user name and a password, or name a bucket");
  }
  return url;
}

Status Begin(const http::Request& request, const BackupJobCalls& calls, const BackupRoutesOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const JsonBody body, JsonBody::Read(request, kBodyBytesMax));
  ARROW_ASSIGN_OR_RAISE(const std::string url, ReadPlace(body, options));
  return calls.begin(url, body);
}

}  // namespace

void AddBackupJobRoutes(const std::string& what, const BackupJobCalls& calls, const BackupRoutesOptions& options,
                        http::WorkerPool* pool, http::Router* router) {
  const std::string path = "/api/v1/" + what;
  router->Add("GET", path, [calls](const http::ExchangePtr& exchange) {
    exchange->Respond(JsonResponse(200, BackupStateJson(calls.state())));
  });
  router->Add("DELETE", path, [calls, what](const http::ExchangePtr& exchange) {
    exchange->Respond(calls.cancel() ? JsonResponse(202, BackupStateJson(calls.state()))
                                     : ErrorResponse(Errorf(ErrorKind::kNotFound, "no {} is running", what)));
  });
  router->Add("POST", path, [=](const http::ExchangePtr& exchange) {
    const auto begin = [=] {
      const Status begun = Begin(exchange->request(), calls, options);
      exchange->Respond(begun.ok() ? JsonResponse(202, BackupStateJson(calls.state())) : ErrorResponse(begun));
    };
    if (pool->Submit(begin)) return;
    exchange->Respond(ErrorResponse(Error(ErrorKind::kUnavailable, "too many requests are waiting")));
  });
}

}  // namespace gigapi
