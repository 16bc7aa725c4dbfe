#include "cluster/lease_table.h"

#include <algorithm>

namespace gigapi {

void LeaseTable::Observe(NodeEntry entry, std::string version, int64_t now_ns) {
  Seen& seen = seen_[entry.node];
  if (seen.version == version) return;
  seen = {std::move(entry), std::move(version), now_ns};
}

void LeaseTable::KeepOnly(const std::vector<std::string>& nodes) {
  std::erase_if(seen_, [&](const auto& each) { return std::ranges::find(nodes, each.first) == nodes.end(); });
}

std::string LeaseTable::VersionOf(const std::string& node) const {
  const auto found = seen_.find(node);
  return found == seen_.end() ? std::string() : found->second.version;
}

bool LeaseTable::IsAlive(const std::string& node, const std::string& epoch, int64_t now_ns) const {
  const auto found = seen_.find(node);
  return found != seen_.end() && found->second.entry.epoch == epoch && now_ns - found->second.changed_ns < lease_ns_;
}

std::vector<Member> LeaseTable::Members(int64_t now_ns) const {
  std::vector<Member> members;
  for (const auto& [node, seen] : seen_) {
    members.push_back(
        {.entry = seen.entry, .is_alive = now_ns - seen.changed_ns < lease_ns_, .changed_ago_ns = now_ns - seen.changed_ns});
  }
  return members;
}

}  // namespace gigapi
