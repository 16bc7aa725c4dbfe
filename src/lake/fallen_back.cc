// What the lake does about a shared catalog that has lost what was committed to it.
#include <algorithm>
#include <set>

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

std::vector<FallenBackPartition> LakeImpl::TakeFallenBack() {
  std::vector<std::shared_ptr<Partition>> partitions;
  std::vector<FallenBackPartition> taken;
  std::vector<uint64_t> sequences;
  {
    const std::lock_guard lock(state_.mutex);
    partitions.swap(state_.fallen_back);
    for (const auto& partition : partitions) {
      const Table& table = *partition->table;
      if (table.dropped) continue;
      taken.push_back({.key = {.database = table.database, .table = table.name, .partition = partition->key}});
      sequences.push_back(std::max(partition->flushed_sequence, partition->buffered_after));
    }
  }
  std::vector<FallenBackPartition> found;
  for (size_t i = 0; i < taken.size(); ++i) {
    taken[i].dropped_up_to = drops_.DroppedUpTo(taken[i].key.database, taken[i].key.table);
    // Of a table that was dropped and made anew: what is not there is gone for good.
    if (sequences[i] > taken[i].dropped_up_to) found.push_back(std::move(taken[i]));
  }
  return found;
}

Status LakeImpl::AddFiles(const CatalogKey& key, const std::vector<DataFilePtr>& listed,
                          const std::vector<DataFilePtr>& added, const WalSequences& sequences) {
  ARROW_ASSIGN_OR_RAISE(const auto partition, FindPartition(key));
  const auto add = [&](PartitionEdit* edit) -> Status {
    if (NamesOf(edit->files) != NamesOf(listed)) return Error(ErrorKind::kConflict, "the partition has other files by now");
    for (const DataFilePtr& file : added) InsertByTime(file, &edit->files);
    for (const auto& [node, sequence] : sequences) {
      uint64_t& known = edit->wal_sequences[node];
      known = std::max(known, sequence);
    }
    edit->flushed_sequence = std::max(edit->flushed_sequence, SequenceOf(edit->wal_sequences, committer_.node()));
    return Status::OK();
  };
  return committer_.Commit(partition.get(), add, nullptr);
}

}  // namespace gigapi
