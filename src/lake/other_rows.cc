// Rows of other nodes in a snapshot of this one: each acknowledged row once, in a file or in a chunk.
//
// A node says how far its rows of an hour are in files, and sends those above. This node first knows the hour as the catalog
// has it at least up to there; then it takes the chunks that end above what the catalog says of that node by now. A flush
// takes whole chunks, so none is in a file in part.
#include <algorithm>
#include <map>

#include "base/log.h"
#include "lake/lake_impl.h"
#include "model/names.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

/// What is known of a node's rows in a partition; 0 where nothing is.
uint64_t KnownSequence(const Partition* partition, const std::string& node) {
  return partition == nullptr ? 0 : SequenceOf(partition->wal_sequences, node);
}

Partition* FindIn(const Table& table, PartitionKey key) {
  const auto found = table.partitions.find(key);
  return found == table.partitions.end() ? nullptr : found->second.get();
}

bool Fits(const ColumnBatch& rows, const TableSchema& schema) {
  return std::ranges::all_of(rows.columns, [&](const Column& column) {
    const auto known = schema.Find(column.name);
    return known && schema[*known].type == column.type;
  });
}

}  // namespace

std::vector<BufferedPartition> LakeImpl::ListBuffered(std::string_view database, std::string_view table) {
  const std::lock_guard lock(state_.mutex);
  Table* const found = state_.FindTable(database, table);
  return found == nullptr ? std::vector<BufferedPartition>() : state_.BufferedOf(found);
}

int64_t LakeImpl::CatalogLagNs() const { return follower_ ? follower_->LagNs() : 0; }

Status LakeImpl::CatchUp() { return follower_ ? follower_->TakeOverEverything() : Status::OK(); }

void LakeImpl::Discover(const std::string& database) {
  if (!catalog_->is_shared() || !ValidateDatabaseName(database).ok()) return;
  const auto exists = catalog_->HasDatabase(database);
  if (!exists.ok() || !*exists) return;
  const std::lock_guard lock(state_.mutex);
  const Status made = state_.EnsureDatabase(database);
  if (!made.ok()) LOG_WARN("a database of another node is left out", "reason=\"{}\"", made.message());
}

/// Reads again what the catalog has and this node does not know: columns, and files of hours that others have flushed.
Status LakeImpl::CatchUpWith(const std::string& database, const std::string& table,
                             const std::vector<BufferedRows>& others) {
  bool knows_columns = true;
  std::vector<std::shared_ptr<Partition>> behind;
  {
    const std::lock_guard lock(state_.mutex);
    Table* const known = state_.FindTable(database, table);
    if (known == nullptr) return Status::OK();
    for (const BufferedRows& other : others) {
      for (const BufferedPartition& theirs : other.partitions) {
        if (theirs.flushed_sequence > KnownSequence(FindIn(*known, theirs.partition), other.node)) {
          behind.push_back(Pin(state_.EnsurePartition(known, theirs.partition)));
        }
        for (const BufferedChunk& chunk : theirs.chunks) knows_columns &= Fits(*chunk.rows, *known->schema);
      }
    }
  }
  for (const auto& partition : behind) {
    ARROW_ASSIGN_OR_RAISE(const bool has_columns, committer_.RefreshUnless(partition.get(), ""));
    knows_columns &= has_columns;
  }
  return knows_columns ? Status::OK() : follower_->TakeOverTable(database, table);
}

Result<TableSnapshotPtr> LakeImpl::SnapshotWith(std::string_view database, std::string_view name,
                                                const std::vector<BufferedRows>& others) {
  const std::string database_name(database), table_name(name);
  bool is_known = false;
  {
    const std::lock_guard lock(state_.mutex);
    is_known = state_.FindTable(database, name) != nullptr;
  }
  if (!is_known && follower_) ARROW_RETURN_NOT_OK(follower_->TakeOverTable(database_name, table_name));
  ARROW_RETURN_NOT_OK(CatchUpWith(database_name, table_name, others));

  const std::lock_guard lock(state_.mutex);
  const Table* const table = state_.FindTable(database, name);
  if (table == nullptr) return nullptr;
  const TableSnapshotPtr own = state_.Snapshot()->databases.at(database_name).at(table_name);
  std::map<PartitionKey, MemoryPart> parts;
  for (const BufferedRows& other : others) {
    for (const BufferedPartition& theirs : other.partitions) {
      const uint64_t known = KnownSequence(FindIn(*table, theirs.partition), other.node);
      for (const BufferedChunk& chunk : theirs.chunks) {
        if (chunk.last_sequence <= known) continue;
        if (!Fits(*chunk.rows, *table->schema)) return Error(ErrorKind::kInternal, "a node has rows of another schema");
        parts[theirs.partition].Add(chunk.rows);
      }
    }
  }
  if (parts.empty()) return own;
  auto all = std::make_shared<TableSnapshot>(*own);
  all->memory.clear();
  for (const MemoryPartPtr& part : own->memory) {
    const auto with_others = parts.find(part->partition);
    if (with_others == parts.end()) all->memory.push_back(part);
    else std::ranges::for_each(part->chunks, [&](const ColumnBatchPtr& chunk) { with_others->second.Add(chunk); });
  }
  for (auto& [key, part] : parts) {
    part.partition = key;
    all->memory.push_back(std::make_shared<const MemoryPart>(std::move(part)));
  }
  std::ranges::sort(all->memory, {}, [](const MemoryPartPtr& part) { return part->partition; });
  return all;
}

}  // namespace gigapi
