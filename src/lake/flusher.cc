#include "lake/flusher.h"

#include <algorithm>
#include <map>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/path.h"
#include "base/thread.h"
#include "base/uuid.h"
#include "lake/file_removal.h"
#include "storage/hive_path.h"
#include "storage/parquet_file.h"

namespace gigapi {
namespace {

constexpr auto kLookAroundInterval = std::chrono::milliseconds(100);
constexpr int64_t kRetryNanosFirst = kNanosPerSecond;
constexpr int64_t kRetryNanosMax = 30 * kNanosPerSecond;
/// Chunks below so many rows are gathered once there are so many of them.
constexpr size_t kSmallChunkRows = 512;
constexpr size_t kSmallChunksMax = 64;
/// Of those that are asked for all at once. Each takes the memory of one sorted partition.
constexpr size_t kConcurrentFlushesMax = 4;
/// Of those that nothing but names of removed files asks for, in one look around.
constexpr size_t kTidyCommitsMax = 8;
/// A flush begins anew only after a commit whose answer was lost.
constexpr int kFlushAttemptsMax = 5;

}  // namespace

Flusher::Flusher(const LakeOptions& options, Catalog* catalog, PartitionCommitter* committer, ColumnCommitter* columns,
                 LakeState* state, Admission* admission, DropLog* drops, TableRemover* remover, wal::WalWriter* wal)
    : options_(options),
      catalog_(catalog),
      committer_(committer),
      columns_(columns),
      state_(state),
      admission_(admission),
      drops_(drops),
      remover_(remover),
      wal_(wal) {}

Flusher::~Flusher() { Stop(); }

void Flusher::Start() {
  thread_ = StartThread("flush", [this] { Run(); });
}

void Flusher::Stop() {
  {
    const std::lock_guard lock(wake_mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Flusher::Wake() {
  const std::lock_guard lock(wake_mutex_);
  woken_ = true;
  wake_.notify_one();
}

void Flusher::Run() {
  while (true) {
    {
      std::unique_lock lock(wake_mutex_);
      wake_.wait_for(lock, kLookAroundInterval, [this] { return woken_ || stopping_; });
      if (stopping_) return;
      woken_ = false;
    }
    LogExceptions("a flush", [this] { LookAround(); });
  }
}

void Flusher::LookAround() {
  remover_->RemoveFiles();
  const auto due = Plan();
  // Failed() has told and will retry.
  if (options_.layers.front()->local_directory()) {
    for (const auto& partition : due) (void)FlushInTurn(partition.get());
  } else {
    (void)FlushConcurrently(due);
  }
  std::vector<std::shared_ptr<Partition>> crumbled;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ForEachBusyPartition([&](Partition* partition) {
      if (partition->buffer.chunks().size() >= kSmallChunksMax) crumbled.push_back(Pin(partition));
    });
  }
  for (const auto& partition : crumbled) GatherSmallChunks(partition.get());
  ReleaseLog();  // rows that were dropped, or turned out to be in a file, are in no flush
  if (catalog_->is_shared()) CommitColumns();
  RemoveDroppedFiles();
  TidyDropQueues();
  admission_->Expire(SteadyNanos());
  columns_->Expire(SteadyNanos());
}

std::vector<std::shared_ptr<Partition>> Flusher::Plan() {
  return Plan({
      .interval_ns = options_.flush_interval_ms * kNanosPerMilli,
      .partition_bytes = options_.flush_partition_bytes,
      .waiters_interval_ns = std::min<int64_t>(options_.flush_interval_ms, 1'000) * kNanosPerMilli,
      // Flushing starts before writers have to wait.
      .total_bytes_high = options_.buffer_bytes_max / 2,
      .wal_bytes_high = options_.wal_bytes_max,
  });
}

std::vector<std::shared_ptr<Partition>> Flusher::Plan(const FlushPolicy& policy) {
  const int64_t now = SteadyNanos();
  const FlushPressure pressure{
      .total_bytes = admission_->used_bytes(),
      .wal_bytes = wal_ ? wal_->metrics().needed_bytes : 0,
  };
  std::vector<std::shared_ptr<Partition>> partitions;
  std::vector<FlushCandidate> candidates;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ForEachBusyPartition([&](Partition* partition) {
      const PartitionBuffer& buffer = partition->buffer;
      if (buffer.empty() || partition->held_until_ns > now) return;
      candidates.push_back({.index = partitions.size(),
                            .bytes = static_cast<int64_t>(buffer.bytes()),
                            .age_ns = now - buffer.oldest_ns(),
                            .first_sequence = buffer.first_sequence(),
                            .has_waiters = !partition->waiters.empty(),
                            .retry_in_ns = partition->flush_retry_at_ns - now});
      partitions.push_back(Pin(partition));
    });
  }
  std::vector<std::shared_ptr<Partition>> plan;
  for (const size_t index : PlanFlushes(std::move(candidates), policy, pressure)) plan.push_back(partitions[index]);
  return plan;
}

Status Flusher::FlushAll() {
  std::vector<std::shared_ptr<Partition>> partitions;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ForEachBusyPartition([&](Partition* partition) {
      if (!partition->buffer.empty()) partitions.push_back(Pin(partition));
    });
  }
  return FlushConcurrently(partitions);
}

Status Flusher::ShrinkTo(int64_t buffered_bytes) {
  constexpr int64_t kNever = INT64_MAX;
  return FlushConcurrently(Plan({.interval_ns = kNever,
                                 .partition_bytes = kNever,
                                 .waiters_interval_ns = kNever,
                                 .total_bytes_high = buffered_bytes,
                                 .wal_bytes_high = kNever}));
}

/// Most of the time of a small flush is waiting for syncs, and a disk syncs many files in little more time than one.
Status Flusher::FlushConcurrently(const std::vector<std::shared_ptr<Partition>>& partitions) {
  return ForEachConcurrently(partitions.size(), kConcurrentFlushesMax, "flush",
                             [&](size_t i) { return FlushInTurn(partitions[i].get()); });
}

/// What one flush takes out of the buffer.
struct Flusher::Batch {
  std::vector<BufferedChunk> chunks;
  std::vector<std::shared_ptr<FlushWaiter>> waiters;
  SchemaPtr schema;
  uint64_t sequence = 0;          // the rows are those of all records up to here,
  uint64_t after = 0;             // after this one
  uint64_t flushed_sequence = 0;  // as it was known then
};

/// A round of many partitions may take long, on a slow disk: who waits for room must not wait for its end.
Status Flusher::FlushInTurn(Partition* partition) {
  const Status flushed = Flush(partition);
  admission_->Expire(SteadyNanos());
  return flushed;
}

Status Flusher::Flush(Partition* partition) {
  for (int attempt = 0; attempt < kFlushAttemptsMax; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(const bool done, FlushOnce(partition));
    if (done) return Status::OK();
  }
  const Status gave_up = Error(ErrorKind::kUnavailable, "the catalog changes too fast");
  Failed(partition, gave_up);
  return gave_up;
}

/// False: some of the rows turned out to be in a file already, of a commit whose answer was lost; the rest is to be flushed.
Result<bool> Flusher::FlushOnce(Partition* partition) {
  // A dropped table of the same name must not be found with the new files, nor take them with it.
  Status flushed = remover_->RemoveFromCatalog();
  if (flushed.ok()) flushed = drops_->EnsureCommitted();
  const std::lock_guard flushing(partition->flush_mutex);
  Batch batch;
  {
    const std::lock_guard lock(state_->mutex);
    if (partition->table->dropped) return true;
    batch.chunks = partition->buffer.chunks();
    batch.waiters.swap(partition->waiters);
    batch.schema = partition->table->schema;
    // Every record up to here has been applied, so the chunks are all that the partition has of them.
    batch.sequence = state_->applied_sequence;
    batch.flushed_sequence = partition->flushed_sequence;
    // A catalog that has fallen back may know of less than the log has let go of: the file must not claim that.
    batch.after = std::max(partition->flushed_sequence, partition->buffered_after);
    partition->unsure_sequence = batch.sequence;
  }
  if (batch.chunks.empty() && batch.waiters.empty()) return true;
  if (flushed.ok() && !batch.chunks.empty()) {
    flushed = Guarded([&] { return WriteAndCommit(partition, batch); });
  }
  const bool begin_again = !flushed.ok() && KindOf(flushed) == ErrorKind::kCancelled;
  if (begin_again) {
    const std::lock_guard lock(state_->mutex);
    partition->waiters.insert(partition->waiters.end(), batch.waiters.begin(), batch.waiters.end());
    return false;
  }
  if (!flushed.ok()) Failed(partition, flushed);
  for (const auto& waiter : batch.waiters) {
    if (!flushed.ok()) {
      if (waiter->partitions.exchange(0) > 0) {
        waiter->done(Error(ErrorKind::kUnavailable, "the rows could not be written to a file: the disk is full or failing"));
      }
    } else if (waiter->partitions.fetch_sub(1) == 1) {
      waiter->done(Status::OK());
    }
  }
  ARROW_RETURN_NOT_OK(flushed);
  ReleaseLog();
  return true;
}

/// kCancelled: the buffer is no longer what the batch was taken from.
Status Flusher::WriteAndCommit(Partition* partition, const Batch& batch) {
  ARROW_ASSIGN_OR_RAISE(const SchemaPtr schema, columns_->CommitNow(partition->table, batch.schema));
  ARROW_ASSIGN_OR_RAISE(DataFile written, WriteFile(partition, batch, *schema));
  const auto file = std::make_shared<const DataFile>(std::move(written));
  const auto add_file = [&](PartitionEdit* edit) -> Status {
    if (edit->flushed_sequence != batch.flushed_sequence) return Error(ErrorKind::kCancelled, "begin again");
    InsertByTime(file, &edit->files);
    edit->flushed_sequence = batch.sequence;
    return Status::OK();
  };
  const auto on_committed = [&] {
    partition->flush_failures = 0;
    partition->flushed_at_ns = SteadyNanos();
  };
  const Status committed = committer_->Commit(partition, add_file, on_committed);
  // After any other failure the catalog may have it.
  const bool was_refused = KindOf(committed) == ErrorKind::kCancelled || KindOf(committed) == ErrorKind::kConflict;
  if (!committed.ok() && was_refused) committer_->GiveUp(partition, file);
  ARROW_RETURN_NOT_OK(committed);
  ++flushes;
  flushed_rows += file->rows;
  flushed_bytes += file->size_bytes;
  LOG_DEBUG("flushed", "database={} table={} partition={} rows={} bytes={}", partition->table->database,
            partition->table->name, HivePath(partition->key), file->rows, file->size_bytes);
  return Status::OK();
}

Result<DataFile> Flusher::WriteFile(Partition* partition, const Batch& batch, const TableSchema& schema) {
  std::vector<ColumnBatchPtr> batches;
  batches.reserve(batch.chunks.size());
  for (const BufferedChunk& chunk : batch.chunks) batches.push_back(chunk.rows);
  ARROW_ASSIGN_OR_RAISE(const ColumnBatch sorted, SortChunks(schema, batches));
  const LayerPtr& layer = options_.layers.front();
  std::string key = partition->path + "/" + ParquetFileName(NewUuid(), 1);
  const int64_t created_ns = WallNanos();
  FileProvenance provenance{
      .database = partition->table->database,
      .table = partition->table->name,
      .partition = partition->key,
      .node = options_.node,
      .created_ns = created_ns,
      .layer = layer->name(),
      .oldest_in_layer_ns = created_ns,
      .newest_in_layer_ns = created_ns,
      .min_sequence = batch.chunks.front().first_sequence,
      .max_sequence = batch.chunks.back().last_sequence,
  };
  AddRange({batch.after, batch.sequence}, &provenance.logs[options_.node]);
  const auto write = [&]() -> Result<DataFile> {
    ARROW_ASSIGN_OR_RAISE(auto object, layer->Create(key));
    return WriteParquet(std::move(object), schema, sorted, {.effort = ParquetEffort::kFast, .provenance = &provenance});
  };
  auto written = Guarded(write);
  if (!written.ok()) {
    // It may be there although the answer said otherwise.
    committer_->GiveUp(partition, std::make_shared<const DataFile>(DataFile{.layer = layer, .key = key}));
    return written.status();
  }
  DataFile file = *std::move(written);
  file.id = NewDataFileId();
  file.layer = layer;
  file.key = std::move(key);
  if (catalog_->is_shared() && !layer->is_global() && layer->local_directory()) file.node = committer_->node();
  file.partition = partition->key;
  file.level = 1;
  file.created_ns = created_ns;
  file.oldest_in_layer_ns = file.newest_in_layer_ns = file.created_ns;
  file.min_sequence = provenance.min_sequence;
  file.max_sequence = provenance.max_sequence;
  return file;
}

void Flusher::Failed(Partition* partition, const Status& reason) {
  ++failures;
  const std::lock_guard lock(state_->mutex);
  const int64_t wait = std::min(kRetryNanosMax, kRetryNanosFirst << std::min<int64_t>(partition->flush_failures, 5));
  ++partition->flush_failures;
  partition->flush_retry_at_ns = SteadyNanos() + wait;
  LOG_ERROR("a flush failed, its rows stay in memory and in the log",
            "database={} table={} partition={} retry_in_ms={} reason=\"{}\"", partition->table->database,
            partition->table->name, HivePath(partition->key), wait / kNanosPerMilli, reason.message());
}

void Flusher::ReleaseLog() {
  if (wal_ == nullptr) return;
  uint64_t needed = 0;
  {
    const std::lock_guard lock(state_->mutex);
    needed = state_->applied_sequence + 1;
    state_->ForEachBusyPartition([&](Partition* partition) {
      if (!partition->buffer.empty()) needed = std::min(needed, partition->buffer.first_sequence());
    });
  }
  wal_->Release(needed - 1);
}

/// Rows may lie here whose table another node has dropped since they were written, or that came back from the log: until the
/// catalog has their columns, others could make them with other types.
void Flusher::CommitColumns() {
  std::map<const Table*, std::shared_ptr<Partition>> uncommitted;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ForEachBusyPartition([&](Partition* partition) {
      const Table& table = *partition->table;
      const bool is_committed = table.committed_columns >= static_cast<int64_t>(table.schema->size());
      if (!is_committed && !partition->buffer.empty()) uncommitted.try_emplace(&table, Pin(partition));
    });
  }
  if (uncommitted.empty() || !remover_->RemoveFromCatalog().ok()) return;
  for (const auto& [table, partition] : uncommitted) {
    // The table is not taken out of the catalog meanwhile.
    const std::lock_guard flushing(partition->flush_mutex);
    SchemaPtr schema;
    {
      const std::lock_guard lock(state_->mutex);
      if (table->dropped) continue;
      schema = table->schema;
    }
    (void)columns_->CommitNow(partition->table, std::move(schema));  // what fails is tried again, and by the flush
  }
}

/// Many tiny writes make many tiny chunks: gathered they take less memory and are read faster.
void Flusher::GatherSmallChunks(Partition* partition) {
  const std::lock_guard flushing(partition->flush_mutex);
  std::vector<ColumnBatchPtr> small;
  size_t first = 0;
  SchemaPtr schema;
  {
    const std::lock_guard lock(state_->mutex);
    const auto& chunks = partition->buffer.chunks();
    for (size_t i = 0; i < chunks.size(); ++i) {
      // Such a file may hold the first of these chunks and not the last: they leave the buffer one by one.
      if (chunks[i].first_sequence <= partition->unsure_sequence) continue;
      if (chunks[i].rows->rows() < kSmallChunkRows) {
        if (small.empty()) first = i;
        small.push_back(chunks[i].rows);
      } else if (small.size() < kSmallChunksMax) {
        small.clear();
      } else {
        break;
      }
    }
    schema = partition->table->schema;
  }
  if (small.size() < kSmallChunksMax) return;
  auto gathered = SortChunks(*schema, small);
  if (!gathered.ok()) return;
  const auto rows = std::make_shared<const ColumnBatch>(*std::move(gathered));
  int64_t change = 0;
  {
    const std::lock_guard lock(state_->mutex);
    // Rows that turned out to be in a file may have left meanwhile.
    const auto& chunks = partition->buffer.chunks();
    if (first >= chunks.size() || chunks[first].rows != small.front()) return;
    change = -static_cast<int64_t>(partition->buffer.bytes());
    partition->buffer.ReplaceChunks(first, small.size(), rows);
    change += static_cast<int64_t>(partition->buffer.bytes());
    state_->Changed(partition->table);
  }
  admission_->Adjust(change);
}

/// They stay in the queue until they are gone: of a file whose time was over nothing else tells that its rows are not to
/// come back, and what is needed again, as in a catalog that has fallen back, leaves the queue meanwhile.
void Flusher::RemoveDroppedFiles() {
  const int64_t now = SteadyNanos();
  std::vector<DataFilePtr> files;
  std::vector<std::shared_ptr<Partition>> owners;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ForEachBusyPartition([&](Partition* partition) {
      for (const DroppedFile& dropped : partition->drop_queue) {
        // Only the queue still holds the file: no snapshot reads it, and none can begin to.
        const bool is_removable = dropped.remove_after_ns <= now && dropped.file.use_count() == 1;
        if (!is_removable || files.size() == kRemovedFilesMax) break;
        files.push_back(dropped.file);
        owners.push_back(Pin(partition));
      }
    });
  }
  const std::vector<size_t> failed = RemoveFiles(files);
  const std::lock_guard lock(state_->mutex);
  for (size_t i = 0; i < files.size(); ++i) {
    auto& queue = owners[i]->drop_queue;
    const auto found = std::ranges::find(queue, files[i], &DroppedFile::file);
    if (found == queue.end()) continue;
    if (std::ranges::binary_search(failed, i)) {
      found->remove_after_ns = SteadyNanos() + kRemovalRetryNanos;
    } else {
      queue.erase(found);
      owners[i]->tidy_at_ns = now + options_.drop_delay_ms * kNanosPerMilli;
    }
  }
}

/// Names of removed files go from metadata.json with the next flush or merge of the hour, which costs nothing. An hour that
/// has neither for a while is committed once more, so that they do not stay for ever.
void Flusher::TidyDropQueues() {
  const int64_t now = SteadyNanos();
  std::vector<std::shared_ptr<Partition>> untidy;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ForEachBusyPartition([&](Partition* partition) {
      const bool is_due = partition->listed_drops > 0 && partition->drop_queue.empty() && partition->tidy_at_ns <= now;
      if (is_due && untidy.size() < kTidyCommitsMax) untidy.push_back(Pin(partition));
    });
  }
  for (const auto& partition : untidy) {
    {
      const std::lock_guard lock(state_->mutex);
      partition->tidy_at_ns = now + kRetryNanosMax;  // should it fail
    }
    const Status tidied = committer_->Commit(
        partition.get(), [](PartitionEdit*) { return Status::OK(); }, nullptr);
    if (tidied.ok() || KindOf(tidied) == ErrorKind::kConflict) continue;
    LOG_WARN("names of removed files stay in metadata.json for now", "reason=\"{}\"", tidied.message());
  }
}

}  // namespace gigapi
