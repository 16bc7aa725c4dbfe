// How a lake comes up: the catalog says which files there are, the log has what is not in them yet.
#include <algorithm>
#include <filesystem>

#include "base/clock.h"
#include "base/file_identity.h"
#include "base/log.h"
#include "base/path.h"
#include "base/uuid.h"
#include "catalog/catalog_key.h"
#include "catalog/guarded_catalog.h"
#include "catalog/json_catalog.h"
#include "catalog/store_catalog.h"
#include "lake/catalog_lock.h"
#include "lake/lake_impl.h"
#include "lake/leftover_check.h"
#include "object_store/journal_feed.h"
#include "storage/hive_path.h"
#include "wal/wal_reader.h"
#include "wal/wal_record.h"

namespace gigapi {
namespace {

constexpr int kReadOnlyAttempts = 5;
/// Longer than it takes to find out what files an hour has.
constexpr int64_t kHeldNs = 60 * kNanosPerSecond;
constexpr int64_t kRecentFileNs = 600 * kNanosPerSecond;

std::string PrivateDirectory(const std::string& root) { return root + "/.gigapi"; }
std::string LockPath(const std::string& root) { return PrivateDirectory(root) + "/lock"; }
std::string NodePath(const std::string& root) { return PrivateDirectory(root) + "/node"; }
std::string WalDirectory(const std::string& root) { return PrivateDirectory(root) + "/wal"; }

/// Makes the folders that this process keeps for itself, and takes them.
Result<std::unique_ptr<FileLock>> TakeRoot(const std::string& root, FileSystem* fs) {
  ARROW_ASSIGN_OR_RAISE(const bool exists, fs->Exists(root));
  ARROW_RETURN_NOT_OK(fs->CreateDirectories(WalDirectory(root)));
  if (!exists) ARROW_RETURN_NOT_OK(fs->SyncDirectory(ParentOf(root)));
  ARROW_RETURN_NOT_OK(fs->SyncDirectory(PrivateDirectory(root)));
  ARROW_RETURN_NOT_OK(fs->SyncDirectory(root));
  return fs->Lock(LockPath(root));
}

/// The name of this root's log: made once, kept with it.
Result<std::string> NodeOf(const std::string& root, FileSystem* fs) {
  const std::string path = NodePath(root);
  ARROW_ASSIGN_OR_RAISE(const bool exists, fs->Exists(path));
  if (!exists) ARROW_RETURN_NOT_OK(ReplaceFile(fs, path, NewUuid()));
  return ReadWholeFile(fs, path);
}

}  // namespace

namespace {

std::unique_ptr<Catalog> MakeLocalCatalog(const std::vector<LayerPtr>& layers, FileSystem* fs) {
  return std::make_unique<JsonCatalog>(fs, *layers.front()->local_directory(), layers);
}

}  // namespace

Result<std::unique_ptr<Lake>> Lake::Open(LakeOptions options, FileSystem* fs) {
  // Snapshots name files by absolute paths, whatever the working folder is later.
  options.root = std::filesystem::absolute(options.root).lexically_normal().string();
  while (options.root.size() > 1 && options.root.ends_with('/')) options.root.pop_back();
  if (options.layers.empty()) options.layers.push_back(MakeLocalLayer(fs, options.root));
  LakeLocks locks;
  if (!options.read_only) {
    auto root = TakeRoot(options.root, fs);
    if (options.shared_catalog && KindOf(root.status()) == ErrorKind::kUnavailable) {
      return Errorf(ErrorKind::kUnavailable, "{}; each node that shares a lake needs a root of its own",
                    root.status().message());
    }
    ARROW_RETURN_NOT_OK(root.status());
    locks.root = *std::move(root);
    if (!options.shared_catalog) {
      ARROW_ASSIGN_OR_RAISE(locks.catalog, LockCatalogFolder(fs, options.root, *options.layers.front()->local_directory()));
    }
  }
  if (options.shared_catalog || !options.read_only) {
    ARROW_ASSIGN_OR_RAISE(options.has_run_before, fs->Exists(NodePath(options.root)));
    ARROW_ASSIGN_OR_RAISE(options.node, NodeOf(options.root, fs));
  }
  // A catalog of one process alone knows only one log.
  std::string node = options.shared_catalog ? options.node : std::string();
  std::unique_ptr<Catalog> catalog;
  ChangeNote note;
  if (options.shared_catalog) {
    if (!options.catalog_feed) {
      auto journal = std::make_shared<JournalFeed>(options.shared_catalog,
                                                   JournalOptions{.prefix = std::string(kJournalPrefix), .node = node});
      note = [journal](const std::string& key) { journal->Note(key); };
      options.catalog_feed = std::move(journal);
    }
    catalog =
        MakeGuardedCatalog(MakeStoreCatalog(options.shared_catalog, options.layers, node, note, options.find_peer_layer),
                           options.shared_catalog, options.layers);
  } else {
    catalog = MakeLocalCatalog(options.layers, fs);
  }
  if (options.membership && !options.read_only) {
    ARROW_ASSIGN_OR_RAISE(const auto segments, fs->List(WalDirectory(options.root)));
    const std::string root = FileIdentity(LockPath(options.root));
    ARROW_RETURN_NOT_OK(options.membership->Join(node, root, !segments.empty(), note));
  }
  auto lake = std::make_unique<LakeImpl>(std::move(options), std::move(node), std::move(catalog), std::move(locks), fs);
  ARROW_RETURN_NOT_OK(lake->Recover());
  return lake;
}

Status ForgetLog(const std::string& root, FileSystem* fs) {
  ARROW_ASSIGN_OR_RAISE(const auto lock, TakeRoot(root, fs));
  const std::string directory = WalDirectory(root);
  const auto visit = [](uint64_t, std::string_view) { return Status::OK(); };
  ARROW_ASSIGN_OR_RAISE(auto contents, wal::ReadWal(fs, directory, visit, [](uint64_t, uint64_t) {}));
  const uint64_t last = contents.last_sequence;
  ARROW_ASSIGN_OR_RAISE(const auto log, wal::WalWriter::Open(fs, {.directory = directory}, std::move(contents), last + 1));
  log->Release(last);
  log->Close();
  return log->LeaveNothing();
}

Status LakeImpl::Recover() {
  ARROW_RETURN_NOT_OK(options_.read_only ? RecoverReadOnly() : RecoverForWriting());
  is_recovered_ = true;
  return Status::OK();
}

Status LakeImpl::RecoverForWriting() {
  ARROW_RETURN_NOT_OK(drops_.Load(DroppedFilesUntilNs()));
  if (options_.catalog_feed) {
    if (state_.keeps_fallen_back && options_.catalog_feed->TellsFallBacks()) {
      position_ = std::make_unique<CatalogPosition>(fs_, PrivateDirectory(options_.root) + "/catalog_position");
    }
    follower_ = std::make_unique<CatalogFollower>(catalog_.get(), options_.catalog_feed.get(), &state_, &committer_,
                                                  options_.membership.get(), position_.get());
    ARROW_RETURN_NOT_OK(follower_->Begin());
  }
  ARROW_ASSIGN_OR_RAISE(const CatalogContents contents, catalog_->Load(drops_.list()));
  ARROW_RETURN_NOT_OK(RemoveLeftovers(contents));
  if (options_.accepts_writes) {
    ARROW_ASSIGN_OR_RAISE(drops_of_catalog_, catalog_->DropsOf(committer_.node()));
  }
  ARROW_ASSIGN_OR_RAISE(const auto first_sequence, wal::FirstSequence(fs_, WalDirectory(options_.root)));
  {
    const std::lock_guard lock(state_.mutex);
    if (first_sequence) state_.applied_sequence = *first_sequence - 1;
  }
  ARROW_RETURN_NOT_OK(LoadCatalog(contents));

  // The log may hold more than fits into memory. What is flushed meanwhile is what has most rows: a log of many tables and
  // hours would else become very many small files.
  const int64_t buffered_bytes_high = options_.buffer_bytes_max / 4 * 3;
  flusher_ = std::make_unique<Flusher>(options_, catalog_.get(), &committer_, &columns_, &state_, &admission_, &drops_,
                                       &remover_, nullptr);
  const int64_t started = SteadyNanos();
  const auto replay = [this, buffered_bytes_high](uint64_t sequence, std::string_view payload) -> Status {
    ARROW_RETURN_NOT_OK(Replay(payload, sequence));
    return admission_.used_bytes() > buffered_bytes_high ? flusher_->ShrinkTo(buffered_bytes_high / 2) : Status::OK();
  };
  const auto progress = [this](uint64_t done, uint64_t total) {
    if (options_.replay_progress) options_.replay_progress(done, total);
  };
  ARROW_ASSIGN_OR_RAISE(auto wal_contents, wal::ReadWal(fs_, WalDirectory(options_.root), replay, progress));
  const int64_t buffered = metrics().buffered_rows;
  if (buffered > 0 || wal_contents.last_sequence > 0) {
    LOG_INFO("replayed the write-ahead log", "rows_buffered={} last_sequence={} ms={}", buffered, wal_contents.last_sequence,
             (SteadyNanos() - started) / kNanosPerMilli);
  }
  return StartWal(std::move(wal_contents));
}

/// Under Durability::kNone nothing was promised, and there is no log to compare with.
Status LakeImpl::RemoveLeftovers(const CatalogContents& contents) {
  if (!catalog_->is_shared() && options_.durability != Durability::kNone) {
    ARROW_ASSIGN_OR_RAISE(const auto first_sequence, wal::FirstSequence(fs_, WalDirectory(options_.root)));
    const LogRemains log{.node = options_.node, .first_sequence = first_sequence};
    ARROW_RETURN_NOT_OK(CheckLeftovers(fs_, *options_.layers.front()->local_directory(), contents, log));
  }
  return catalog_->RemoveLeftovers(contents);
}

Status LakeImpl::StartWal(wal::WalContents contents) {
  {
    // Sequences go on above every one that was ever given, also when the log itself is gone. They begin above 0, which
    // stands for no record: a drop before the first record would else hide nothing.
    const std::lock_guard lock(state_.mutex);
    state_.SetLimits({options_.databases_max, options_.tables_per_database_max, options_.columns_per_table_max});
    state_.applied_sequence = std::max({uint64_t{1}, state_.applied_sequence, contents.last_sequence, drops_.max_sequence(),
                                        drops_of_catalog_.max_sequence()});
    state_.ForEachPartition([&](Partition* partition) {
      state_.applied_sequence = std::max(state_.applied_sequence, partition->flushed_sequence);
    });
    // Files have sequences, too, that a shared catalog may have lost; without a log nothing else tells of them.
    if (catalog_->is_shared() && options_.has_run_before && contents.segments.empty()) {
      state_.applied_sequence = std::max(state_.applied_sequence, static_cast<uint64_t>(WallNanos() / kNanosPerMicro));
    }
    const bool had_records = contents.last_sequence > 0;
    state_.ForEachPartition([&](Partition* partition) {
      if (!had_records) partition->buffered_after = state_.applied_sequence;
      if (!catalog_->is_shared()) return;
      partition->unsure_sequence = state_.applied_sequence;
      // Files that the catalog does not name may have rows of the log's lost start and of what was replayed of it.
      const bool may_lack_files = partition->flushed_sequence < partition->buffered_after;
      if (!may_lack_files || partition->buffer.empty() || !state_.keeps_fallen_back) return;
      state_.FellBack(partition);
      partition->held_until_ns = SteadyNanos() + kHeldNs;
    });
  }
  if (options_.durability != Durability::kNone) {
    wal::WalOptions wal_options{.directory = WalDirectory(options_.root),
                                .segment_bytes = static_cast<uint64_t>(options_.wal_segment_bytes),
                                .sync = options_.durability == Durability::kFsync};
    ARROW_ASSIGN_OR_RAISE(
        wal_, wal::WalWriter::Open(fs_, std::move(wal_options), std::move(contents), state_.applied_sequence + 1));
  } else {
    // What an earlier run with a log left there is brought into files now: nobody would look after it later.
    ARROW_RETURN_NOT_OK(flusher_->FlushAll());
    for (const auto& segment : contents.segments) ARROW_RETURN_NOT_OK(fs_->Remove(segment.path));
  }
  flusher_ = std::make_unique<Flusher>(options_, catalog_.get(), &committer_, &columns_, &state_, &admission_, &drops_,
                                       &remover_, wal_.get());
  flusher_->ReleaseLog();
  flusher_->Start();
  if (catalog_->is_shared() && options_.accepts_writes) columns_.Start();
  if (follower_) follower_->Start();
  if (catalog_->is_shared() && options_.checkpoint_interval_ms > 0) {
    checkpoints_ = std::make_unique<CheckpointKeeper>(catalog_.get(), options_.checkpoint_interval_ms);
  }
  return Status::OK();
}

/// Beside a running server the log is read before the catalog: rows that it flushes meanwhile are then in both, and the
/// partition's sequence tells. A segment that is written over meanwhile shows as a gap: try again.
Status LakeImpl::RecoverReadOnly() {
  Status read;
  for (int attempt = 0; attempt < kReadOnlyAttempts; ++attempt) {
    std::vector<std::pair<uint64_t, std::string>> records;
    const auto keep = [&](uint64_t sequence, std::string_view payload) {
      records.emplace_back(sequence, payload);
      return Status::OK();
    };
    read = wal::ReadWal(fs_, WalDirectory(options_.root), keep, [](uint64_t, uint64_t) {}).status();
    if (!read.ok()) continue;
    read = drops_.Load(DroppedFilesUntilNs());
    if (!read.ok()) continue;
    auto contents = catalog_->Load(drops_.list());
    read = contents.status();
    if (!read.ok()) continue;
    ARROW_RETURN_NOT_OK(LoadCatalog(*contents));
    for (const auto& [sequence, payload] : records) ARROW_RETURN_NOT_OK(Replay(payload, sequence));
    return Status::OK();
  }
  return read;
}

Status LakeImpl::LoadCatalog(const CatalogContents& contents) {
  const std::lock_guard lock(state_.mutex);
  for (const std::string& database : contents.databases) ARROW_RETURN_NOT_OK(state_.EnsureDatabase(database));
  for (const LoadedTable& loaded : contents.tables) {
    ARROW_ASSIGN_OR_RAISE(Table* const table, state_.EnsureTable(loaded.database, loaded.table));
    table->schema = loaded.schema;
    table->committed_columns = static_cast<int64_t>(loaded.schema->size());
    for (const LoadedPartition& from : loaded.partitions) {
      Partition* const partition = state_.EnsurePartition(table, from.key);
      partition->flushed_sequence = committer_.FlushedSequence(from.metadata);
      partition->wal_sequences = from.metadata.wal_sequences;
      partition->lease = from.metadata.lease;
      partition->version = from.version;
      if (options_.removes_replaced_files) {
        QueueAgain(from.metadata.drop_queue, partition);
        partition->listed_drops = from.metadata.drop_queue.size();
      }
      partition->tidy_at_ns = SteadyNanos() + options_.drop_delay_ms * kNanosPerMilli;
      state_.MarkBusy(partition);
      partition->files = from.metadata.files;
      // Who followed this node before its restart may not have heard of its last commits.
      const bool is_recent = std::ranges::any_of(
          partition->files, [&](const DataFilePtr& file) { return file->created_ns > WallNanos() - kRecentFileNs; });
      if (catalog_->is_shared() && is_recent) partition->flushed_at_ns = SteadyNanos();
      std::stable_sort(partition->files.begin(), partition->files.end(),
                       [](const auto& a, const auto& b) { return a->min_time < b->min_time; });
      state_.FilesChanged(partition);
    }
    state_.Changed(table);
  }
  return Status::OK();
}

/// What lies beside a catalog of this process alone was removed with all that a crash may leave; the rest waits once more.
void LakeImpl::QueueAgain(const std::vector<DroppedName>& dropped, Partition* partition) {
  for (const DroppedName& name : dropped) {
    const LayerPtr layer = FindLayer(options_.layers, name.layer);
    if (layer == nullptr || (layer == options_.layers.front() && !catalog_->is_shared())) continue;
    auto file = std::make_shared<DataFile>();
    file->id = NewDataFileId();
    file->layer = layer;
    file->key = partition->path + "/" + name.name;
    partition->drop_queue.push_back({std::move(file), SteadyNanos() + options_.drop_delay_ms * kNanosPerMilli});
  }
}

Status LakeImpl::Replay(std::string_view payload, uint64_t sequence) {
  ARROW_ASSIGN_OR_RAISE(wal::DecodedRecord record, wal::DecodeRecord(payload));
  // Also for their schemas, which may contradict those of tables that were made later under the same names. What the catalog
  // says was also in files that went when a backup was restored.
  std::erase_if(record.tables, [&](const TableRows& rows) {
    return sequence <= std::max(drops_.DroppedUpTo(record.database, rows.table),
                                drops_of_catalog_.DroppedUpTo(record.database, rows.table));
  });
  int64_t buffered_bytes = 0;
  std::vector<TableRows> fitting, refused;
  {
    const std::lock_guard lock(state_.mutex);
    for (TableRows& rows : record.tables) {
      std::vector<TableRows> alone(1);
      alone[0] = std::move(rows);
      const Status fits = state_.FitSchemas(record.database, &alone);
      if (!fits.ok() && KindOf(fits) != ErrorKind::kConflict) return fits;
      if (!fits.ok() && AreInFiles(record.database, alone[0], sequence)) continue;
      if (!fits.ok()) {
        LOG_ERROR("rows of the write-ahead log do not fit their table any more and are left out",
                  "database={} rows={} sequence={} reason=\"{}\"", record.database, alone[0].rows.rows(), sequence,
                  fits.message());
      }
      (fits.ok() ? fitting : refused).push_back(std::move(alone[0]));
    }
    ARROW_RETURN_NOT_OK(Apply(record.database, std::move(fitting), sequence, &buffered_bytes).status());
  }
  admission_.Adjust(buffered_bytes);
  return refused.empty() || options_.read_only ? Status::OK() : SetAside(record.database, refused, sequence);
}

/// Wants the state's lock.
bool LakeImpl::AreInFiles(std::string_view database, const TableRows& rows, uint64_t sequence) {
  const Table* const table = state_.FindTable(database, rows.table);
  if (table == nullptr) return false;
  return std::ranges::all_of(rows.rows.time, [&](int64_t time_ns) {
    const auto partition = table->partitions.find(PartitionKey::Of(time_ns));
    return partition != table->partitions.end() && sequence <= partition->second->flushed_sequence;
  });
}

/// Rows that no table can take and that may have been acknowledged: the log lets go of them, and nobody else has them.
Status LakeImpl::SetAside(std::string_view database, const std::vector<TableRows>& rows, uint64_t sequence) {
  const std::string directory = PrivateDirectory(options_.root) + "/refused";
  ARROW_RETURN_NOT_OK(fs_->CreateDirectories(directory));
  ARROW_RETURN_NOT_OK(fs_->SyncDirectory(ParentOf(directory)));
  const std::string path = directory + "/" + std::to_string(sequence);
  const PodVector<char> record = wal::EncodeRecord(database, rows);
  ARROW_RETURN_NOT_OK(ReplaceFile(fs_, path, std::string_view(record.data(), record.size())));
  LOG_ERROR("they are kept as a record of the log", "file={}", path);
  return Status::OK();
}

}  // namespace gigapi
