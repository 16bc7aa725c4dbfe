#include "lake/flusher.h"

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/path.h"
#include "base/thread.h"
#include "base/uuid.h"
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

DroppedName DroppedNameOf(const DataFile& file) { return {.layer = file.layer->name(), .name = NameOf(file.key)}; }

}  // namespace

Flusher::Flusher(const LakeOptions& options, JsonCatalog* catalog, LakeState* state, Admission* admission,
                 DropLog* drops, TableRemover* remover, wal::WalWriter* wal)
    : options_(options),
      catalog_(catalog),
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
    LookAround();
  }
}

void Flusher::LookAround() {
  remover_->RemoveFiles();
  for (const auto& partition : Plan()) (void)Flush(partition.get());  // Failed() has told and will retry
  std::vector<std::shared_ptr<Partition>> crumbled;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ForEachBusyPartition([&](Partition* partition) {
      if (partition->buffer.chunks().size() >= kSmallChunksMax) crumbled.push_back(Pin(partition));
    });
  }
  for (const auto& partition : crumbled) GatherSmallChunks(partition.get());
  RemoveDroppedFiles();
  TidyDropQueues();
  admission_->Expire(SteadyNanos());
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
      if (buffer.empty()) return;
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
                             [&](size_t i) { return Flush(partitions[i].get()); });
}

Status Flusher::Flush(Partition* partition) {
  // A dropped table of the same name must not be found with the new files, nor take them with it.
  Status ready = remover_->RemoveFromCatalog();
  if (ready.ok()) ready = drops_->EnsureCommitted();
  const std::lock_guard flushing(partition->flush_mutex);
  std::vector<BufferedChunk> chunks;
  std::vector<std::shared_ptr<FlushWaiter>> waiters;
  SchemaPtr schema;
  uint64_t sequence = 0;
  {
    const std::lock_guard lock(state_->mutex);
    if (partition->table->dropped) return Status::OK();
    chunks = partition->buffer.chunks();
    waiters.swap(partition->waiters);
    schema = partition->table->schema;
    // Every record up to here has been applied, so the chunks are all that the partition has of them.
    sequence = state_->applied_sequence;
  }
  if (chunks.empty()) return Status::OK();

  const auto flush = [&]() -> Status {
    ARROW_RETURN_NOT_OK(ready);
    ARROW_ASSIGN_OR_RAISE(DataFile written, WriteFile(partition, chunks, *schema));
    ARROW_RETURN_NOT_OK(EnsureTableMetadata(partition, schema));
    const auto file = std::make_shared<const DataFile>(std::move(written));
    const std::lock_guard committing(partition->commit_mutex);
    std::vector<DataFilePtr> files;
    {
      const std::lock_guard lock(state_->mutex);
      files = partition->files;
    }
    InsertByTime(file, &files);
    ARROW_RETURN_NOT_OK(CommitChange(partition, files, sequence, {}));
    {
      const std::lock_guard lock(state_->mutex);
      partition->files = std::move(files);
      partition->flushed_sequence = sequence;
      partition->buffer.RemoveFirst(chunks.size(), SteadyNanos());
      partition->flush_failures = 0;
      state_->Changed(partition->table);
    }
    ++flushes;
    flushed_rows += file->rows;
    flushed_bytes += file->size_bytes;
    LOG_DEBUG("flushed", "database={} table={} partition={} rows={} bytes={}", partition->table->database,
              partition->table->name, HivePath(partition->key), file->rows, file->size_bytes);
    return Status::OK();
  };
  const Status flushed = flush();
  if (!flushed.ok()) Failed(partition, flushed);
  for (const auto& waiter : waiters) {
    if (!flushed.ok()) {
      if (waiter->partitions.exchange(0) > 0) {
        waiter->done(Error(ErrorKind::kUnavailable, "the rows could not be written to a file: the disk is full or failing"));
      }
    } else if (waiter->partitions.fetch_sub(1) == 1) {
      waiter->done(Status::OK());
    }
  }
  if (!flushed.ok()) return flushed;
  ReleaseLog();
  int64_t bytes = 0;
  for (const BufferedChunk& chunk : chunks) bytes += static_cast<int64_t>(chunk.bytes);
  chunks.clear();
  admission_->Adjust(-bytes);
  return Status::OK();
}

