// All rows of a lake that nodes share, for a backup: those in files, and those that any node has acknowledged and no file
// has. A query does without a node that does not answer, and says so; here that is an error.
//
// Thread-safe.
#pragma once

#include "cluster/membership.h"
#include "lake/lake.h"
#include "lake/snapshot.h"
#include "peers/fresh_snapshots.h"
#include "peers/peer_client.h"

namespace gigapi {

class WholeLake {
 public:
  /// All must outlive it.
  WholeLake(Lake* lake, Membership* membership, PeerClient* peers)
      : lake_(lake), membership_(membership), peers_(peers), fresh_(lake, membership, peers) {}

  /// Has every node that answers bring its rows into files. Answers the first failure.
  Status FlushEverywhere();

  /// Every row that was acknowledged by any node before the call, once. Of rows that are acknowledged meanwhile each table
  /// has, of each node, those up to an instant within the call. kUnavailable, with its name, when a node that may have rows
  /// does not answer, and when the catalog does not. Blocks.
  Result<LakeSnapshotPtr> Snapshot();

 private:
  /// Other nodes that may have rows.
  Result<std::vector<NodeEntry>> Holders();

  Lake* const lake_;
  Membership* const membership_;
  PeerClient* const peers_;
  FreshSnapshots fresh_;
};

}  // namespace gigapi
