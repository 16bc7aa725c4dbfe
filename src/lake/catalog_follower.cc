#include "lake/catalog_follower.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "base/guarded.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/thread.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

constexpr size_t kChangesAtOnce = 1'000;
constexpr int64_t kAwaitMs = 1'000;
constexpr auto kRetryWait = std::chrono::milliseconds(200);
constexpr int kRetryWaitsAfterFailure = 5;
constexpr size_t kReadThreads = 16;  // they mostly wait for the store

}  // namespace

Status CatalogFollower::Begin() {
  if (position_) ARROW_RETURN_NOT_OK(position_->Check(feed_));
  ARROW_ASSIGN_OR_RAISE(const ChangePage page, feed_->Since("", 1));
  cursor_ = page.cursor;
  return Status::OK();
}

void CatalogFollower::Start() {
  thread_ = StartThread("follow", [this] { Run(); });
}

void CatalogFollower::Stop() {
  stopping_ = true;
  feed_->Cancel();
  if (thread_.joinable()) thread_.join();
}

void CatalogFollower::Run() {
  while (!stopping_) {
    const Status followed = Guarded([this] { return TakeOverChanges(); });
    if (followed.ok() || stopping_) continue;
    if (failures++ % 100 == 0) LOG_WARN("the catalog cannot be followed, trying again", "reason=\"{}\"", followed.message());
    for (int i = 0; i < kRetryWaitsAfterFailure && !stopping_; ++i) std::this_thread::sleep_for(kRetryWait);
  }
}

/// The cursor moves on when all was taken over: what failed is told again.
Status CatalogFollower::TakeOverChanges() {
  const int64_t asked_ns = SteadyNanos();
  ARROW_ASSIGN_OR_RAISE(const ChangePage page, feed_->Since(cursor_, kChangesAtOnce));
  if (!page.complete) {
    LOG_INFO("listing the whole catalog: the feed does not tell what changed");
    ARROW_RETURN_NOT_OK(TakeOverEverything());
  }
  if (page.fell_back && position_) position_->FellBack();
  // The last change of a key tells its version; the ones before are read with it.
  std::set<std::string_view> seen;
  std::vector<const ObjectChange*> last;
  bool has_changed = !page.complete;
  for (auto change = page.changes.rbegin(); change != page.changes.rend(); ++change) {
    if (seen.insert(change->key).second) last.push_back(&*change);
  }
  std::reverse(last.begin(), last.end());
  for (const ObjectChange* change : last) {
    ARROW_RETURN_NOT_OK(CheckGoesOn());
    if (membership_ && change->key.starts_with(kNodesPrefix)) membership_->Wake();
    const auto key = ParseCatalogKey(change->key);
    if (!key) continue;
    has_changed = true;
    ARROW_RETURN_NOT_OK(TakeOver(*key, change->version));
    ++changes;
  }
  cursor_ = page.cursor;
  if (position_) position_->Reached(cursor_, has_changed);
  // Also where changes never end.
  if (page.changes.size() < kChangesAtOnce) caught_up_ns_ = asked_ns;
  if (!page.changes.empty() || !page.complete) return Status::OK();
  const auto awaited = feed_->AwaitChange(cursor_, kAwaitMs);
  return awaited.status();
}

/// A node that stops flushes what it has after this; nothing else may hold it up.
Status CatalogFollower::CheckGoesOn() const { return stopping_ ? Error(ErrorKind::kCancelled, "stopping") : Status::OK(); }

Status CatalogFollower::TakeOver(const CatalogKey& key, const std::string& version) {
  if (key.table.empty()) return TakeOverDatabase(key.database);
  if (!key.partition) return TakeOverTable(key.database, key.table);
  return TakeOverPartition(key.database, key.table, *key.partition, version);
}

Status CatalogFollower::TakeOverDatabase(const std::string& database) {
  ARROW_ASSIGN_OR_RAISE(const bool exists, catalog_->HasDatabase(database));
  const std::lock_guard lock(state_->mutex);
  if (std::ranges::count(state_->databases_in_catalog, database) > 0) return Status::OK();  // this node takes it out
  if (exists) return state_->EnsureDatabase(database);
  state_->ForgetDatabase(database);
  return Status::OK();
}

