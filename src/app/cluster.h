// What a node of several needs besides: the others' names and leases, questions to them, and snapshots that have their rows.
// Where a node has its lake alone there is none of this.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "app/node_storage.h"
#include "app/settings.h"
#include "backup/backup_job.h"
#include "cluster/membership.h"
#include "lake/lake.h"
#include "peers/fresh_snapshots.h"
#include "peers/peer_client.h"
#include "peers/peer_layers.h"
#include "peers/peer_service.h"
#include "peers/whole_lake.h"
#include "server/api/gigapi/cluster_routes.h"

namespace gigapi {

class Cluster {
 public:
  /// nullptr where nobody shares the lake. `storage` must outlive it.
  static std::unique_ptr<Cluster> Make(const Settings& settings, const NodeStorage& storage);

  /// What the lake is to know.
  void Equip(LakeOptions* options);
  /// The lake has joined; it must outlive this from now on. `status` makes a JSON object of what this node says of itself.
  void Attach(Lake* lake, std::function<std::string()> status);
  /// This node answers now at these ports; 0: not there.
  Status Announce(int http_port, int flight_port);

  /// kConflict while another node is alive.
  Status CheckAlone() const;

  /// Where queries get their snapshots.
  SnapshotSource* snapshots();
  PeerService* service() { return service_.get(); }
  /// This must outlive them.
  ClusterCalls calls();
  BackupSource backup_source();

 private:
  Cluster(const Settings& settings, const NodeStorage& storage);
  std::string Describe();
  Result<std::vector<NodeEntry>> OtherWriters();
  Result<WalSequences> DropRowsElsewhere(const TableRequest& request);
  Status TellOfDrop(const TableRequest& request);

  const Settings& settings_;
  const NodeStorage& storage_;
  const std::shared_ptr<Membership> membership_;
  PeerClient peers_;
  PeerClient file_peers_;  // whose answers may be large
  PeerLayers layers_;
  Lake* lake_ = nullptr;
  std::unique_ptr<PeerService> service_;
  std::unique_ptr<FreshSnapshots> fresh_;
  std::unique_ptr<WholeLake> whole_;
};

/// What a node that has its lake alone answers where the nodes of a cluster are asked for: a cluster of one. Thread-safe.
class LoneNode {
 public:
  /// The lake at the settings' root is open. All must outlive this; `status` as of Cluster::Attach.
  static Result<std::unique_ptr<LoneNode>> Make(const Settings& settings, const NodeStorage& storage,
                                                std::function<std::string()> status);

  /// As of Cluster.
  void Announce(int http_port, int flight_port);
  ClusterCalls calls();

 private:
  LoneNode(const Settings& settings, const NodeStorage& storage, std::function<std::string()> status)
      : settings_(settings), storage_(storage), status_(std::move(status)) {}
  std::string Describe();

  const Settings& settings_;
  const NodeStorage& storage_;
  const std::function<std::string()> status_;
  std::mutex mutex_;
  Member self_;  // guarded by mutex_
};

/// The name under which others reach this machine: of the settings, else the address that is listened on, else the host's.
std::string AdvertisedHost(const Settings& settings);

}  // namespace gigapi
