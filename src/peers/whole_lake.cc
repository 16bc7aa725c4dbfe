#include "peers/whole_lake.h"

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/parallel.h"

namespace gigapi {
namespace {

constexpr size_t kAskedAtOnceMax = 16;

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
  for (Member& member : membership_->OtherHolders()) {
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

Result<LakeSnapshotPtr> WholeLake::Snapshot() {
  ARROW_ASSIGN_OR_RAISE(const auto holders, Holders());
  // What live nodes have flushed is found by asking them. Those that have ended before have all in the catalog, which their
  // journals may not have told yet.
  ARROW_RETURN_NOT_OK(lake_->CatchUp());
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
