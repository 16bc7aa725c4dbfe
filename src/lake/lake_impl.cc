#include "lake/lake_impl.h"

#include <algorithm>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/path.h"
#include "storage/hive_path.h"
#include "wal/wal_record.h"

namespace gigapi {
namespace {

/// Each takes some kilobytes in memory and a file of its own: a body of a row for each of a million hours would keep memory
/// and disk busy for hours.
constexpr size_t kPartitionsPerWriteMax = 100'000;

class DatabaseSchemas final : public SchemaSource {
 public:
  DatabaseSchemas(LakeState* state, std::string_view database) : state_(state), database_(database) {}
  SchemaPtr FindSchema(std::string_view table) const override {
    const std::lock_guard lock(state_->mutex);
    const Table* const found = state_->FindTable(database_, table);
    return found ? found->schema : nullptr;
  }

 private:
  LakeState* const state_;
  const std::string database_;
};

/// What the catalog has to take before rows may be acknowledged. Wants the state's lock.
std::vector<TableGrowth> UncommittedOf(const std::vector<TableGrowth>& growth) {
  std::vector<TableGrowth> uncommitted;
  std::ranges::copy_if(growth, std::back_inserter(uncommitted), [](const TableGrowth& each) {
    const Table& table = *each.table;
    const bool is_committed = table.committed_columns >= static_cast<int64_t>(table.schema->size());
    return !each.columns.empty() || !is_committed;
  });
  return uncommitted;
}

int64_t BytesOf(const std::vector<TableRows>& tables) {
  int64_t bytes = 0;
  for (const TableRows& table : tables) bytes += static_cast<int64_t>(table.rows.MemoryBytes());
  return bytes;
}

}  // namespace

/// A write on its way.
struct LakeImpl::Prepared {
  std::string database;
  std::vector<TableRows> tables;
  int64_t bytes = 0;  // taken from the admission
  int64_t rows = 0;
  uint64_t drop_epoch = 0;  // in which the rows were found to fit
  uint64_t forget_epoch = 0;
  WriteDone done;
};

LakeImpl::LakeImpl(LakeOptions options, std::string node, std::unique_ptr<Catalog> catalog, LakeLocks locks, FileSystem* fs)
    : options_(std::move(options)),
      fs_(fs),
      locks_(std::move(locks)),
      catalog_(std::move(catalog)),
      admission_(options_.buffer_bytes_max, options_.buffer_bytes_max / 2, options_.buffer_wait_ms_max),
      drops_(fs, options_.root),
      remover_(catalog_.get(), &state_, &admission_),
      columns_(catalog_.get(), &state_, &remover_, options_.buffer_wait_ms_max),
      committer_(
          catalog_.get(), &state_, &admission_, std::move(node), options_.drop_delay_ms,
          [members = options_.membership] { return members ? members->CheckHasName() : Status::OK(); },
          [this] { return position_ ? position_->KeepFall() : Status::OK(); }) {
  if (catalog_->is_shared()) state_.SetDropDelay(options_.drop_delay_ms * kNanosPerMilli);
  state_.keeps_fallen_back = catalog_->is_shared() && options_.accepts_writes && !options_.read_only;
}

LakeImpl::~LakeImpl() { (void)Close(); }

Status LakeImpl::Close() {
  if (std::exchange(closed_, true)) return Status::OK();
  if (checkpoints_) checkpoints_->Stop();
  if (follower_) follower_->Stop();
  columns_.Stop();
  if (options_.membership) options_.membership->Stop();
  if (options_.read_only || !flusher_) return Status::OK();
  flusher_->Stop();
  if (wal_) wal_->Close();
  const Status flushed = flusher_->FlushAll();
  while (remover_.RemoveFiles()) {
  }
  admission_.Expire(INT64_MAX);
  if (options_.membership && flushed.ok() && is_recovered_) options_.membership->Leave();
  return flushed;
}

Status LakeImpl::CreateDatabase(std::string_view database) {
  if (options_.read_only || !options_.accepts_writes) return Error(ErrorKind::kForbidden, "this node takes no rows");
  const std::lock_guard turn(request_mutex_);
  {
    const std::lock_guard dropping(drop_mutex_);
    ARROW_RETURN_NOT_OK(drops_.Recreate(database));
  }
  // One of the name that was dropped must not take it with it.
  ARROW_RETURN_NOT_OK(remover_.RemoveFromCatalog());
  {
    const std::lock_guard lock(state_.mutex);
    ARROW_RETURN_NOT_OK(state_.EnsureDatabase(database));
  }
  const std::lock_guard directories(state_.directories_mutex);
  return catalog_->CreateDatabase(database);
}

std::shared_ptr<const SchemaSource> LakeImpl::Schemas(std::string_view database) {
  return std::make_shared<DatabaseSchemas>(&state_, database);
}

Status LakeImpl::CheckHealth() const {
  if (options_.membership) ARROW_RETURN_NOT_OK(options_.membership->CheckHasName());
  return wal_ ? wal_->failure() : Status::OK();
}

Status LakeImpl::CheckWritable() const {
  if (options_.read_only || !options_.accepts_writes) return Error(ErrorKind::kForbidden, "this node takes no rows");
  return CheckHealth();
}

void LakeImpl::Write(std::string_view database, WriteBatch batch, WriteDone done) {
  // Before it makes tables and columns for rows that cannot be kept.
  if (Status writable = CheckWritable(); !writable.ok()) return done(std::move(writable));
  if (batch.tables.empty()) return done(Status::OK());
  if (LieInMorePartitionsThan(kPartitionsPerWriteMax, batch.tables)) {
    return done(
        Errorf(ErrorKind::kTooLarge, "rows in more than {} hours in one request; send it in parts", kPartitionsPerWriteMax));
  }
  Status fits;
  uint64_t drop_epoch = 0;
  uint64_t forget_epoch = 0;
  std::vector<TableGrowth> uncommitted;
  {
    const std::lock_guard lock(state_.mutex);
    fits = Guarded([&] {
      const auto growth = state_.PlanGrowth(database, batch.tables);
      if (growth.ok() && catalog_->is_shared()) uncommitted = UncommittedOf(*growth);
      if (growth.ok() && uncommitted.empty()) state_.Grow(*growth, &batch.tables);
      return growth.status();
    });
    drop_epoch = state_.drop_epoch;
    forget_epoch = state_.forget_epoch;
  }
  if (!fits.ok()) return done(std::move(fits));
  if (!uncommitted.empty()) {
    auto again = [this, database = std::string(database), batch = std::make_shared<WriteBatch>(std::move(batch)),
                  done = std::move(done)](Status committed) mutable {
      if (!committed.ok()) return done(std::move(committed));
      Write(database, std::move(*batch), std::move(done));
    };
    return columns_.Commit(std::move(uncommitted), std::move(again));
  }
  auto prepared = std::make_shared<Prepared>();
  prepared->database = database;
  prepared->tables = std::move(batch.tables);
  prepared->bytes = BytesOf(prepared->tables);
  prepared->rows = batch.accepted_rows;
  prepared->drop_epoch = drop_epoch;
  prepared->forget_epoch = forget_epoch;
  prepared->done = std::move(done);
  const int64_t bytes = prepared->bytes;
  admission_.Acquire(bytes, SteadyNanos(), [this, prepared = std::move(prepared)](Status admitted) mutable {
    if (admitted.ok()) return WriteAdmitted(std::move(prepared));
    flusher_->Wake();
    prepared->done(std::move(admitted));
  });
}

/// Ends a write that has come through the gate without its rows.
void LakeImpl::GiveUp(const Prepared& prepared, Status reason) {
  gate_.Leave();
  admission_.Adjust(-prepared.bytes);
  prepared.done(std::move(reason));
}

void LakeImpl::WriteAdmitted(std::shared_ptr<Prepared> prepared) {
  if (!gate_.Enter([this, prepared] { WriteAdmitted(prepared); })) return;
  uint64_t drop_epoch = 0;
  {
    const std::lock_guard lock(state_.mutex);
    drop_epoch = state_.drop_epoch;
  }
  if (drop_epoch != prepared->drop_epoch) {
    return GiveUp(*prepared, Error(ErrorKind::kConflict, "a table was dropped by another request"));
  }
  if (!wal_) {
    Status fits;
    {
      // Without a log the order is that of this lock; applying is part of it, so that no flush sees a gap.
      const std::lock_guard lock(state_.mutex);
      fits = FitAgain(prepared.get());
      int64_t buffered_bytes = 0;
      if (fits.ok()) {
        fits = Apply(prepared->database, std::move(prepared->tables), state_.applied_sequence + 1, &buffered_bytes).status();
      }
      if (fits.ok()) {
        rows_written_ += prepared->rows;
        prepared->bytes -= buffered_bytes;
      }
    }
    if (!fits.ok()) return GiveUp(*prepared, std::move(fits));
    gate_.Leave();
    admission_.Adjust(-prepared->bytes);
    return prepared->done(Status::OK());
  }
  Result<PodVector<char>> record =
      Guarded([&]() -> Result<PodVector<char>> { return wal::EncodeRecord(prepared->database, prepared->tables); });
  if (!record.ok()) return GiveUp(*prepared, record.status());
  wal_->Append(*std::move(record), [this, prepared = std::move(prepared)](Status kept, uint64_t sequence) {
    if (kept.ok()) return Committed(prepared, sequence);
    GiveUp(*prepared, std::move(kept));
  });
}

/// Another node may have dropped a table since the rows were found to fit; what comes after the drop makes it anew. Wants
/// the state's lock.
Status LakeImpl::FitAgain(Prepared* prepared) {
  if (state_.forget_epoch == prepared->forget_epoch) return Status::OK();
  return state_.FitSchemas(prepared->database, &prepared->tables);
}

void LakeImpl::Committed(const std::shared_ptr<Prepared>& prepared, uint64_t sequence) {
  int64_t buffered_bytes = 0;
  bool full = false;
  const bool wait_for_flush = options_.durability == Durability::kFlush;
  {
    std::unique_lock lock(state_.mutex);
    Result<std::vector<Partition*>> applied = Guarded([&]() -> Result<std::vector<Partition*>> {
      ARROW_RETURN_NOT_OK(FitAgain(prepared.get()));
      return Apply(prepared->database, std::move(prepared->tables), sequence, &buffered_bytes);
    });
    if (!applied.ok()) {
      // The log has them: they may come back with a restart, as after any answer that says so.
      state_.applied_sequence = sequence;
      lock.unlock();
      return GiveUp(*prepared, Error(ErrorKind::kUnavailable, applied.status().message()));
    }
    const std::vector<Partition*>& partitions = *applied;
    for (const Partition* partition : partitions) {
      full |= static_cast<int64_t>(partition->buffer.bytes()) >= options_.flush_partition_bytes;
    }
    if (wait_for_flush) {
      auto waiter = std::make_shared<FlushWaiter>();
      waiter->partitions = static_cast<int>(partitions.size());
      waiter->done = std::move(prepared->done);
      for (Partition* partition : partitions) partition->waiters.push_back(waiter);
    }
  }
  gate_.Leave();
  rows_written_ += prepared->rows;
  admission_.Adjust(buffered_bytes - prepared->bytes);
  if (full) flusher_->Wake();
  if (!wait_for_flush) prepared->done(Status::OK());
}

Result<std::vector<Partition*>> LakeImpl::Apply(std::string_view database, std::vector<TableRows> tables, uint64_t sequence,
                                                int64_t* buffered_bytes) {
  // What takes memory comes before the first row is visible: rows are applied as a whole.
  std::vector<std::vector<PartitionRows>> parts;
  ARROW_RETURN_NOT_OK(Guarded([&] {
    for (TableRows& rows : tables) parts.push_back(SplitByPartition(std::move(rows.rows)));
    return Status::OK();
  }));
  std::vector<Partition*> touched;
  const int64_t now = SteadyNanos();
  for (size_t i = 0; i < tables.size(); ++i) {
    Table* const table = state_.FindTable(database, tables[i].table);
    for (PartitionRows& part : parts[i]) {
      Partition* const partition = state_.EnsurePartition(table, part.partition);
      if (sequence <= partition->flushed_sequence) continue;  // replay: the rows are in a file
      const size_t before = partition->buffer.bytes();
      partition->buffer.Append(std::move(part.rows), sequence, now);
      state_.MarkBusy(partition);
      *buffered_bytes += static_cast<int64_t>(partition->buffer.bytes() - before);
      touched.push_back(partition);
    }
    state_.Changed(table);
  }
  state_.applied_sequence = sequence;
  return touched;
}

Status LakeImpl::FlushAll() { return options_.read_only ? Status::OK() : flusher_->FlushAll(); }

LakeSnapshotPtr LakeImpl::Snapshot() {
  const std::lock_guard lock(state_.mutex);
  return state_.Snapshot();
}

std::vector<PartitionFiles> LakeImpl::ListPartitions() {
  std::vector<PartitionFiles> list;
  const std::lock_guard lock(state_.mutex);
  state_.ForEachPartition([&](Partition* partition) {
    std::vector<DataFilePtr> files;
    std::ranges::copy_if(partition->files, std::back_inserter(files),
                         [](const DataFilePtr& file) { return !file->is_elsewhere; });
    if (files.empty()) return;
    list.push_back({partition->table->database, partition->table->name, partition->table->schema, partition->key,
                    partition->path, std::move(files)});
  });
  return list;
}

namespace {

/// The files without the inputs; fewer than files.size() - inputs.size() are missing when an input was not there.
std::vector<DataFilePtr> Without(std::vector<DataFilePtr> files, const std::vector<DataFilePtr>& inputs) {
  std::erase_if(files,
                [&](const DataFilePtr& file) { return std::find(inputs.begin(), inputs.end(), file) != inputs.end(); });
  return files;
}

}  // namespace

Result<std::shared_ptr<Partition>> LakeImpl::FindPartition(const CatalogKey& key) {
  const std::lock_guard lock(state_.mutex);
  Table* const table = state_.FindTable(key.database, key.table);
  if (table == nullptr) return Error(ErrorKind::kConflict, "the table is gone");
  const auto found = table->partitions.find(*key.partition);
  if (found == table->partitions.end()) return Error(ErrorKind::kConflict, "the partition is gone");
  return Pin(found->second.get());
}

/// nullopt: nobody else could have it.
std::optional<MaintenanceLease> LakeImpl::OwnLease() const {
  if (!options_.membership) return std::nullopt;
  return MaintenanceLease{.node = committer_.node(), .epoch = options_.membership->epoch()};
}

Status LakeImpl::LeasePartition(const PartitionFiles& listed) {
  const auto own = OwnLease();
  if (!own) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto partition, FindPartition(listed.Key()));
  const Membership& members = *options_.membership;
  const auto take = [&](PartitionEdit* edit) -> Status {
    if (!members.HoldsLease()) return Error(ErrorKind::kUnavailable, "other nodes may take this one for dead");
    if (edit->lease && edit->lease != own && members.IsAlive(edit->lease->node, edit->lease->epoch)) {
      return Error(ErrorKind::kConflict, "another node works on the partition");
    }
    edit->lease = own;
    return Status::OK();
  };
  return committer_.Commit(partition.get(), take, [&] { ++partition->lease_holders; });
}