Result<DataFile> Flusher::WriteFile(Partition* partition, const std::vector<BufferedChunk>& chunks,
                                    const TableSchema& schema) {
  std::vector<ColumnBatchPtr> batches;
  batches.reserve(chunks.size());
  for (const BufferedChunk& chunk : chunks) batches.push_back(chunk.rows);
  ARROW_ASSIGN_OR_RAISE(const ColumnBatch sorted, SortChunks(schema, batches));
  const LayerPtr& layer = options_.layers.front();
  std::string key = partition->path + "/" + ParquetFileName(NewUuid(), 1);
  const auto write = [&]() -> Result<DataFile> {
    ARROW_ASSIGN_OR_RAISE(auto object, layer->Create(key));
    return WriteParquet(std::move(object), schema, sorted, {.effort = ParquetEffort::kFast});
  };
  auto written = write();
  if (!written.ok()) {
    (void)layer->Remove(key);  // it may be there although the answer said otherwise
    return written.status();
  }
  DataFile file = *std::move(written);
  file.id = NewDataFileId();
  file.layer = layer;
  file.key = std::move(key);
  file.partition = partition->key;
  file.level = 1;
  file.created_ns = WallNanos();
  file.in_layer_since_ns = file.created_ns;
  file.min_sequence = chunks.front().first_sequence;
  file.max_sequence = chunks.back().last_sequence;
  return file;
}

Status Flusher::EnsureTableMetadata(Partition* partition, const SchemaPtr& schema) {
  Table* const table = partition->table;
  const auto columns = static_cast<int64_t>(schema->size());
  {
    const std::lock_guard lock(state_->mutex);
    if (table->committed_columns >= columns) return Status::OK();
  }
  const std::lock_guard committing(table->commit_mutex);
  ARROW_RETURN_NOT_OK(catalog_->CommitTable(table->path, table->name, *schema));
  const std::lock_guard lock(state_->mutex);
  table->committed_columns = std::max(table->committed_columns, columns);
  return Status::OK();
}

Status Flusher::CommitChange(Partition* partition, const std::vector<DataFilePtr>& files, uint64_t flushed_sequence,
                             const std::vector<DataFilePtr>& dropped) {
  PartitionMetadata metadata{.table = partition->table->name, .wal_sequence = flushed_sequence, .files = files};
  {
    const std::lock_guard lock(state_->mutex);
    for (const DroppedFile& waiting : partition->drop_queue) metadata.drop_queue.push_back(DroppedNameOf(*waiting.file));
  }
  for (const DataFilePtr& file : dropped) metadata.drop_queue.push_back(DroppedNameOf(*file));
  ARROW_RETURN_NOT_OK(catalog_->CommitPartition(partition->path, metadata));
  const std::lock_guard lock(state_->mutex);
  partition->listed_drops = metadata.drop_queue.size();
  return Status::OK();
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
    change = -static_cast<int64_t>(partition->buffer.bytes());
    partition->buffer.ReplaceChunks(first, small.size(), rows);
    change += static_cast<int64_t>(partition->buffer.bytes());
    state_->Changed(partition->table);
  }
  admission_->Adjust(change);
}

void Flusher::RemoveDroppedFiles() {
  const int64_t now = SteadyNanos();
  std::vector<DataFilePtr> files;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ForEachBusyPartition([&](Partition* partition) {
      auto& queue = partition->drop_queue;
      // Only the queue still holds the file: no snapshot reads it, and none can begin to.
      while (!queue.empty() && queue.front().remove_after_ns <= now && queue.front().file.use_count() == 1) {
        files.push_back(std::move(queue.front().file));
        queue.pop_front();
        partition->tidy_at_ns = now + options_.drop_delay_ms * kNanosPerMilli;
      }
    });
  }
  for (const DataFilePtr& file : files) {
    const Status removed = file->layer->Remove(file->key);
    if (!removed.ok()) LOG_WARN("a replaced file could not be removed", "reason=\"{}\"", removed.message());
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
    const std::lock_guard committing(partition->commit_mutex);
    std::vector<DataFilePtr> files;
    uint64_t flushed_sequence = 0;
    {
      const std::lock_guard lock(state_->mutex);
      if (partition->table->dropped) continue;
      files = partition->files;
      flushed_sequence = partition->flushed_sequence;
      partition->tidy_at_ns = now + kRetryNanosMax;  // should it fail
    }
    const Status tidied = CommitChange(partition.get(), files, flushed_sequence, {});
    if (!tidied.ok()) LOG_WARN("names of removed files stay in metadata.json for now", "reason=\"{}\"", tidied.message());
  }
}

}  // namespace gigapi
