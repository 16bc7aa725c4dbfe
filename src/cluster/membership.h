// Which nodes share the catalog, and which of them are alive. Owns the thread "cluster", which writes this node's entry
// (node_entry.h) every heartbeat and reads those of the others.
//
// A name is one node's: that of its root, and of its log. Two that share it, as after `cp -r` of a root, would each take
// the other one's flushed rows for its own. So an entry is only replaced by who knows it: one that starts waits about a
// heartbeat for a sign of another one, unless the entry is an earlier run's of the same root; and one that finds another's
// living entry in the place of its own stops for good.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.h"
#include "cluster/lease_table.h"
#include "cluster/node_entry.h"
#include "cluster/node_proof.h"
#include "object_store/object_store.h"

namespace gigapi {

struct MembershipOptions {
  std::string role = "aio";
  std::string version = {};
  int64_t heartbeat_interval_ms = 5'000;
  /// How long a node may be silent before others take its work over. Several heartbeats, for one may be lost.
  int64_t lease_ms = 15'000;
};

class Membership {
 public:
  /// Nothing is asked yet.
  Membership(std::shared_ptr<ObjectStore> store, MembershipOptions options);
  ~Membership();

  /// Puts the node's first entry, reads those of the others, and starts the thread. `root` tells this node's root, which is
  /// locked by now, from copies of it; empty: nothing does. `note` is told the key of the entry when others should look at
  /// once; may be empty. kConflict: another node of that name is alive.
  Status Join(const std::string& node, const std::string& root, bool may_hold_rows,
              std::function<void(const std::string& key)> note);
  /// This node can be reached now, here.
  Status SetAddresses(const std::string& http_address, const std::string& flight_address);
  /// Ends the thread. The entry stays: this node may have rows that others miss.
  void Stop();
  /// Ends the thread and takes the entry away: nothing of this node is missing anywhere.
  void Leave();

  /// Looks at the others soon.
  void Wake();
  /// Looks at them now. Blocks.
  Status Look();

  const std::string& epoch() const { return epoch_; }
  /// What another node is shown that this one calls. This one has joined.
  Result<std::string> ProveTo(const NodeEntry& other) const;
  /// Whether the proof is by a node of the cluster, for this one. Looks at the others when it may be by one that has just
  /// come, so it may block.
  bool IsByNode(std::string_view proof);
  NodeEntry Self() const;
  /// This node first, by its name in `is_self`.
  std::vector<Member> Members() const;
  /// The other nodes that may have rows which nobody else has, dead ones too.
  std::vector<Member> OtherHolders() const;
  /// Whether this run of a node may still act on what it was leased; this node's own, too.
  bool IsAlive(const std::string& node, const std::string& epoch) const;
  /// Whether others still take this node for alive. False: what it was leased may be another one's by now.
  bool HoldsLease() const;

  /// OK, or that another node runs under this one's name: for good, and nothing may be taken or committed any more.
  Status CheckHasName() const;

  /// Takes away the entry of a node that will not come back. kNotFound; kConflict: it is alive.
  Status Forget(const std::string& node);

 private:
  /// Another run's entry in the place of this one's.
  struct Rival {
    std::string version;
    int64_t seen_ns = 0;  // steady clock
  };

  void Run();
  Status TakeName();
  Status WaitForSign(const NodeEntry& entry, const std::string& version);
  Status Beat();
  Result<std::string> Put(const NodeEntry& entry);
  Status MeetOther();
  Status RemoveOwnEntry();
  bool IsOfEndedRun(const NodeEntry& entry) const;
  bool HasKey(std::string_view public_key) const;

  const std::shared_ptr<ObjectStore> store_;
  const MembershipOptions options_;
  const std::string epoch_;
  std::optional<NodeKeyPair> key_;  // from Join on
  std::function<void(const std::string&)> note_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  NodeEntry self_;
  LeaseTable leases_;
  int64_t renewed_ns_ = 0;  // steady clock: when the last heartbeat that arrived was sent
  bool joined_ = false;
  bool woken_ = false;
  bool stopping_ = false;
  std::atomic<bool> lost_name_ = false;
  std::mutex beat_mutex_;  // one write of the entry at a time; guards what follows
  std::string version_;    // of the entry, as this node knows it; empty: there is none
  std::optional<Rival> rival_;
  std::mutex look_mutex_;           // one at a time
  std::mutex stranger_mutex_;       // one look for a caller that is not known at a time; guards what follows
  int64_t strangers_since_ns_ = 0;  // steady clock
  int strangers_ = 0;               // since then
  std::jthread thread_;
};

}  // namespace gigapi