namespace {

/// Of a commit that ends the work of one thread under the lease.
void GiveLeaseBack(const Partition& partition, PartitionEdit* edit) {
  if (partition.lease_holders <= 1) edit->lease.reset();
}

/// Wants commit_mutex.
void EndWork(Partition* partition) { partition->lease_holders = std::max(0, partition->lease_holders - 1); }

}  // namespace

/// Which also ends when the commit fails.
Status LakeImpl::CommitAtEndOfWork(Partition* partition, const PartitionCommitter::MakeEdit& make_edit) {
  Status committed = committer_.Commit(partition, make_edit, [&] { EndWork(partition); });
  if (committed.ok()) return committed;
  const std::lock_guard committing(partition->commit_mutex);
  EndWork(partition);
  return committed;
}

Status LakeImpl::ReturnPartition(const PartitionFiles& listed) {
  const auto own = OwnLease();
  if (!own) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto partition, FindPartition(listed.Key()));
  const auto give_back = [&](PartitionEdit* edit) -> Status {
    if (edit->lease != own) return Error(ErrorKind::kConflict, "another node works on the partition");
    GiveLeaseBack(*partition, edit);
    return Status::OK();
  };
  return CommitAtEndOfWork(partition.get(), give_back);
}

std::vector<LeasedPartition> LakeImpl::ListLeases() {
  std::vector<LeasedPartition> leases;
  const std::lock_guard lock(state_.mutex);
  state_.ForEachPartition([&](Partition* partition) {
    if (!partition->lease) return;
    leases.push_back({partition->table->database, partition->table->name, partition->key, *partition->lease});
  });
  return leases;
}

