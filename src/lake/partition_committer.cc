#include "lake/partition_committer.h"

#include <algorithm>
#include <map>

#include "base/clock.h"
#include "base/path.h"

namespace gigapi {
namespace {

/// Each of them means that another node was faster.
constexpr int kAttemptsMax = 50;

/// Whether the catalog has lost commits that this node knew of: what it has of a log only grows.
bool HasFallenBack(const WalSequences& known, const WalSequences& loaded) {
  return std::ranges::any_of(known, [&](const auto& each) { return SequenceOf(loaded, each.first) < each.second; });
}

bool IsListed(const std::vector<DataFilePtr>& files, const DataFile& file) {
  return std::ranges::any_of(files,
                             [&](const DataFilePtr& each) { return each->layer == file.layer && each->key == file.key; });
}

/// What was dropped by a commit that the catalog has lost may be needed again: where its rows went is not listed now. While
/// an hour is not there at all, it may have fallen back or its table may be dropped, as will be told.
void KeepWhatIsNeededAgain(const LoadedPartition& loaded, Partition* partition) {
  const bool has_fallen_back = HasFallenBack(partition->wal_sequences, loaded.metadata.wal_sequences);
  if (!loaded.version.empty()) {
    partition->unsure_drops.clear();
  } else if (has_fallen_back) {
    std::ranges::move(partition->drop_queue, std::back_inserter(partition->unsure_drops));
  }
  if (has_fallen_back) partition->drop_queue.clear();
  std::erase_if(partition->drop_queue,
                [&](const DroppedFile& dropped) { return IsListed(partition->files, *dropped.file); });
}

DroppedName DroppedNameOf(const DataFile& file) { return {.layer = file.layer->name(), .name = NameOf(file.key)}; }

}  // namespace

uint64_t PartitionCommitter::FlushedSequence(const PartitionMetadata& metadata) const {
  return std::max(SequenceOf(metadata.wal_sequences, {}), SequenceOf(metadata.wal_sequences, node_));
}

PartitionMetadata PartitionCommitter::MetadataOf(const Partition& partition, const PartitionEdit& edit) const {
  PartitionMetadata metadata{
      .table = partition.table->name, .wal_sequences = edit.wal_sequences, .files = edit.files, .lease = edit.lease};
  if (edit.flushed_sequence > 0) metadata.wal_sequences[node_] = edit.flushed_sequence;
  for (const DroppedFile& waiting : partition.drop_queue) metadata.drop_queue.push_back(DroppedNameOf(*waiting.file));
  for (const DataFilePtr& file : edit.dropped) metadata.drop_queue.push_back(DroppedNameOf(*file));
  return metadata;
}

Status PartitionCommitter::Commit(Partition* partition, const MakeEdit& make_edit, const OnCommitted& on_committed) {
  const std::lock_guard committing(partition->commit_mutex);
  for (int attempt = 1;; ++attempt) {
    ARROW_RETURN_NOT_OK(may_commit_());
    if (partition->is_in_doubt) ARROW_RETURN_NOT_OK(RefreshLocked(partition));
    // What this commit says of the node's log hides from its next run that the catalog lacks files.
    if (partition->has_fallen_back) ARROW_RETURN_NOT_OK(keep_fall_());
    partition->has_fallen_back = false;
    PartitionEdit edit;
    {
      const std::lock_guard lock(state_->mutex);
      if (partition->table->dropped) return Error(ErrorKind::kConflict, "the table is gone");
      edit.files = partition->files;
      edit.flushed_sequence = partition->flushed_sequence;
      edit.wal_sequences = partition->wal_sequences;
      edit.lease = partition->lease;
    }
    ARROW_RETURN_NOT_OK(make_edit(&edit));
    // An hour without files is nothing to make: another node has dropped its table, of which this one has not heard.
    if (catalog_->is_shared() && partition->version.empty() && edit.files.empty()) {
      return Error(ErrorKind::kConflict, "the catalog has nothing of the hour");
    }
    PartitionMetadata metadata;
    {
      const std::lock_guard lock(state_->mutex);
      metadata = MetadataOf(*partition, edit);
    }
    auto version = catalog_->CommitPartition(partition->path, metadata, partition->version);
    if (!version.ok()) {
      partition->is_in_doubt = catalog_->is_shared();
      const bool try_again = catalog_->is_shared() && KindOf(version.status()) == ErrorKind::kConflict;
      if (!try_again || attempt == kAttemptsMax) return version.status();
      continue;
    }
    partition->version = *std::move(version);
    int64_t freed_bytes = 0;
    {
      const std::lock_guard lock(state_->mutex);
      partition->files = std::move(edit.files);
      partition->flushed_sequence = edit.flushed_sequence;
      partition->wal_sequences = std::move(metadata.wal_sequences);
      partition->lease = std::move(metadata.lease);
      partition->listed_drops = metadata.drop_queue.size();
      const int64_t remove_after = SteadyNanos() + drop_delay_ms_ * kNanosPerMilli;
      for (DataFilePtr& file : edit.dropped) partition->drop_queue.push_back({std::move(file), remove_after});
      state_->MarkBusy(partition);
      state_->FilesChanged(partition);
      freed_bytes = RemoveFlushed(partition);
      if (on_committed) on_committed();
    }
    admission_->Adjust(-freed_bytes);
    return Status::OK();
  }
}

void PartitionCommitter::GiveUp(Partition* partition, const DataFilePtr& file) {
  const auto drop = [&](PartitionEdit* edit) -> Status {
    if (IsListed(edit->files, *file)) return Error(ErrorKind::kCancelled, "the catalog names it");
    edit->dropped = {file};
    return Status::OK();
  };
  if (catalog_->is_shared()) (void)Commit(partition, drop, nullptr);
  {
    const std::lock_guard lock(state_->mutex);
    if (catalog_->is_shared() && !partition->table->dropped) return;
    if (IsListed(partition->files, *file)) return;
  }
  (void)file->layer->Remove(file->key);
}

Status PartitionCommitter::Refresh(Partition* partition) {
  const std::lock_guard committing(partition->commit_mutex);
  return RefreshLocked(partition);
}

Result<bool> PartitionCommitter::RefreshUnless(Partition* partition, const std::string& version) {
  const std::lock_guard committing(partition->commit_mutex);
  if (!partition->is_in_doubt && !version.empty() && partition->version == version) return true;
  ARROW_RETURN_NOT_OK(RefreshLocked(partition));
  const std::lock_guard lock(state_->mutex);
  const TableSchema& schema = *partition->table->schema;
  for (const DataFilePtr& file : partition->files) {
    for (const ColumnStats& column : file->columns) {
      if (!schema.Find(column.name)) return false;
    }
  }
  return true;
}

Status PartitionCommitter::RefreshLocked(Partition* partition) {
  ARROW_ASSIGN_OR_RAISE(LoadedPartition loaded, catalog_->GetPartition(partition->table->path, partition->key));
  int64_t freed_bytes = 0;
  {
    const std::lock_guard lock(state_->mutex);
    // What there is now belongs to another table of the name.
    if (partition->table->dropped) return Status::OK();
    freed_bytes = TakeOver(std::move(loaded), partition);
  }
  admission_->Adjust(-freed_bytes);
  return Status::OK();
}

/// Answers the bytes of buffered rows that turn out to be in files: of a commit of this node whose answer was lost.
int64_t PartitionCommitter::TakeOver(LoadedPartition loaded, Partition* partition) {
  // Files that are known keep their identity: caches and merges go by it.
  std::map<std::pair<const Layer*, std::string_view>, DataFilePtr> known;
  for (const DataFilePtr& file : partition->files) known[{file->layer.get(), file->key}] = file;
  std::vector<DataFilePtr> files = std::move(loaded.metadata.files);
  for (DataFilePtr& file : files) {
    const auto found = known.find({file->layer.get(), file->key});
    if (found != known.end()) file = found->second;
  }
  std::stable_sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a->min_time < b->min_time; });
  partition->files = std::move(files);
  const uint64_t known_sequence = FlushedSequence(loaded.metadata);
  // It only ever rises, unless the catalog lost what it had or the table was dropped.
  if (known_sequence < partition->flushed_sequence) {
    partition->has_fallen_back = true;
    state_->FellBack(partition);
  }
  partition->flushed_sequence = std::max(partition->flushed_sequence, known_sequence);
  KeepWhatIsNeededAgain(loaded, partition);
  partition->wal_sequences = std::move(loaded.metadata.wal_sequences);
  partition->lease = std::move(loaded.metadata.lease);
  partition->version = std::move(loaded.version);
  partition->is_in_doubt = false;
  state_->FilesChanged(partition);
  return RemoveFlushed(partition);
}

/// Rows leave the buffer in the step in which their files come. Answers their bytes.
int64_t PartitionCommitter::RemoveFlushed(Partition* partition) {
  const int64_t bytes_before = static_cast<int64_t>(partition->buffer.bytes());
  const auto& chunks = partition->buffer.chunks();
  const auto kept = std::find_if(chunks.begin(), chunks.end(), [&](const BufferedChunk& chunk) {
    return chunk.last_sequence > partition->flushed_sequence;
  });
  if (kept != chunks.begin()) partition->buffer.RemoveFirst(static_cast<size_t>(kept - chunks.begin()), SteadyNanos());
  return bytes_before - static_cast<int64_t>(partition->buffer.bytes());
}

}  // namespace gigapi
