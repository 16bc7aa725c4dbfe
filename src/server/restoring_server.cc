#include "server/restoring_server.h"

#include <functional>

#include "server/api/gigapi/restore_routes.h"
#include "server/error_table.h"
#include "server/front_door.h"
#include "server/http/http_server.h"
#include "server/http/worker_pool.h"

namespace gigapi {
namespace {

constexpr int64_t kDrainTimeoutMs = 2'000;
constexpr int64_t kBodyBytesMax = 1 << 20;
constexpr size_t kQueuedMax = 16;

class RestoringServerImpl final : public RestoringServer {
 public:
  explicit RestoringServerImpl(const ServerOptions& options)
      : pool_("restore-http", 1, kQueuedMax), door_(options, &router_), state_(options.restores.state) {
    AddRestoreRoutes(options.restores, {.asked_by_strangers = IsOpenToStrangers(options)}, &pool_, &router_);
  }
  ~RestoringServerImpl() override { Stop(); }

  Status Listen(const ServerOptions& options) {
    http::HttpServerOptions http = HttpOptionsOf(options);
    http.io_threads = 1;
    http.body_bytes_max = kBodyBytesMax;
    http.stream_pool = &pool_;
    http.decide = [this](http::Request* request) { return Decide(request); };
    ARROW_ASSIGN_OR_RAISE(http_server_, http::HttpServer::Start(std::move(http)));
    return Status::OK();
  }

  void Stop() override {
    if (http_server_ != nullptr) http_server_->Stop(kDrainTimeoutMs);
    pool_.Stop();
  }

 private:
  http::Decision Decide(http::Request* request) const {
    http::Decision decision = door_.Decide(request);
    const int refusal = decision.refusal.status;
    if (decision.handler == nullptr && (refusal == 404 || refusal == 405)) {
      const Status waits_for = state_().waits_for;
      decision.refusal = ErrorResponse(Errorf(ErrorKind::kUnavailable,
                                              "a backup is being restored: GET /api/v1/restore tells how far it is{}",
                                              waits_for.ok() ? "" : "; it is tried again: " + ClientMessage(waits_for)));
    }
    return decision;
  }

  http::WorkerPool pool_;
  http::Router router_;
  const FrontDoor door_;
  const std::function<BackupState()> state_;
  std::unique_ptr<http::HttpServer> http_server_;
};

}  // namespace

Result<std::unique_ptr<RestoringServer>> RestoringServer::Start(const ServerOptions& options) {
  auto server = std::make_unique<RestoringServerImpl>(options);
  ARROW_RETURN_NOT_OK(server->Listen(options));
  return server;
}

}  // namespace gigapi