Status LakeImpl::ReplaceFiles(const PartitionFiles& listed, const std::vector<DataFilePtr>& inputs,
                              std::vector<DataFile> outputs) {
  const auto found = FindPartition(listed.Key());
  if (!found.ok()) {
    for (const DataFile& output : outputs) (void)output.layer->Remove(output.key);
    return found.status();
  }
  const std::shared_ptr<Partition>& partition = *found;
  std::vector<DataFilePtr> added;
  for (DataFile& output : outputs) {
    if (output.id == 0) output.id = NewDataFileId();
    added.push_back(std::make_shared<const DataFile>(std::move(output)));
  }

  const auto own = OwnLease();
  const auto replace = [&](PartitionEdit* edit) -> Status {
    // A node that was paused finds here that its work is another one's by now: who took it has changed the version.
    if (own && (edit->lease != own || !options_.membership->HoldsLease())) {
      return Error(ErrorKind::kConflict, "the partition is no longer leased to this node");
    }
    GiveLeaseBack(*partition, edit);
    const size_t before = edit->files.size();
    edit->files = Without(std::move(edit->files), inputs);
    if (edit->files.size() + inputs.size() != before) {
      return Error(ErrorKind::kConflict, "a file to replace is no longer in its partition");
    }
    for (const DataFilePtr& file : added) InsertByTime(file, &edit->files);
    edit->dropped = inputs;
    return Status::OK();
  };
  Status replaced = CommitAtEndOfWork(partition.get(), replace);
  // After any other failure the catalog may have them.
  if (!replaced.ok() && KindOf(replaced) == ErrorKind::kConflict) {
    for (const DataFilePtr& file : added) committer_.GiveUp(partition.get(), file);
  }
  return replaced;
}

