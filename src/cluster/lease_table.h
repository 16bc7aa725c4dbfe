// Who is alive, as one node sees it: a node is while its entry keeps changing. Only this node's own steady clock counts, so
// clocks of nodes need not agree. Pure; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cluster/node_entry.h"

namespace gigapi {

struct Member {
  NodeEntry entry;
  bool is_self = false;
  bool is_alive = false;
  int64_t changed_ago_ns = 0;  // since its last heartbeat was seen
};

class LeaseTable {
 public:
  /// A node that has not been heard of for so long is taken for dead.
  explicit LeaseTable(int64_t lease_ns) : lease_ns_(lease_ns) {}

  /// The entry was seen at this time with this version. One that is seen for the first time counts as new: that a node which
  /// died long ago is dead shows a lease later.
  void Observe(NodeEntry entry, std::string version, int64_t now_ns);
  /// All others are gone.
  void KeepOnly(const std::vector<std::string>& nodes);

  /// Empty: never seen.
  std::string VersionOf(const std::string& node) const;
  /// Whether this run of the node may still act on what it was leased. Unknown nodes are dead.
  bool IsAlive(const std::string& node, const std::string& epoch, int64_t now_ns) const;
  std::vector<Member> Members(int64_t now_ns) const;

 private:
  struct Seen {
    NodeEntry entry;
    std::string version;
    int64_t changed_ns = 0;
  };
  const int64_t lease_ns_;
  std::map<std::string, Seen> seen_;
};

}  // namespace gigapi
