#include "lake/lake_state.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "model/names.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

/// Of the hours whose files snapshots share: a change of one costs a list of the files of so many, and a snapshot one
/// reference for so many.
constexpr int64_t kHoursOfABlock = 64;

/// Also before 1970.
int64_t BlockOf(PartitionKey key) { return (key.hour - (key.hour < 0 ? kHoursOfABlock - 1 : 0)) / kHoursOfABlock; }

using Partitions = std::map<PartitionKey, std::unique_ptr<Partition>>;

/// Those that this node reaches.
FileList::Block GatherFiles(Partitions::const_iterator begin, Partitions::const_iterator end) {
  std::vector<DataFilePtr> files;
  for (; begin != end; ++begin) {
    std::ranges::copy_if(begin->second->files, std::back_inserter(files),
                         [](const DataFilePtr& file) { return file->IsReachable(); });
  }
  return std::make_shared<const std::vector<DataFilePtr>>(std::move(files));
}

}  // namespace

void InsertByTime(DataFilePtr file, std::vector<DataFilePtr>* files) {
  const auto after = std::upper_bound(files->begin(), files->end(), file,
                                      [](const auto& a, const auto& b) { return a->min_time < b->min_time; });
  files->insert(after, std::move(file));
}

Status LakeState::EnsureDatabase(std::string_view database) {
  if (databases_.contains(database)) return Status::OK();
  ARROW_RETURN_NOT_OK(ValidateDatabaseName(database));
  if (static_cast<int64_t>(databases_.size()) >= limits_.databases_max) {
    return Errorf(ErrorKind::kInvalidArgument, "there are {} databases already, no more are allowed", databases_.size());
  }
  databases_.try_emplace(std::string(database));
  snapshot_ = nullptr;
  return Status::OK();
}

Table* LakeState::FindTable(std::string_view database, std::string_view table) {
  const auto tables = databases_.find(database);
  if (tables == databases_.end()) return nullptr;
  const auto found = tables->second.find(std::string(table));
  return found == tables->second.end() ? nullptr : found->second.get();
}

Result<Table*> LakeState::EnsureTable(std::string_view database, std::string_view name) {
  if (Table* known = FindTable(database, name)) return known;
  ARROW_RETURN_NOT_OK(EnsureDatabase(database));
  ARROW_RETURN_NOT_OK(ValidateTableName(name));
  auto& tables = databases_.find(database)->second;
  if (static_cast<int64_t>(tables.size()) >= limits_.tables_per_database_max) {
    return Errorf(ErrorKind::kInvalidArgument, "database '{}' has {} tables already, no more are allowed", database,
                  tables.size());
  }
  auto table = std::make_shared<Table>();
  table->database = database;
  table->name = name;
  table->path = TablePath(database, name);
  snapshot_ = nullptr;
  return tables.emplace(name, std::move(table)).first->second.get();
}

Partition* LakeState::EnsurePartition(Table* table, PartitionKey key) {
  auto& partition = table->partitions[key];
  if (!partition) {
    partition = std::make_unique<Partition>(table, key, PartitionPath(table->path, key));
    partition->buffered_after = applied_sequence;
  }
  return partition.get();
}

namespace {

/// The columns that the rows have and the schema lacks; kConflict when one does not fit.
Result<std::vector<ColumnSchema>> MissingColumns(const TableSchema& schema, const TableRows& rows) {
  std::vector<ColumnSchema> missing;
  for (const Column& column : rows.rows.columns) {
    const auto known = schema.FindIgnoringCase(column.name);
    if (!known) {
      missing.push_back({column.name, column.type});
    } else if (schema[*known].name != column.name || !Widens(column.type, schema[*known].type)) {
      return Errorf(ErrorKind::kConflict, "column '{}' of table '{}' was made with another type by another write",
                    column.name, rows.table);
    }
  }
  return missing;
}

}  // namespace

Result<std::vector<TableGrowth>> LakeState::PlanGrowth(std::string_view database, const std::vector<TableRows>& tables) {
  std::vector<TableGrowth> growth;
  for (const TableRows& rows : tables) {
    ARROW_ASSIGN_OR_RAISE(Table* const table, EnsureTable(database, rows.table));
    ARROW_ASSIGN_OR_RAISE(auto missing, MissingColumns(*table->schema, rows));
    if (static_cast<int64_t>(table->schema->size() + missing.size()) > limits_.columns_per_table_max) {
      return Errorf(ErrorKind::kConflict, "table '{}' has as many columns as are allowed", rows.table);
    }
    growth.push_back({table->shared_from_this(), std::move(missing)});
  }
  return growth;
}

