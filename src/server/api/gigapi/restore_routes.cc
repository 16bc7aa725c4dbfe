#include "server/api/gigapi/restore_routes.h"

namespace gigapi {
namespace {

Result<bool> ReadForce(const JsonBody& body) {
  simdjson::dom::element value;
  if (body.object()["force"].get(value) != simdjson::SUCCESS || value.is_null()) return false;
  bool force = false;
  if (value.get(force) == simdjson::SUCCESS) return force;
  return Error(ErrorKind::kInvalidArgument, "force is true or false");
}

}  // namespace

void AddRestoreRoutes(const RestoreCalls& calls, const BackupRoutesOptions& options, http::WorkerPool* pool,
                      http::Router* router) {
  if (!calls.begin) return;
  const auto begin = [calls](const std::string& url, const JsonBody& body) -> Status {
    RestoreRequest restore;
    restore.url = url;
    ARROW_ASSIGN_OR_RAISE(restore.backup, body.Text("backup"));
    ARROW_ASSIGN_OR_RAISE(restore.replace_existing, ReadForce(body));
    return calls.begin(restore);
  };
  AddBackupJobRoutes("restore", {.begin = begin, .cancel = calls.cancel, .state = calls.state}, options, pool, router);
}

}  // namespace gigapi
