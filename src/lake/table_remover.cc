#include "lake/table_remover.h"

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/path.h"
#include "lake/file_removal.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

/// They mostly wait for the store.
constexpr size_t kRemoveThreads = 16;

}  // namespace

std::vector<std::shared_ptr<Table>> TableRemover::InCatalog(RemovedBy removed_by) {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::shared_ptr<Table>> tables = state_->dropped_tables;
  std::erase_if(tables, [&](const auto& table) { return table->out_of_catalog || table->removed_by != removed_by; });
  return tables;
}

Status TableRemover::RemoveFromCatalog() {
  if (state_->removals_pending == 0) return Status::OK();
  const std::lock_guard turn(mutex_);
  for (const auto& table : InCatalog(RemovedBy::kThisNode)) {
    if (catalog_->is_shared()) ARROW_RETURN_NOT_OK(Record(*table));
    ARROW_RETURN_NOT_OK(LetGo(table.get(), [this](const std::string& path) { return catalog_->RemoveMetadata(path); }));
    --state_->removals_pending;
  }
  return RemoveDatabasesFromCatalog();
}

/// Files of the table may lie there when nobody knows of them any more.
Status TableRemover::Record(const Table& table) {
  DropRecord record{.database = table.database, .table = table.name, .dropped_ns = WallNanos()};
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& [key, partition] : table.partitions) RaiseTo(partition->wal_sequences, &record.wal_sequences);
    // What those that were asked have written since is not of this table.
    for (const auto& [node, sequence] : table.dropped_up_to) record.wal_sequences[node] = sequence;
  }
  return catalog_->RecordDrop(record);
}

/// With tables of other nodes that this one has not heard of.
Status TableRemover::RemoveDatabasesFromCatalog() {
  std::vector<std::string> databases;
  {
    const std::lock_guard lock(state_->mutex);
    databases = state_->databases_in_catalog;
  }
  for (const std::string& database : databases) {
    if (catalog_->is_shared()) ARROW_RETURN_NOT_OK(catalog_->RemoveMetadata(DatabasePath(database)));
    const std::lock_guard lock(state_->mutex);
    state_->databases_in_catalog.erase(std::ranges::find(state_->databases_in_catalog, database));
    --state_->removals_pending;
  }
  return Status::OK();
}

void TableRemover::LeaveCatalogToOthers() {
  const std::lock_guard turn(mutex_);
  for (const auto& table : InCatalog(RemovedBy::kAnotherNode)) {
    (void)LetGo(table.get(), [](const std::string&) { return Status::OK(); });
  }
}

void TableRemover::BeginToRemoveFiles(std::string_view database, std::string_view name) {
  const std::lock_guard turn(mutex_);
  const std::lock_guard lock(state_->mutex);
  for (const auto& table : state_->dropped_tables) {
    if (table->removed_by != RemovedBy::kAnotherNode || table->remove_files_after_ns != Table::kNever) continue;
    if (table->database != database || (!name.empty() && table->name != name)) continue;
    table->remove_files_after_ns = SteadyNanos() + state_->drop_delay_ns();
  }
}

/// Calls `remove` for each partition and for the table, when no commit of it is under way. No flush begins meanwhile, so a
/// table of many hours must not take long.
Status TableRemover::LetGo(Table* table, const RemovePath& remove) {
  std::vector<Partition*> partitions;
  for (const auto& [key, partition] : table->partitions) partitions.push_back(partition.get());
  ARROW_RETURN_NOT_OK(ForEachUntilFailure(partitions.size(), kRemoveThreads, "drop",
                                          [&](size_t i) { return LetGoOf(partitions[i], remove); }));
  const std::lock_guard committing(table->commit_mutex);
  ARROW_RETURN_NOT_OK(remove(table->path));
  table->out_of_catalog = true;
  return Status::OK();
}

Status TableRemover::LetGoOf(Partition* partition, const RemovePath& remove) {
  // A flush or a merge that was under way has ended then, and later ones see that the table was dropped.
  const std::scoped_lock locks(partition->flush_mutex, partition->commit_mutex);
  ARROW_RETURN_NOT_OK(remove(partition->path));
  int64_t freed_bytes = 0;
  {
    const std::lock_guard lock(state_->mutex);
    freed_bytes = static_cast<int64_t>(partition->buffer.bytes());
    partition->buffer.Clear();
  }
  admission_->Adjust(-freed_bytes);
  return Status::OK();
}

