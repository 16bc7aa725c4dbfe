#include "backup/running_nodes.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "cluster/node_entry.h"

namespace gigapi {
namespace {

constexpr std::chrono::milliseconds kPollInterval{100};

/// Entries that cannot be read are left out: they are of nodes of another version, which say so when they start.
Result<std::vector<NodeEntry>> ReadEntries(ObjectStore* catalog) {
  std::vector<NodeEntry> entries;
  ARROW_ASSIGN_OR_RAISE(const auto objects, ListAll(catalog, std::string(kNodesPrefix)));
  for (const ObjectInfo& object : objects) {
    const auto found = catalog->Get(object.key);
    if (!found.ok() && KindOf(found.status()) == ErrorKind::kNotFound) continue;  // it has just left
    ARROW_RETURN_NOT_OK(found.status());
    auto entry = DecodeNodeEntry(found->content);
    if (entry.ok()) entries.push_back(*std::move(entry));
  }
  return entries;
}

/// The first one that has come or sent a heartbeat since; nullptr when none has.
const NodeEntry* FindAlive(const std::vector<NodeEntry>& before, const std::vector<NodeEntry>& now) {
  const auto is_old = [&](const NodeEntry& entry) {
    return std::ranges::any_of(before, [&](const NodeEntry& old) {
      return old.node == entry.node && old.epoch == entry.epoch && old.heartbeats == entry.heartbeats;
    });
  };
  const auto found = std::ranges::find_if_not(now, is_old);
  return found == now.end() ? nullptr : &*found;
}

}  // namespace

Status CheckNoNodeRuns(ObjectStore* catalog, const std::function<bool()>& is_cancelled) {
  ARROW_ASSIGN_OR_RAISE(const auto before, ReadEntries(catalog));
  int64_t wait_ms = 0;
  for (const NodeEntry& entry : before) wait_ms = std::max(wait_ms, 2 * entry.interval_ms);
  const int64_t end_ns = SteadyNanos() + wait_ms * kNanosPerMilli;
  while (!before.empty() && SteadyNanos() < end_ns) {
    if (is_cancelled()) return Error(ErrorKind::kCancelled, "cancelled");
    std::this_thread::sleep_for(kPollInterval);
    ARROW_ASSIGN_OR_RAISE(const auto now, ReadEntries(catalog));
    const NodeEntry* const alive = FindAlive(before, now);
    if (alive == nullptr) continue;
    return Errorf(ErrorKind::kConflict, "node {} ({}) runs on the catalog in {}: stop all nodes first", alive->node,
                  alive->http_address.empty() ? "starting" : alive->http_address, catalog->Describe());
  }
  return Status::OK();
}

}  // namespace gigapi