void LakeImpl::GiveUpFile(const PartitionFiles& listed, DataFile file) {
  const auto partition = FindPartition(listed.Key());
  if (partition.ok()) committer_.GiveUp(partition->get(), std::make_shared<const DataFile>(std::move(file)));
  else (void)file.layer->Remove(file.key);
}

LakeMetrics LakeImpl::metrics() const {
  LakeMetrics metrics;
  metrics.rows_written_total = rows_written_;
  if (wal_) {
    const wal::WalMetrics wal = wal_->metrics();
    metrics.wal_bytes_total = wal.bytes_total;
    metrics.wal_syncs_total = wal.syncs_total;
    metrics.wal_disk_bytes = wal.disk_bytes;
    metrics.wal_failed = wal.failed;
  }
  if (flusher_) {
    metrics.flushes_total = flusher_->flushes;
    metrics.flush_failures_total = flusher_->failures;
    metrics.flushed_rows_total = flusher_->flushed_rows;
    metrics.flushed_bytes_total = flusher_->flushed_bytes;
  }
  const std::lock_guard lock(state_.mutex);
  for (const auto& [database, tables] : state_.databases()) {
    metrics.tables += static_cast<int64_t>(tables.size());
    for (const auto& [name, table] : tables) {
      for (const auto& [key, partition] : table->partitions) {
        metrics.buffered_rows += partition->buffer.rows();
        metrics.buffered_bytes += static_cast<int64_t>(partition->buffer.bytes());
        metrics.files += static_cast<int64_t>(partition->files.size());
        metrics.drop_queue_files += static_cast<int64_t>(partition->drop_queue.size());
        for (const DroppedFile& dropped : partition->drop_queue) {
          metrics.drop_queue_bytes[dropped.file->layer->name()] += dropped.file->size_bytes;
        }
      }
    }
  }
  return metrics;
}

}  // namespace gigapi