bool TableRemover::RemoveFiles() {
  const Status removed = RemoveFromCatalog();
  if (!removed.ok()) LOG_ERROR("a dropped table could not be removed yet", "reason=\"{}\"", removed.message());
  const std::lock_guard turn(mutex_);
  const int64_t now = SteadyNanos();
  std::vector<std::shared_ptr<Table>> tables;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->dropped_tables.empty() && state_->dropped_databases.empty()) return false;
    tables = state_->dropped_tables;
  }
  for (const auto& table : tables) {
    if (!table->out_of_catalog || table->remove_files_after_ns > now) continue;
    const Left left = RemoveSomeFilesOf(table.get());
    if (left == Left::kMore) return true;
    if (left == Left::kWhatIsRead) continue;
    const Status gone = RemoveDirectories(*table);
    if (!gone.ok()) {
      LOG_WARN("folders of a dropped table could not be removed yet", "reason=\"{}\"", gone.message());
      continue;
    }
    const std::lock_guard lock(state_->mutex);
    std::erase(state_->dropped_tables, table);
  }
  RemoveDatabaseDirectories();
  return false;
}

/// What cannot be removed stays to be tried again: nothing but this list still knows that it was dropped.
TableRemover::Left TableRemover::RemoveSomeFilesOf(Table* table) {
  std::vector<DataFilePtr> files;
  std::vector<Partition*> owners;
  bool has_others = false;
  for (const auto& [key, partition] : table->partitions) {
    const std::lock_guard lock(state_->mutex);
    for (DroppedFile& dropped : partition->drop_queue) partition->files.push_back(std::move(dropped.file));
    partition->drop_queue.clear();
    // Only this list still holds the file: no snapshot reads it, and none can begin to.
    std::erase_if(partition->files, [&](DataFilePtr& file) {
      if (file.use_count() > 1 || files.size() == kRemovedFilesMax) return false;
      files.push_back(std::move(file));
      owners.push_back(partition.get());
      return true;
    });
    has_others |= !partition->files.empty();
    if (files.size() == kRemovedFilesMax) break;
  }
  if (files.empty()) return has_others ? Left::kWhatIsRead : Left::kNothing;
  const std::vector<size_t> failed = gigapi::RemoveFiles(files);
  const std::lock_guard lock(state_->mutex);
  for (const size_t i : failed) owners[i]->files.push_back(std::move(files[i]));
  if (!failed.empty()) table->remove_files_after_ns = SteadyNanos() + kRemovalRetryNanos;
  return Left::kMore;
}

Status TableRemover::RemoveDirectories(const Table& table) {
  const std::lock_guard directories(state_->directories_mutex);
  std::vector<std::string> unused{table.path};
  std::vector<std::string> used;
  {
    const std::lock_guard lock(state_->mutex);
    const Table* const successor = state_->FindTable(table.database, table.name);
    for (const auto& [key, partition] : table.partitions) {
      const bool used_again = successor != nullptr && successor->partitions.contains(key);
      (used_again ? used : unused).push_back(partition->path);
    }
  }
  for (const std::string& path : used) ARROW_RETURN_NOT_OK(catalog_->SyncRemovals(path));
  return catalog_->RemoveEmptyDirectories(unused, ParentOf(table.path));
}

void TableRemover::RemoveDatabaseDirectories() {
  const std::lock_guard directories(state_->directories_mutex);
  std::vector<std::string> databases;
  {
    const std::lock_guard lock(state_->mutex);
    for (const std::string& database : state_->dropped_databases) {
      const bool busy = std::any_of(state_->dropped_tables.begin(), state_->dropped_tables.end(),
                                    [&](const auto& table) { return table->database == database; });
      if (!busy) databases.push_back(database);
    }
  }
  for (const std::string& database : databases) {
    bool exists_again = false;
    {
      const std::lock_guard lock(state_->mutex);
      exists_again = state_->databases().contains(database);
    }
    const Status removed = exists_again ? Status::OK() : catalog_->RemoveEmptyDirectories({DatabasePath(database)}, "");
    if (!removed.ok()) {
      LOG_WARN("the folder of a dropped database could not be removed yet", "reason=\"{}\"", removed.message());
      continue;
    }
    const std::lock_guard lock(state_->mutex);
    std::erase(state_->dropped_databases, database);
  }
}

}  // namespace gigapi
