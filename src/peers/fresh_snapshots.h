// Snapshots of the whole cluster: those of this node's lake, and for each table that a query names the rows that other nodes
// have acknowledged and not yet flushed, asked for at that moment. So what was written to any node is seen on all at once.
//
// A node that does not answer costs a query one time-out at most, and later ones nothing until it is heard of again; the
// answer says that its rows are missing. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "cluster/membership.h"
#include "lake/lake.h"
#include "lake/snapshot.h"
#include "peers/peer_client.h"

namespace gigapi {

class FreshSnapshots final : public SnapshotSource {
 public:
  /// All must outlive it.
  FreshSnapshots(Lake* lake, Membership* membership, PeerClient* peers)
      : lake_(lake), membership_(membership), peers_(peers) {}

  LakeSnapshotPtr Snapshot() override { return lake_->Snapshot(); }
  void Discover(const std::string& database) override { lake_->Discover(database); }
  Result<WholeTable> Complete(const std::string& database, const std::string& table, TableSnapshotPtr known) override;

 private:
  struct Answers {
    std::vector<BufferedRows> rows;
    std::vector<std::string> missing_nodes;
  };
  Answers AskAll(const std::string& database, const std::string& table);
  bool IsSuspect(const NodeEntry& node);
  void Suspect(const NodeEntry& node);

  Lake* const lake_;
  Membership* const membership_;
  PeerClient* const peers_;
  std::mutex mutex_;
  /// Nodes that did not answer, and the count of heartbeats that they had then.
  std::map<std::string, std::pair<std::string, uint64_t>> suspects_;
};

}  // namespace gigapi
