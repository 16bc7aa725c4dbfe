#include "app/cluster.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "model/partition.h"
#include "server/error_table.h"

namespace gigapi {
namespace {

constexpr int64_t kFileTimeoutMs = 30'000;

PeerClientOptions PeerOptionsOf(const Settings& settings, int64_t timeout_ms) {
  return {.timeout_ms = timeout_ms, .tls_ca_file = settings.cluster_tls_ca};
}

std::string_view StateOf(const Member& member) {
  if (!member.is_alive) return "silent";
  return member.entry.http_address.empty() ? "starting" : "alive";
}

void WriteMember(const Member& member, JsonWriter* json) {
  const NodeEntry& entry = member.entry;
  json->Key("node").String(entry.node).Key("role").String(entry.role).Key("state").String(StateOf(member));
  json->Key("self").Bool(member.is_self).Key("version").String(entry.version).Key("epoch").String(entry.epoch);
  json->Key("http_address").String(entry.http_address).Key("flight_address").String(entry.flight_address);
  json->Key("started_ns").Integer(entry.started_ns).Key("may_hold_rows").Bool(entry.may_hold_rows);
  json->Key("heartbeat_ms_ago").Integer(member.changed_ago_ns / kNanosPerMilli);
}

void WriteHead(const ObjectStore& catalog, const Settings& settings, int64_t catalog_lag_ns, JsonWriter* json) {
  json->Key("catalog").String(catalog.Describe());
  json->Key("heartbeat_interval_ms").Integer(settings.heartbeat_interval_ms).Key("lease_ms").Integer(settings.lease_ms);
  json->Key("catalog_lag_ms").Integer(catalog_lag_ns / kNanosPerMilli);
}

std::string UrlOf(std::string_view scheme, const std::string& host, int port) {
  if (port == 0) return {};
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", scheme, is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", port);
}

Status NotDropped(const NodeEntry& node, std::string_view why) {
  return Errorf(ErrorKind::kUnavailable,
                "nothing was dropped: node {} may have rows of it and does not answer ({}). Try again when it is back, or "
                "forget it by DELETE /api/v1/cluster/nodes/{}",
                node.node, why, node.node);
}

struct NodeAddresses {
  std::string http;
  std::string flight;
};

NodeAddresses AddressesOf(const Settings& settings, int http_port, int flight_port) {
  const std::string host = AdvertisedHost(settings);
  const bool has_tls = !settings.http_tls_cert.empty();
  return {.http = UrlOf(has_tls ? "https" : "http", host, http_port),
          .flight = UrlOf(has_tls ? "grpc+tls" : "grpc", host, flight_port)};
}

}  // namespace

std::string AdvertisedHost(const Settings& settings) {
  if (!settings.advertise_host.empty()) return settings.advertise_host;
  if (settings.http_host != "0.0.0.0" && settings.http_host != "::" && !settings.http_host.empty()) {
    return settings.http_host;
  }
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 && name[0] != '\0' ? name : "localhost";
}

std::unique_ptr<Cluster> Cluster::Make(const Settings& settings, const NodeStorage& storage) {
  if (!storage.shared_catalog) return nullptr;
  return std::unique_ptr<Cluster>(new Cluster(settings, storage));
}

Cluster::Cluster(const Settings& settings, const NodeStorage& storage)
    : settings_(settings),
      storage_(storage),
      membership_(std::make_shared<Membership>(storage.shared_catalog,
                                               MembershipOptions{.role = settings.mode,
                                                                 .version = GIGAPI_VERSION,
                                                                 .heartbeat_interval_ms = settings.heartbeat_interval_ms,
                                                                 .lease_ms = settings.lease_ms})),
      peers_(membership_.get(), PeerOptionsOf(settings, settings.fresh_reads_timeout_ms)),
      file_peers_(membership_.get(), PeerOptionsOf(settings, kFileTimeoutMs)),
      layers_(membership_.get(), &file_peers_, storage.cache) {}

/// Of the other nodes, those that may have rows of what is dropped. None may be missing: what it has would come back.
Result<std::vector<NodeEntry>> Cluster::OtherWriters() {
  std::vector<NodeEntry> writers;
  for (const Member& member : membership_->OtherHolders()) {
    if (!member.is_alive) return NotDropped(member.entry, "it is silent");
    writers.push_back(member.entry);
  }
  return writers;
}

/// All are known to answer before the first of them drops its rows: a drop that is refused half-way costs those of some.
Result<WalSequences> Cluster::DropRowsElsewhere(const TableRequest& request) {
  ARROW_ASSIGN_OR_RAISE(const std::vector<NodeEntry> writers, OtherWriters());
  for (const NodeEntry& writer : writers) {
    const auto status = peers_.AskStatus(writer);
    if (!status.ok()) return NotDropped(writer, status.status().message());
  }
  WalSequences dropped_up_to;
  for (const NodeEntry& writer : writers) {
    ARROW_ASSIGN_OR_RAISE(const uint64_t sequence, file_peers_.DropRows(writer, request));
    if (sequence > 0) dropped_up_to[writer.node] = sequence;
  }
  return dropped_up_to;
}

/// They would learn of it from the catalog too, a moment later.
Status Cluster::TellOfDrop(const TableRequest& request) {
  for (const Member& member : membership_->OtherHolders()) {
    if (!member.is_alive) continue;
    const Status told = file_peers_.Tell(member.entry, kLookAgainAction, request);
    if (told.ok()) continue;
    return Errorf(ErrorKind::kUnavailable, "it is dropped, but not every node has heard of it yet: {}", told.message());
  }
  return Status::OK();
}

