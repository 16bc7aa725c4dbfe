#include "server/server.h"

#include <atomic>

#include "backup/backup_service.h"
#include "base/log.h"
#include "server/api/arc/database_routes.h"
#include "server/api/arc/import_routes.h"
#include "server/api/arc/query_routes.h"
#include "server/api/arc/running_query_routes.h"
#include "server/api/arc/write_routes.h"
#include "server/api/gigapi/backup_routes.h"
#include "server/api/gigapi/cluster_routes.h"
#include "server/api/gigapi/create_route.h"
#include "server/api/gigapi/metrics_route.h"
#include "server/api/gigapi/query_routes.h"
#include "server/api/gigapi/restore_routes.h"
#include "server/api/gigapi/status_routes.h"
#include "server/api/influx/bucket_routes.h"
#include "server/api/influx/database_routes.h"
#include "server/api/influx/delete_route.h"
#include "server/api/influx/ping_routes.h"
#include "server/api/influx/session_routes.h"
#include "server/api/influx/v1_query.h"
#include "server/api/influx/v3_query_routes.h"
#include "server/api/influx/write_routes.h"
#include "server/front_door.h"
#include "server/http/http_server.h"

namespace gigapi {
namespace {

constexpr size_t kImportsQueuedMax = 16;

WriteLimits WriteLimitsOf(const ServerOptions& options) {
  return {options.body_bytes_max, options.line_bytes_max, options.columns_per_table_max};
}

ImportLimits ImportLimitsOf(const ServerOptions& options) {
  ImportLimits limits;
  limits.body_bytes_max = options.import_bytes_max;
  limits.spool_bytes_max = options.import_spool_bytes_max;
  limits.spool_directory = options.import_spool_directory;
  limits.whole_bytes_max = options.body_bytes_max;
  limits.line_bytes_max = options.line_bytes_max;
  limits.columns_per_table_max = options.columns_per_table_max;
  return limits;
}

class ServerImpl final : public Server {
 public:
  ServerImpl(ServerOptions options, Lake* lake, QueryEngine* engine)
      : options_(std::move(options)),
        door_(options_, &router_),
        parsers_(DefaultParsers()),
        query_pool_("query", options_.query_threads, static_cast<size_t>(options_.queries_queued_max)),
        import_pool_("import", options_.imports_max, kImportsQueuedMax),
        writes_(lake, &parsers_, WriteLimitsOf(options_)),
        importer_(ImportLimitsOf(options_), &parsers_, lake, writes_.mutable_stats()),
        queries_(engine, &query_pool_),
        backups_(options_.backup_source.snapshot ? options_.backup_source : SourceOf(lake), options_.backup_credentials),
        influx_queries_(lake, engine, &query_pool_, &queries_.registry(), influx::IdentityHeaders(options_.version)) {
    const http::Headers identity = influx::IdentityHeaders(options_.version);
    influx::AddWriteRoutes(&writes_, options_.default_database, identity, &router_);
    influx::AddPingRoutes(options_.version, identity, &router_);
    influx::AddBucketRoutes(lake, &query_pool_, &router_);
    influx::AddSessionRoutes(door_.session_token(), &router_);
    influx::AddDeleteRoute(lake, &query_pool_, &router_);
    influx::AddDatabaseRoutes(lake, &query_pool_, &router_);
    arc::AddWriteRoutes({&writes_, lake, &query_pool_}, &router_);
    influx::AddV3QueryRoutes(&queries_, lake, engine, &router_);
    arc::AddQueryRoutes(&queries_, engine, lake, &router_);
    arc::AddDatabaseRoutes(lake, &query_pool_, &router_);
    arc::AddRunningQueryRoutes(&queries_.registry(), &router_);
    arc::AddImportRoutes({&importer_, &import_pool_}, &router_);
    AddQueryRoutes(&queries_, &influx_queries_, options_.default_database, &router_);
    AddCreateRoute(lake, influx::V1Writer(&writes_, options_.default_database, identity), &router_);
    AddBackupRoutes(&backups_, {.asked_by_strangers = IsOpenToStrangers(options_)}, &query_pool_, &router_);
    AddRestoreRoutes(options_.restores, {.asked_by_strangers = IsOpenToStrangers(options_)}, &query_pool_, &router_);
    AddClusterRoutes(options_.cluster, &query_pool_, &router_);
    AddStatusRoutes(options_.version, options_.commit, lake, &router_);
    AddMetricsRoute({lake, engine, &writes_, &queries_, &query_pool_, &http_metrics_, [this] { return running_.load(); },
                     options_.write_more_metrics},
                    &router_);
  }

  ~ServerImpl() override { Stop(); }

  Status Listen() override {
    http::HttpServerOptions http = HttpOptionsOf(options_);
    http.stream_pool = &query_pool_;
    http.decide = [this](http::Request* request) { return door_.Decide(request); };
    http.observe = [this](const http::Answered& answered) { Observe(answered); };
    ARROW_ASSIGN_OR_RAISE(http_server_, http::HttpServer::Start(std::move(http)));
    running_ = http_server_.get();
    return Status::OK();
  }

  void Stop() override {
    if (http_server_ == nullptr) return;
    http_server_->Stop(options_.drain_timeout_ms);
    query_pool_.Stop();
    backups_.Stop();
    importer_.Stop();
    import_pool_.Stop();
  }

  int port() const override { return http_server_->port(); }
  QueryRegistry* query_registry() override { return &queries_.registry(); }

 private:
  void Observe(const http::Answered& answered) {
    http_metrics_.Observe(answered);
    LOG_DEBUG("request", "method={} path={} status={} micros={} bytes={}", answered.method, answered.path, answered.status,
              answered.nanos / 1'000, answered.body_bytes);
  }

  const ServerOptions options_;
  const FrontDoor door_;
  const ParserRegistry parsers_;
  http::WorkerPool query_pool_;
  http::WorkerPool import_pool_;
  WriteService writes_;
  Importer importer_;
  QueryService queries_;
  BackupService backups_;
  influx::V1Query influx_queries_;
  HttpMetrics http_metrics_;
  http::Router router_;
  std::unique_ptr<http::HttpServer> http_server_;
  std::atomic<const http::HttpServer*> running_{nullptr};
};

}  // namespace

std::unique_ptr<Server> Server::Make(ServerOptions options, Lake* lake, QueryEngine* engine) {
  if (IsOpenToStrangers(options)) {
    LOG_WARN("anybody who reaches this address may read and write: set a user name and a password", "host={}", options.host);
  }
  return std::make_unique<ServerImpl>(std::move(options), lake, engine);
}

}  // namespace gigapi
