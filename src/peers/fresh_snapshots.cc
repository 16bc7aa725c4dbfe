#include "peers/fresh_snapshots.h"

#include <algorithm>

#include "base/log.h"
#include "base/parallel.h"

namespace gigapi {
namespace {

constexpr size_t kAskedAtOnceMax = 32;
/// A node that cannot follow the catalog for longer says so: a flush is told of for kFlushedRecentlyNs.
constexpr int64_t kCatalogLagNsMax = kFlushedRecentlyNs / 2;

}  // namespace

bool FreshSnapshots::IsSuspect(const NodeEntry& node) {
  const std::lock_guard lock(mutex_);
  const auto found = suspects_.find(node.node);
  return found != suspects_.end() && found->second == std::pair(node.epoch, node.heartbeats);
}

void FreshSnapshots::Suspect(const NodeEntry& node) {
  const std::lock_guard lock(mutex_);
  suspects_[node.node] = {node.epoch, node.heartbeats};
}

FreshSnapshots::Answers FreshSnapshots::AskAll(const std::string& database, const std::string& table) {
  std::vector<NodeEntry> asked;
  Answers answers;
  for (Member& member : membership_->OtherHolders()) {
    if (!member.is_alive || IsSuspect(member.entry)) answers.missing_nodes.push_back(member.entry.node);
    else asked.push_back(std::move(member.entry));
  }
  std::mutex mutex;
  (void)ForEachConcurrently(asked.size(), kAskedAtOnceMax, "fresh", [&](size_t i) -> Status {
    auto rows = peers_->AskBufferedRows(asked[i], database, table);
    const std::lock_guard lock(mutex);
    if (rows.ok()) {
      answers.rows.push_back(*std::move(rows));
    } else {
      Suspect(asked[i]);
      LOG_WARN("rows of another node are missing in a query", "reason=\"{}\"", rows.status().message());
      answers.missing_nodes.push_back(asked[i].node);
    }
    return Status::OK();
  });
  return answers;
}

namespace {

/// Without the files that lie with nodes which do not answer.
TableSnapshotPtr LeaveOut(const TableSnapshotPtr& table, const std::vector<std::string>& nodes) {
  const auto is_missing = [&](const DataFilePtr& file) {
    return file->is_elsewhere && std::ranges::find(nodes, file->node) != nodes.end();
  };
  if (table == nullptr || nodes.empty() || std::ranges::none_of(table->files, is_missing)) return table;
  auto rest = std::make_shared<TableSnapshot>(*table);
  std::vector<DataFilePtr> files(rest->files.begin(), rest->files.end());
  std::erase_if(files, is_missing);
  rest->files = std::move(files);
  return rest;
}

}  // namespace

Result<WholeTable> FreshSnapshots::Complete(const std::string& database, const std::string& table, TableSnapshotPtr known) {
  Answers answers = AskAll(database, table);
  WholeTable whole{.table = std::move(known), .missing_nodes = std::move(answers.missing_nodes)};
  if (lake_->CatalogLagNs() > kCatalogLagNsMax) whole.missing_nodes.push_back("catalog");
  if (whole.table != nullptr && answers.rows.empty()) {
    whole.table = LeaveOut(whole.table, whole.missing_nodes);
    return whole;
  }
  auto caught_up = lake_->SnapshotWith(database, table, answers.rows);
  if (caught_up.ok()) {
    whole.table = *std::move(caught_up);
  } else if (whole.table == nullptr) {
    return caught_up.status();
  } else {
    LOG_WARN("a query does without what other nodes have just flushed", "reason=\"{}\"", caught_up.status().message());
    for (const BufferedRows& rows : answers.rows) whole.missing_nodes.push_back(rows.node);
  }
  whole.table = LeaveOut(whole.table, whole.missing_nodes);
  return whole;
}

}  // namespace gigapi