void Cluster::Equip(LakeOptions* options) {
  options->membership = membership_;
  options->drop_elsewhere.drop_rows = [this](const std::string& database, const std::string& table) {
    return DropRowsElsewhere({.database = database, .table = table});
  };
  options->drop_elsewhere.look_again = [this](const std::string& database, const std::string& table) {
    return TellOfDrop({.database = database, .table = table});
  };
  if (!settings_.fresh_reads) return;
  options->find_peer_layer = [this](const Layer& own, const std::string& node) { return layers_.Find(own, node); };
}

void Cluster::Attach(Lake* lake, std::function<std::string()> status) {
  lake_ = lake;
  service_ = std::make_unique<PeerService>(lake, membership_.get(), storage_.layers, std::move(status));
  whole_ = std::make_unique<WholeLake>(lake, membership_.get(), &file_peers_);
  if (settings_.fresh_reads) fresh_ = std::make_unique<FreshSnapshots>(lake, membership_.get(), &peers_);
}

Status Cluster::CheckAlone() const {
  for (const Member& member : membership_->Members()) {
    if (member.is_self || !member.is_alive) continue;
    return Errorf(ErrorKind::kConflict, "node {} ({}) runs on the same lake: stop all others first", member.entry.node,
                  member.entry.http_address);
  }
  return Status::OK();
}

SnapshotSource* Cluster::snapshots() { return fresh_ ? static_cast<SnapshotSource*>(fresh_.get()) : lake_; }

Status Cluster::Announce(int http_port, int flight_port) {
  const auto [http, flight] = AddressesOf(settings_, http_port, flight_port);
  if (flight.empty()) LOG_WARN("Flight SQL is off: other nodes do not see this one's rows before they are flushed");
  LOG_INFO("other nodes find this one", "node={} http={} flight={}", membership_->Self().node, http, flight);
  ARROW_RETURN_NOT_OK(membership_->SetAddresses(http, flight));
  // Queries of others are to know of this node's first row. Who does not hear it now finds out by itself a little later.
  for (const Member& member : membership_->Members()) {
    if (member.is_self || !member.is_alive || member.entry.flight_address.empty()) continue;
    const Status told = peers_.Tell(member.entry, kLookAgainAction, {});
    if (!told.ok()) LOG_INFO("a node was not told of this one", "reason=\"{}\"", told.message());
  }
  return Status::OK();
}

ClusterCalls Cluster::calls() {
  return {.describe = [this] { return Describe(); },
          .forget = [this](const std::string& node) { return membership_->Forget(node); }};
}

BackupSource Cluster::backup_source() {
  return {.flush = [this] { return whole_->FlushEverywhere(); }, .snapshot = [this] { return whole_->Snapshot(); }};
}

std::string Cluster::Describe() {
  JsonWriter json;
  json.BeginObject();
  WriteHead(*storage_.shared_catalog, settings_, lake_->CatalogLagNs(), &json);
  json.Key("nodes").BeginArray();
  for (const Member& member : membership_->Members()) {
    json.BeginObject();
    WriteMember(member, &json);
    if (member.is_alive && !member.entry.flight_address.empty()) {
      const auto status = member.is_self ? service_->DescribeNode() : peers_.AskStatus(member.entry);
      if (status.ok()) json.Key("status").Literal(*status);
      else json.Key("error").String(ClientMessage(status.status()));
    }
    json.EndObject();
  }
  json.EndArray().Key("leases").BeginArray();
  for (const LeasedPartition& leased : lake_->ListLeases()) {
    json.BeginObject().Key("database").String(leased.database).Key("table").String(leased.table);
    json.Key("partition").String(HivePath(leased.partition)).Key("node").String(leased.lease.node);
    json.Key("epoch").String(leased.lease.epoch);
    json.Key("is_held").Bool(membership_->IsAlive(leased.lease.node, leased.lease.epoch)).EndObject();
  }
  return json.EndArray().EndObject().Take();
}

Result<std::unique_ptr<LoneNode>> LoneNode::Make(const Settings& settings, const NodeStorage& storage,
                                                 std::function<std::string()> status) {
  std::unique_ptr<LoneNode> node(new LoneNode(settings, storage, std::move(status)));
  NodeEntry& entry = node->self_.entry;
  ARROW_ASSIGN_OR_RAISE(entry.node, ReadWholeFile(LocalFileSystem(), settings.root + "/.gigapi/node"));
  entry.role = settings.mode;
  entry.version = GIGAPI_VERSION;
  entry.may_hold_rows = true;
  entry.started_ns = WallNanos();
  node->self_.is_alive = node->self_.is_self = true;
  return node;
}

void LoneNode::Announce(int http_port, int flight_port) {
  const std::lock_guard lock(mutex_);
  const auto [http, flight] = AddressesOf(settings_, http_port, flight_port);
  self_.entry.http_address = http;
  self_.entry.flight_address = flight;
}

ClusterCalls LoneNode::calls() {
  return {.describe = [this] { return Describe(); }, .forget = nullptr};
}

std::string LoneNode::Describe() {
  JsonWriter json;
  json.BeginObject();
  WriteHead(*CatalogStoreOf(storage_), settings_, 0, &json);
  json.Key("nodes").BeginArray().BeginObject();
  {
    const std::lock_guard lock(mutex_);
    WriteMember(self_, &json);
  }
  json.Key("status").Literal(status_()).EndObject().EndArray();
  return json.Key("leases").BeginArray().EndArray().EndObject().Take();
}

}  // namespace gigapi