void LakeState::Grow(const std::vector<TableGrowth>& growth, std::vector<TableRows>* tables) {
  for (size_t i = 0; i < growth.size(); ++i) {
    const auto& [table, missing] = growth[i];
    if (!missing.empty()) {
      table->schema = table->schema->With(missing);
      Changed(table.get());
    }
    for (Column& column : (*tables)[i].rows.columns) {
      if (column.type != (*table->schema)[*table->schema->Find(column.name)].type) WidenToFloat(&column);
    }
  }
}

Status LakeState::FitSchemas(std::string_view database, std::vector<TableRows>* tables) {
  ARROW_ASSIGN_OR_RAISE(const auto growth, PlanGrowth(database, *tables));
  Grow(growth, tables);
  return Status::OK();
}

void LakeState::AdoptSchema(const SchemaPtr& schema, Table* table) {
  table->committed_columns = static_cast<int64_t>(schema->size());
  std::vector<ColumnSchema> newer;
  for (const ColumnSchema& column : table->schema->columns()) {
    if (!schema->Find(column.name)) newer.push_back(column);
  }
  if (newer.empty() && table->schema->columns() == schema->columns()) return;
  table->schema = newer.empty() ? schema : schema->With(newer);
  Changed(table);
}

void LakeState::MarkBusy(Partition* partition) {
  if (partition->table->dropped) return;
  if (!std::exchange(partition->is_fresh, true)) partition->table->fresh.push_back(partition);
  if (!std::exchange(partition->is_busy, true)) busy_.push_back(partition);
}

/// What has had no rows in memory for a while leaves the table's list.
void LakeState::ForgetStale(Table* table) {
  const int64_t since_ns = SteadyNanos() - kFlushedRecentlyNs;
  std::erase_if(table->fresh, [&](Partition* partition) {
    const bool was_flushed = partition->flushed_at_ns > 0 && partition->flushed_at_ns >= since_ns;
    partition->is_fresh = was_flushed || !partition->buffer.empty();
    return !partition->is_fresh;
  });
}

std::vector<BufferedPartition> LakeState::BufferedOf(Table* table) {
  ForgetStale(table);
  std::vector<BufferedPartition> partitions;
  for (const Partition* partition : table->fresh) {
    partitions.push_back({.partition = partition->key,
                          .flushed_sequence = partition->flushed_sequence,
                          .chunks = partition->buffer.chunks()});
  }
  return partitions;
}

void LakeState::Detach(std::shared_ptr<Table> table, const DropOrigin& origin,
                       std::vector<std::shared_ptr<FlushWaiter>>* waiters) {
  const bool is_removed_here = origin.removed_by == RemovedBy::kThisNode;
  table->dropped = true;
  table->removed_by = origin.removed_by;
  table->dropped_up_to = origin.wal_sequences;
  table->remove_files_after_ns = is_removed_here ? SteadyNanos() + drop_delay_ns_ : Table::kNever;
  table->snapshot = nullptr;
  table->file_blocks.clear();  // its files go when nobody else holds them
  for (const auto& [key, partition] : table->partitions) {
    waiters->insert(waiters->end(), partition->waiters.begin(), partition->waiters.end());
    partition->waiters.clear();
  }
  std::erase_if(busy_, [&](const Partition* partition) { return partition->table == table.get(); });
  // Of an earlier drop that came to nothing: what it had is replaced by now, or the table has it still.
  std::erase_if(dropped_tables, [&](const std::shared_ptr<Table>& earlier) {
    return earlier->out_of_catalog && earlier->remove_files_after_ns == Table::kNever &&
           earlier->database == table->database && earlier->name == table->name;
  });
  dropped_tables.push_back(std::move(table));
  if (is_removed_here) ++removals_pending;
}

std::vector<std::shared_ptr<FlushWaiter>> LakeState::DetachTable(std::string_view database, std::string_view table,
                                                                 const DropOrigin& origin) {
  std::vector<std::shared_ptr<FlushWaiter>> waiters;
  ++drop_epoch;
  snapshot_ = nullptr;
  const auto tables = databases_.find(database);
  if (tables == databases_.end()) return waiters;
  const auto found = tables->second.find(std::string(table));
  if (found == tables->second.end()) return waiters;
  Detach(std::move(found->second), origin, &waiters);
  tables->second.erase(found);
  return waiters;
}

