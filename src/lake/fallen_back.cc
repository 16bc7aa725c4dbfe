// What the lake does about a shared catalog that has lost what was committed to it.
#include <algorithm>
#include <set>
#include <utility>

#include "lake/lake_impl.h"

namespace gigapi {
namespace {

using FileNames = std::set<std::pair<const Layer*, std::string_view>>;

FileNames NamesOf(const std::vector<DataFilePtr>& files) {
  FileNames names;
  for (const DataFilePtr& file : files) names.emplace(file->layer.get(), file->key);
  return names;
}

}  // namespace

std::vector<CatalogKey> LakeImpl::TakeFallenBack() {
  std::vector<std::pair<CatalogKey, uint64_t>> taken;  // with how far this node's log certainly was
  {
    const std::lock_guard lock(state_.mutex);
    for (const auto& partition : std::exchange(state_.fallen_back, {})) {
      const Table& table = *partition->table;
      if (table.dropped) continue;
      taken.emplace_back(CatalogKey{.database = table.database, .table = table.name, .partition = partition->key},
                         std::max(partition->flushed_sequence, partition->buffered_after));
    }
  }
  std::vector<CatalogKey> found;
  for (auto& [key, sequence] : taken) {
    // Of a table that was dropped and made anew: what is not there is gone for good.
    if (sequence > DroppedUpTo(key)) found.push_back(std::move(key));
  }
  return found;
}

void LakeImpl::EndHealing(const CatalogKey& key) {
  const auto partition = FindPartition(key);
  if (!partition.ok()) return;
  const std::lock_guard lock(state_.mutex);
  (*partition)->held_until_ns = 0;
}

uint64_t LakeImpl::FallsOfCatalog() { return position_ ? position_->falls() : 0; }

void LakeImpl::MadeGood(uint64_t falls) {
  if (position_) position_->MadeGood(falls);
}

uint64_t LakeImpl::DroppedUpTo(const CatalogKey& partition) {
  return drops_.DroppedUpTo(partition.database, partition.table);
}

Status LakeImpl::AddColumns(const std::string& database, const std::string& name, const SchemaPtr& columns) {
  std::shared_ptr<Table> table;
  {
    const std::lock_guard lock(state_.mutex);
    if (state_.IsBeingRemoved(database, name)) return Error(ErrorKind::kConflict, "the table is dropped here");
    ARROW_ASSIGN_OR_RAISE(Table* const found, state_.EnsureTable(database, name));
    table = found->shared_from_this();
  }
  return columns_.CommitAgain(table.get(), columns).status();
}

Status LakeImpl::AddFiles(const CatalogKey& key, const FoundFiles& found) {
  std::shared_ptr<Partition> partition;
  {
    const std::lock_guard lock(state_.mutex);
    Table* const table = state_.FindTable(key.database, key.table);
    if (table == nullptr) return Error(ErrorKind::kConflict, "the table is gone");
    partition = Pin(state_.EnsurePartition(table, *key.partition));
  }
  const auto add = [&](PartitionEdit* edit) -> Status {
    // Of this table if it was made anew after a drop: the list of drops has that by now.
    if (DroppedUpTo(key) != found.dropped_up_to) return Error(ErrorKind::kConflict, "the table was dropped meanwhile");
    if (NamesOf(edit->files) != NamesOf(found.listed)) {
      return Error(ErrorKind::kConflict, "the partition has other files by now");
    }
    const FileNames replaced = NamesOf(found.replaced);
    std::erase_if(edit->files, [&](const DataFilePtr& file) { return replaced.contains({file->layer.get(), file->key}); });
    for (const DataFilePtr& file : found.added) InsertByTime(file, &edit->files);
    RaiseTo(found.sequences, &edit->wal_sequences);
    edit->flushed_sequence = std::max(edit->flushed_sequence, SequenceOf(edit->wal_sequences, committer_.node()));
    return Status::OK();
  };
  return committer_.Commit(partition.get(), add, nullptr);
}

}  // namespace gigapi
