#include "peers/whole_lake.h"

#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/parallel.h"

namespace gigapi {
namespace {

constexpr size_t kAskedAtOnceMax = 16;
constexpr int64_t kCatchUpNsMax = 3 * kNanosPerSecond;
constexpr std::chrono::milliseconds kCatchUpPoll{20};

/// database -> its tables.
using TableNames = std::map<std::string, std::set<std::string>>;

Status RowsMissing(const std::string& node) {
  return Errorf(ErrorKind::kUnavailable,
                "node {} may have rows that no file has, and does not answer: try again when it is back, or forget it by "
                "DELETE /api/v1/cluster/nodes/{}",
                node, node);
}

TableNames NamesOf(const LakeSnapshot& snapshot) {
  TableNames names;
  for (const auto& [database, tables] : snapshot.databases) {
    auto& of_database = names[database];
    for (const auto& [name, table] : tables) of_database.insert(name);
  }
  return names;
}

TableSnapshotPtr FindTable(const LakeSnapshot& snapshot, const std::string& database, const std::string& table) {
  const auto tables = snapshot.databases.find(database);
  if (tables == snapshot.databases.end()) return nullptr;
  const auto found = tables->second.find(table);
  return found == tables->second.end() ? nullptr : found->second;
}

}  // namespace

Result<std::vector<NodeEntry>> WholeLake::Holders() {
  ARROW_RETURN_NOT_OK(membership_->Look());
  std::vector<NodeEntry> holders;
  for (Member& member : membership_->Members()) {
    if (member.is_self || !member.entry.may_hold_rows) continue;
    if (!member.is_alive) return RowsMissing(member.entry.node);
    holders.push_back(std::move(member.entry));
  }
  return holders;
}

Status WholeLake::FlushEverywhere() {
  Status flushed = lake_->FlushAll();
  ARROW_ASSIGN_OR_RAISE(const auto holders, Holders());
  const Status others = ForEachConcurrently(holders.size(), kAskedAtOnceMax, "flush",
                                            [&](size_t i) { return peers_->Tell(holders[i], kFlushAction, {}); });
  return flushed.ok() ? others : flushed;
}

/// What live nodes have just flushed is found by asking them; this is for nodes that have just ended. Where others commit
/// all the time there is no instant at which nothing is left to read, but it is read within this time.
void WholeLake::CatchUp() const {
  const int64_t called_ns = SteadyNanos();
  while (lake_->CatalogLagNs() > SteadyNanos() - called_ns && SteadyNanos() - called_ns < kCatchUpNsMax) {
    std::this_thread::sleep_for(kCatchUpPoll);
  }
}

Result<LakeSnapshotPtr> WholeLake::Snapshot() {
  CatchUp();
  ARROW_ASSIGN_OR_RAISE(const auto holders, Holders());
  const LakeSnapshotPtr own = lake_->Snapshot();
  TableNames names = NamesOf(*own);
  std::mutex mutex;
  // What another node has just made may be news to this one.
  ARROW_RETURN_NOT_OK(ForEachConcurrently(holders.size(), kAskedAtOnceMax, "names", [&](size_t i) -> Status {
    const auto theirs = peers_->AskTables(holders[i]);
    if (!theirs.ok()) return RowsMissing(holders[i].node);
    const std::lock_guard lock(mutex);
    for (const TableRequest& each : *theirs) {
      auto& of_database = names[each.database];
      if (!each.table.empty()) of_database.insert(each.table);
    }
    return Status::OK();
  }));
  std::vector<std::pair<std::string, std::string>> tables;
  auto whole = std::make_shared<LakeSnapshot>();
  for (const auto& [database, of_database] : names) {
    (void)whole->databases[database];
    for (const std::string& table : of_database) tables.emplace_back(database, table);
  }
  ARROW_RETURN_NOT_OK(ForEachConcurrently(tables.size(), kAskedAtOnceMax, "rows", [&](size_t i) -> Status {
    const auto& [database, table] = tables[i];
    ARROW_ASSIGN_OR_RAISE(WholeTable all, fresh_.Complete(database, table, FindTable(*own, database, table)));
    if (!all.missing_nodes.empty()) return RowsMissing(all.missing_nodes.front());
    if (all.table == nullptr) return Status::OK();  // it was dropped meanwhile
    const std::lock_guard lock(mutex);
    whole->databases[database][table] = std::move(all.table);
    return Status::OK();
  }));
  return whole;
}

}  // namespace gigapi