std::vector<std::shared_ptr<FlushWaiter>> LakeState::DetachDatabase(std::string_view database, const DropOrigin& origin) {
  std::vector<std::shared_ptr<FlushWaiter>> waiters;
  ++drop_epoch;
  snapshot_ = nullptr;
  const auto tables = databases_.find(database);
  if (tables == databases_.end()) return waiters;
  for (auto& [name, table] : tables->second) Detach(std::move(table), origin, &waiters);
  databases_.erase(tables);
  dropped_databases.emplace_back(database);
  if (origin.removed_by == RemovedBy::kThisNode) {
    databases_in_catalog.emplace_back(database);
    ++removals_pending;
  }
  return waiters;
}

bool LakeState::IsBeingRemoved(std::string_view database, std::string_view name) const {
  return std::ranges::any_of(dropped_tables, [&](const auto& table) {
    return !table->out_of_catalog && table->database == database && table->name == name;
  });
}

void LakeState::ForgetTable(std::string_view database, std::string_view name) {
  const auto tables = databases_.find(database);
  if (tables == databases_.end()) return;
  const auto found = tables->second.find(std::string(name));
  if (found == tables->second.end()) return;
  const std::shared_ptr<Table> kept = found->second;
  Table& table = *kept;
  table.committed_columns = -1;
  for (const auto& [key, partition] : table.partitions) {
    if (partition->unsure_drops.empty()) continue;
    std::ranges::move(partition->unsure_drops, std::back_inserter(partition->drop_queue));
    partition->unsure_drops.clear();
    MarkBusy(partition.get());
  }
  const bool has_rows = std::any_of(table.partitions.begin(), table.partitions.end(),
                                    [](const auto& entry) { return !entry.second->buffer.empty(); });
  if (has_rows) return;
  table.dropped = true;
  std::erase_if(busy_, [&](const Partition* partition) { return partition->table == &table; });
  tables->second.erase(found);
  ++forget_epoch;
  snapshot_ = nullptr;
  LeaveFilesToOthers(kept);
}

void LakeState::ForgetDatabase(std::string_view database) {
  const auto tables = databases_.find(database);
  if (tables == databases_.end() || !tables->second.empty()) return;
  databases_.erase(tables);
  snapshot_ = nullptr;
}

/// What was replaced here stays this node's to remove; the table's files are those of the node that dropped it.
void LakeState::LeaveFilesToOthers(const std::shared_ptr<Table>& table) {
  bool has_replaced_files = false;
  for (const auto& [key, partition] : table->partitions) {
    partition->files.clear();
    has_replaced_files |= !partition->drop_queue.empty();
  }
  table->snapshot = nullptr;
  table->file_blocks.clear();
  if (!has_replaced_files) return;
  table->remove_files_after_ns = SteadyNanos() + drop_delay_ns_;
  table->out_of_catalog = true;
  dropped_tables.push_back(table);
}

void LakeState::Changed(Table* table) {
  table->snapshot = nullptr;
  snapshot_ = nullptr;
}

void LakeState::FilesChanged(Partition* partition) {
  partition->table->file_blocks.erase(BlockOf(partition->key));
  Changed(partition->table);
}

TableSnapshotPtr LakeState::MakeSnapshot(Table* table) {
  auto snapshot = std::make_shared<TableSnapshot>();
  snapshot->database = table->database;
  snapshot->table = table->name;
  snapshot->schema = table->schema;
  const auto end = table->partitions.end();
  for (auto next = table->partitions.begin(); next != end;) {
    const int64_t number = BlockOf(next->first);
    const auto block_end = table->partitions.lower_bound(PartitionKey{(number + 1) * kHoursOfABlock});
    FileList::Block& block = table->file_blocks[number];
    if (!block) block = GatherFiles(next, block_end);
    snapshot->files.Append(block);
    next = block_end;
  }
  ForgetStale(table);
  for (Partition* const partition : table->fresh) {
    if (MemoryPartPtr part = partition->buffer.part()) snapshot->memory.push_back(std::move(part));
  }
  std::ranges::sort(snapshot->memory, {}, [](const MemoryPartPtr& part) { return part->partition; });
  return snapshot;
}

LakeSnapshotPtr LakeState::Snapshot() {
  if (snapshot_) return snapshot_;
  auto snapshot = std::make_shared<LakeSnapshot>();
  for (const auto& [database, tables] : databases_) {
    auto& out = snapshot->databases[database];
    for (const auto& [name, table] : tables) {
      if (!table->snapshot) table->snapshot = MakeSnapshot(table.get());
      out.emplace_hint(out.end(), name, table->snapshot);
    }
  }
  snapshot_ = std::move(snapshot);
  return snapshot_;
}

}  // namespace gigapi
