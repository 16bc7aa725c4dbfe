#include "app/node.h"

#include <algorithm>
#include <filesystem>
#include <thread>

#include "app/layer_places.h"
#include "app/node_metrics.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "server/http/http_server.h"

namespace gigapi {
namespace {

Durability DurabilityOf(const Settings& settings) {
  if (settings.durability == "none") return Durability::kNone;
  if (settings.durability == "os") return Durability::kOs;
  if (settings.durability == "flush") return Durability::kFlush;
  return Durability::kFsync;
}

int CoresUnless(int64_t set) {
  if (set > 0) return static_cast<int>(set);
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

/// How far behind the catalog a node that follows it may be.
constexpr int64_t kFollowMsMax = 10'000;

bool Writes(const Settings& settings) { return settings.mode == "aio" || settings.mode == "writeonly"; }
bool Maintains(const Settings& settings) { return settings.mode == "aio" || settings.mode == "compaction"; }

int64_t MillisSince(int64_t steady_ns) { return (SteadyNanos() - steady_ns) / kNanosPerMilli; }

/// A line a second, so that a long replay does not look like a server that hangs.
std::function<void(uint64_t, uint64_t)> LogReplay() {
  return [last_ns = SteadyNanos()](uint64_t bytes_done, uint64_t bytes_total) mutable {
    if (SteadyNanos() - last_ns < kNanosPerSecond) return;
    last_ns = SteadyNanos();
    LOG_INFO("replaying the write-ahead log", "percent={} bytes={} of={}",
             bytes_done * 100 / std::max<uint64_t>(1, bytes_total), bytes_done, bytes_total);
  };
}

}  // namespace

LakeOptions LakeOptionsOf(const Settings& settings) {
  return {
      .root = settings.root,
      .accepts_writes = Writes(settings),
      .removes_replaced_files = Writes(settings) || Maintains(settings),
      .durability = DurabilityOf(settings),
      .flush_interval_ms = settings.flush_interval_ms,
      .flush_partition_bytes = settings.flush_partition_bytes,
      .buffer_bytes_max = settings.buffer_bytes_max,
      .buffer_wait_ms_max = settings.buffer_wait_ms_max,
      .wal_segment_bytes = settings.wal_segment_bytes,
      .wal_bytes_max = settings.wal_bytes_max,
      .replay_progress = LogReplay(),
      .drop_delay_ms = settings.drop_delay_ms,
      .tables_per_database_max = settings.tables_per_database_max,
      .columns_per_table_max = settings.columns_per_table_max,
      .databases_max = settings.databases_max,
  };
}

QueryOptions QueryOptionsOf(const Settings& settings) {
  return {
      .memory_limit = settings.duckdb_mem_limit,
      .threads = CoresUnless(settings.duckdb_thread_limit),
      .timeout_ms = settings.query_timeout_ms,
      .max_rows = settings.query_rows_max,
      .max_concurrent = static_cast<int>(settings.queries_max),
      .max_queued = static_cast<int>(settings.queries_queued_max),
      .queue_timeout_ms = settings.query_queue_timeout_ms,
      .temp_directory = settings.query_temp_directory,
  };
}

FileScope ScopeOf(const Settings& settings) {
  if (Maintains(settings)) return FileScope::kAllFiles;
  // What nobody else reaches is this node's to merge and move.
  const bool has_own =
      std::ranges::any_of(settings.layers, [](const LayerSettings& layer) { return IsFolder(layer) && !layer.global; });
  return Writes(settings) && has_own ? FileScope::kOwnFiles : FileScope::kNothing;
}

MergeOptions MergeOptionsOf(const Settings& settings) {
  const FileScope scope = ScopeOf(settings);
  return {.enabled = !settings.no_merges && scope != FileScope::kNothing,
          .scope = scope,
          .merge_timeout_s = settings.merge_timeout_s};
}

TierOptions TierOptionsOf(const Settings& settings) {
  return {.scope = ScopeOf(settings),
          .merges = !settings.no_merges,
          .free_bytes_min = settings.disk_free_bytes_min,
          .free_percent_min = settings.disk_free_percent_min};
}

/// Nobody else sees what lies in a layer of a node's own. What a crash has left beside a catalog of one process alone was
/// removed when it started.
std::vector<LayerPtr> SweptLayers(const Settings& settings, const NodeStorage& storage) {
  std::vector<LayerPtr> swept = storage.layers;
  std::erase_if(swept, [&](const LayerPtr& layer) {
    const bool is_own = layer->local_directory() && !layer->is_global();
    if (!storage.shared_catalog && layer == storage.layers.front()) return true;
    return is_own ? !Writes(settings) && !Maintains(settings) : !Maintains(settings);
  });
  return swept;
}

ServerOptions ServerOptionsOf(const Settings& settings) {
  ServerOptions options;
  options.host = settings.http_host;
  options.port = static_cast<int>(settings.http_port);
  options.username = settings.http_basic_auth_username;
  options.password = settings.http_basic_auth_password;
  options.version = GIGAPI_VERSION;
  options.io_threads = CoresUnless(settings.http_threads);
  options.query_threads = static_cast<int>(settings.queries_max);
  options.queries_queued_max = static_cast<int>(settings.queries_queued_max);
  options.body_bytes_max = settings.http_body_bytes_max;
  options.inflight_body_bytes_max = settings.http_in_flight_bytes_max;
  options.request_timeout_ms = settings.http_request_timeout_ms;
  options.idle_timeout_ms = settings.http_idle_timeout_ms;
  options.tls_certificate_file = settings.http_tls_cert;
  options.tls_key_file = settings.http_tls_key;
  options.connections_max = settings.http_connections_max;
  options.line_bytes_max = settings.line_bytes_max;
  options.columns_per_table_max = settings.columns_per_table_max;
  options.imports_max = static_cast<int>(settings.imports_max);
  options.import_bytes_max = settings.import_bytes_max;
  options.import_spool_bytes_max = settings.import_spool_bytes_max;
  options.backup_credentials = {.auth_key = settings.backup_auth_key, .auth_secret = settings.backup_auth_secret};
  options.import_spool_directory = settings.root + "/.gigapi/import";
  return options;
}

FlightSqlOptions FlightSqlOptionsOf(const Settings& settings) {
  FlightSqlOptions options;
  options.host = settings.http_host;
  options.port = static_cast<int>(settings.flightsql_port);
  options.username = settings.http_basic_auth_username;
  options.password = settings.http_basic_auth_password;
  options.version = GIGAPI_VERSION;
  options.tls_certificate_file = settings.http_tls_cert;
  options.tls_key_file = settings.http_tls_key;
  options.columns_per_table_max = settings.columns_per_table_max;
  options.body_bytes_max = settings.http_body_bytes_max;
  return options;
}

RestoreCalls CallsOf(RestoreService* restores) {
  return {.begin = [restores](const RestoreRequest& request) { return restores->Begin(request); },
          .cancel = [restores] { return restores->Cancel(); },
          .state = [restores] { return restores->state(); }};
}

Result<std::unique_ptr<Node>> Node::Start(const Settings& settings, RestoreService* restores) {
  std::unique_ptr<Node> node(new Node);
  const int64_t started = SteadyNanos();
  LOG_INFO("opening the lake", "root={} durability={}", std::filesystem::absolute(settings.root).string(),
           settings.durability);
  ARROW_ASSIGN_OR_RAISE(node->storage_, OpenNodeStorage(settings));
  ARROW_RETURN_NOT_OK(ProbeWrites(settings.mode, node->storage_));
  ARROW_RETURN_NOT_OK(CheckPlaces(settings.mode, node->storage_));
  LakeOptions lake_options = LakeOptionsOf(settings);
  lake_options.layers = node->storage_.layers;
  lake_options.shared_catalog = node->storage_.shared_catalog;
  lake_options.catalog_feed = node->storage_.catalog_feed;
  // Redis answers as fast without one.
  if (Maintains(settings) && !node->storage_.catalog_feed)
    lake_options.checkpoint_interval_ms = settings.catalog_checkpoint_interval_ms;
  // Other nodes' queries may read what was replaced; how long they may is all that is known of them.
  if (lake_options.shared_catalog) {
    lake_options.drop_delay_ms = std::max(lake_options.drop_delay_ms, settings.query_timeout_ms + kFollowMsMax);
  }
  node->settings_ = settings;
  node->cluster_ = Cluster::Make(node->settings_, node->storage_);
  if (node->cluster_) node->cluster_->Equip(&lake_options);
  ARROW_ASSIGN_OR_RAISE(node->lake_, Lake::Open(std::move(lake_options), LocalFileSystem()));
  const LakeMetrics lake = node->lake_->metrics();
  LOG_INFO("the lake is open", "tables={} files={} rows_replayed={} ms={}", lake.tables, lake.files, lake.buffered_rows,
           MillisSince(started));
  SnapshotSource* snapshots = node->lake_.get();
  if (node->cluster_) {
    node->cluster_->Attach(node->lake_.get(), [raw = node.get()] { return raw->Describe(); });
    snapshots = node->cluster_->snapshots();
  }
  ARROW_ASSIGN_OR_RAISE(node->engine_, QueryEngine::Open(snapshots, QueryOptionsOf(settings)));
  node->merges_ = MergeService::Start(node->lake_.get(), MergeOptionsOf(settings));
  node->tiers_ = TierService::Start(node->lake_.get(), node->merges_.get(), node->storage_.layers, TierOptionsOf(settings));
  const RepairSources sources{.layers = node->storage_.layers, .catalog_store = CatalogStoreOf(node->storage_)};
  if (node->storage_.shared_catalog && Writes(settings)) node->heals_ = HealService::Start(node->lake_.get(), sources);
  node->sweeps_ = SweepService::Start(node->lake_.get(), sources, SweptLayers(settings, node->storage_),
                                      {.interval_ns = settings.sweep_interval_ms * kNanosPerMilli,
                                       .age_min_ns = settings.sweep_age_min_ms * kNanosPerMilli});
  ServerOptions server_options = ServerOptionsOf(settings);
  if (node->cluster_) {
    server_options.cluster = node->cluster_->calls();
    server_options.backup_source = node->cluster_->backup_source();
  } else {
    ARROW_ASSIGN_OR_RAISE(node->alone_,
                          LoneNode::Make(node->settings_, node->storage_, [raw = node.get()] { return raw->Describe(); }));
    server_options.cluster = node->alone_->calls();
  }
  if (restores != nullptr) {
    server_options.restores = CallsOf(restores);
    server_options.restores.begin = [raw = node.get(), restores](const RestoreRequest& request) {
      return raw->BeginRestore(request, restores);
    };
  }
  server_options.write_more_metrics = [merges = node->merges_.get(), flight = &node->flight_stats_,
                                       storage = &node->storage_, tiers = node->tiers_.get(), sweeps = node->sweeps_.get(),
                                       heals = node->heals_.get()](Exposition* page) {
    WriteTiers(tiers->metrics(), page);
    if (heals != nullptr) WriteHeals(heals->metrics(), page);
    WriteSweeps(sweeps->metrics(), page);
    WriteStorage(*storage, page);
    WriteMerges(merges->metrics(), page);
    WriteFlightStats(*flight, page);
  };
  ARROW_RETURN_NOT_OK(http::CheckTlsFiles(settings.http_tls_cert, settings.http_tls_key));
  node->server_ = Server::Make(std::move(server_options), node->lake_.get(), node->engine_.get());
  if (settings.flightsql_enable) {
    ARROW_ASSIGN_OR_RAISE(node->flight_,
                          FlightSqlServer::Start(FlightSqlOptionsOf(settings), node->lake_.get(), node->engine_.get(),
                                                 node->server_->query_registry(), &node->flight_stats_,
                                                 node->cluster_ ? node->cluster_->service() : nullptr));
  }
  // Last: who is told that the node is ready may come through any door.
  ARROW_RETURN_NOT_OK(node->server_->Listen());
  if (node->cluster_) ARROW_RETURN_NOT_OK(node->cluster_->Announce(node->port(), node->flight_port()));
  else node->alone_->Announce(node->port(), node->flight_port());
  LOG_INFO("listening", "host={} port={} flight_port={} ms={}", settings.http_host, node->port(), node->flight_port(),
           MillisSince(started));
  return node;
}

Status Node::BeginRestore(const RestoreRequest& request, RestoreService* restores) {
  if (!Writes(settings_)) return Errorf(ErrorKind::kForbidden, "a node of mode {} restores nothing", settings_.mode);
  if (cluster_) ARROW_RETURN_NOT_OK(cluster_->CheckAlone());
  if (!request.replace_existing && !lake_->Snapshot()->databases.empty()) {
    return Error(ErrorKind::kConflict, "the lake is not empty: with force the backup takes the place of what it has");
  }
  // A lake that was closed while its stores are away could not be opened again.
  ARROW_RETURN_NOT_OK(ProbeStorage(storage_));
  return restores->Begin(request);
}

std::string Node::Describe() const {
  const LakeMetrics lake = lake_->metrics();
  const QueryMetrics queries = engine_->metrics();
  const MergeMetrics merges = merges_->metrics();
  JsonWriter json;
  json.BeginObject().Key("buffered_rows").Integer(lake.buffered_rows).Key("buffered_bytes").Integer(lake.buffered_bytes);
  json.Key("wal_disk_bytes").Integer(lake.wal_disk_bytes).Key("rows_written_total").Integer(lake.rows_written_total);
  json.Key("flush_failures_total").Integer(lake.flush_failures_total);
  json.Key("tables").Integer(lake.tables).Key("files").Integer(lake.files);
  json.Key("drop_queue_files").Integer(lake.drop_queue_files);
  json.Key("catalog_lag_ms").Integer(lake_->CatalogLagNs() / kNanosPerMilli);
  json.Key("queries_running").Integer(queries.running).Key("queries_queued").Integer(queries.queued);
  json.Key("merges_total").Integer(merges.merges_total).Key("merge_failures_total").Integer(merges.failures_total);
  return json.EndObject().Take();
}

Node::~Node() {
  const Status stopped = Stop();
  if (!stopped.ok()) LOG_ERROR("stopping failed", "error={}", stopped.ToString());
}

Status Node::Stop() {
  if (lake_ == nullptr) return Status::OK();
  if (server_ != nullptr) {
    LOG_INFO("stopping: no more requests are taken");
    server_->Stop();
  }
  if (flight_ != nullptr) flight_->Stop();
  if (heals_ != nullptr) heals_->Stop();
  if (sweeps_ != nullptr) sweeps_->Stop();
  if (tiers_ != nullptr) tiers_->Stop();
  if (merges_ != nullptr) {
    LOG_INFO("stopping: merges end");
    merges_->Stop();
  }
  flight_.reset();
  server_.reset();
  heals_.reset();
  sweeps_.reset();
  tiers_.reset();
  merges_.reset();
  engine_.reset();
  LOG_INFO("stopping: flushing", "rows={}", lake_->metrics().buffered_rows);
  const Status closed = lake_->Close();
  lake_.reset();
  cluster_.reset();
  if (closed.ok()) LOG_INFO("stopped");
  return closed;
}

}  // namespace gigapi
