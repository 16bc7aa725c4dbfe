// Everything that one process runs, wired together: lake, queries, merges, HTTP, Flight SQL. Made from settings that were
// resolved.
//
// Start and Stop are called by one thread; all else happens on the parts' own threads.
#pragma once

#include <memory>
#include <string>

#include "app/cluster.h"
#include "app/node_storage.h"
#include "app/settings.h"
#include "backup/restore_service.h"
#include "base/error.h"
#include "lake/lake.h"
#include "maintenance/heal_service.h"
#include "maintenance/merge_service.h"
#include "maintenance/sweep_service.h"
#include "maintenance/tier_service.h"
#include "query/query_engine.h"
#include "server/api/flight_sql/flight_sql_server.h"
#include "server/server.h"

namespace gigapi {

LakeOptions LakeOptionsOf(const Settings& settings);
QueryOptions QueryOptionsOf(const Settings& settings);
MergeOptions MergeOptionsOf(const Settings& settings);
TierOptions TierOptionsOf(const Settings& settings);
ServerOptions ServerOptionsOf(const Settings& settings);
FlightSqlOptions FlightSqlOptionsOf(const Settings& settings);
RestoreCalls CallsOf(RestoreService* restores);

class Node {
 public:
  /// Opens the lake (replays its log) and listens. Logs each step. `restores`, which must outlive the node, takes requests
  /// to restore its lake; nullptr: none are taken.
  static Result<std::unique_ptr<Node>> Start(const Settings& settings, RestoreService* restores);
  ~Node();

  /// Takes no more requests, lets those under way finish, stops merging, flushes, closes. Idempotent.
  Status Stop();

  int port() const { return server_->port(); }
  /// 0 when Flight SQL is off.
  int flight_port() const { return flight_ == nullptr ? 0 : flight_->port(); }
  Lake* lake() { return lake_.get(); }
  MergeService* merges() { return merges_.get(); }

 private:
  Node() = default;
  /// Takes the request if the lake may be replaced.
  Status BeginRestore(const RestoreRequest& request, RestoreService* restores);
  /// What this node says of itself to others, a JSON object; once all parts run.
  std::string Describe() const;

  // In the order in which they need each other.
  Settings settings_;
  NodeStorage storage_;
  std::unique_ptr<Cluster> cluster_;  // nullptr: nobody shares the lake
  std::unique_ptr<LoneNode> alone_;   // nullptr: nodes share it
  std::unique_ptr<Lake> lake_;
  std::unique_ptr<QueryEngine> engine_;
  std::unique_ptr<MergeService> merges_;
  std::unique_ptr<TierService> tiers_;
  std::unique_ptr<SweepService> sweeps_;
  std::unique_ptr<HealService> heals_;  // nullptr: nobody shares the catalog, or nothing is written here
  FlightStats flight_stats_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<FlightSqlServer> flight_;  // nullptr: off
};

}  // namespace gigapi