/// What the catalog still has of a table that this node is taking out of it must not come back; nor what was read before a
/// drop began here.
Status CatalogFollower::TakeOverTable(const std::string& database, const std::string& table) {
  for (;;) {
    uint64_t drop_epoch = 0;
    {
      const std::lock_guard lock(state_->mutex);
      if (state_->IsBeingRemoved(database, table)) return Status::OK();
      drop_epoch = state_->drop_epoch;
    }
    ARROW_ASSIGN_OR_RAISE(const SchemaPtr schema, catalog_->GetTable(TablePath(database, table)));
    const std::lock_guard lock(state_->mutex);
    if (state_->drop_epoch != drop_epoch) continue;
    if (schema == nullptr) {
      state_->ForgetTable(database, table);
      return Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(Table* const known, state_->EnsureTable(database, table));
    state_->AdoptSchema(schema, known);
    return Status::OK();
  }
}

Result<std::shared_ptr<Partition>> CatalogFollower::EnsurePartition(const std::string& database, const std::string& table,
                                                                    PartitionKey key) {
  {
    const std::lock_guard lock(state_->mutex);
    if (Table* const known = state_->FindTable(database, table)) return Pin(state_->EnsurePartition(known, key));
  }
  ARROW_RETURN_NOT_OK(TakeOverTable(database, table));
  const std::lock_guard lock(state_->mutex);
  Table* const known = state_->FindTable(database, table);
  return known == nullptr ? nullptr : Pin(state_->EnsurePartition(known, key));
}

Status CatalogFollower::TakeOverPartition(const std::string& database, const std::string& table, PartitionKey key,
                                          const std::string& version) {
  ARROW_ASSIGN_OR_RAISE(const auto partition, EnsurePartition(database, table, key));
  if (partition == nullptr) return Status::OK();  // the table is gone by now, which will be told
  ARROW_ASSIGN_OR_RAISE(const bool knows_columns, committer_->RefreshUnless(partition.get(), version));
  return knows_columns ? Status::OK() : TakeOverTable(database, table);
}

Status CatalogFollower::TakeOverEverything() {
  const std::lock_guard everything(everything_mutex_);
  ARROW_ASSIGN_OR_RAISE(const auto entries, catalog_->List([this] { return stopping_.load(); }));
  // Their columns first: partitions want their tables.
  for (const CatalogEntry& entry : entries) {
    ARROW_RETURN_NOT_OK(CheckGoesOn());
    if (!entry.key.partition) ARROW_RETURN_NOT_OK(TakeOverListed(entry));
  }
  ARROW_RETURN_NOT_OK(ForgetOtherTables(entries));
  std::vector<std::shared_ptr<Partition>> partitions;
  std::vector<const CatalogEntry*> listed;
  for (const CatalogEntry& entry : entries) {
    ARROW_RETURN_NOT_OK(CheckGoesOn());
    if (!entry.key.partition) continue;
    ARROW_ASSIGN_OR_RAISE(auto partition, EnsurePartition(entry.key.database, entry.key.table, *entry.key.partition));
    if (partition == nullptr) continue;
    partitions.push_back(std::move(partition));
    listed.push_back(&entry);
  }
  ARROW_RETURN_NOT_OK(ForEachConcurrently(partitions.size(), kReadThreads, "follow", [&](size_t i) -> Status {
    ARROW_RETURN_NOT_OK(CheckGoesOn());
    ARROW_ASSIGN_OR_RAISE(const bool knows_columns, committer_->RefreshUnless(partitions[i].get(), listed[i]->version));
    return knows_columns ? Status::OK() : TakeOverTable(listed[i]->key.database, listed[i]->key.table);
  }));
  return ForgetOthers(partitions);
}

/// -1: the table is not known, or not to be in the catalog.
int64_t CatalogFollower::CommittedColumns(const CatalogKey& table) const {
  const std::lock_guard lock(state_->mutex);
  const Table* const known = state_->FindTable(table.database, table.table);
  return known == nullptr ? -1 : known->committed_columns;
}

/// A database, or a table unless its columns are known to be of that version. A version may come back that was there
/// before, when a store falls back to an older state.
Status CatalogFollower::TakeOverListed(const CatalogEntry& entry) {
  if (entry.key.table.empty()) {
    const std::lock_guard lock(state_->mutex);
    return state_->EnsureDatabase(entry.key.database);
  }
  ListedTable& known = listed_tables_[TablePath(entry.key.database, entry.key.table)];
  const bool is_known = known.columns >= 0 && known.columns == CommittedColumns(entry.key);
  if (is_known && !entry.version.empty() && known.version == entry.version) return Status::OK();
  ARROW_RETURN_NOT_OK(TakeOverTable(entry.key.database, entry.key.table));
  known = {.version = entry.version, .columns = CommittedColumns(entry.key)};
  return Status::OK();
}

/// What was in the catalog and was not listed is gone, or was made after the list.
Status CatalogFollower::ForgetOtherTables(const std::vector<CatalogEntry>& listed) {
  std::set<std::pair<std::string_view, std::string_view>> there;
  for (const CatalogEntry& entry : listed) {
    if (!entry.key.table.empty() && !entry.key.partition) there.emplace(entry.key.database, entry.key.table);
  }
  std::vector<CatalogKey> others;
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& [database, tables] : state_->databases()) {
      for (const auto& [name, table] : tables) {
        if (table->committed_columns < 0 || there.contains({database, name})) continue;
        others.push_back({.database = database, .table = name});
      }
    }
  }
  for (const CatalogKey& table : others) {
    ARROW_RETURN_NOT_OK(CheckGoesOn());
    listed_tables_.erase(TablePath(table.database, table.table));
    ARROW_RETURN_NOT_OK(TakeOverTable(table.database, table.table));
  }
  return Status::OK();
}

/// What has files and was not listed is gone.
Status CatalogFollower::ForgetOthers(const std::vector<std::shared_ptr<Partition>>& listed) {
  std::set<const Partition*> there;
  for (const auto& partition : listed) there.insert(partition.get());
  std::vector<std::shared_ptr<Partition>> others;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ForEachPartition([&](Partition* partition) {
      if (!there.contains(partition) && !partition->files.empty()) others.push_back(Pin(partition));
    });
  }
  for (const auto& partition : others) {
    ARROW_RETURN_NOT_OK(CheckGoesOn());
    ARROW_RETURN_NOT_OK(committer_->Refresh(partition.get()));
  }
  return Status::OK();
}

}  // namespace gigapi
