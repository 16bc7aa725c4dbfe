#include "backup/backup_job.h"

#include <atomic>
#include <map>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/uuid.h"
#include "storage/file_copy.h"
#include "storage/hive_path.h"
#include "storage/parquet_file.h"

namespace gigapi {
namespace {

constexpr int kAttemptsMax = 3;
const std::string kFiles = BackupKey("");
/// They mostly wait for stores.
constexpr size_t kCopyThreads = 4;

/// A file to be, and where in the manifest it goes.
struct Task {
  TableSnapshotPtr table;
  DataFilePtr file;      // nullptr: rows in memory
  MemoryPartPtr memory;  // nullptr: a file
  BackupTable* to = nullptr;
  size_t index = 0;

  PartitionKey partition() const { return file ? file->partition : memory->partition; }
};

struct KnownFile {
  int64_t size_bytes = 0;
  uint32_t crc32c = 0;
};

class Job {
 public:
  Job(const BackupPlace& place, const BackupHooks& hooks) : place_(place), hooks_(hooks) {}

  /// What need not be copied: what the newest backup has, and lies there as it says.
  Status LearnKnownFiles() {
    ARROW_ASSIGN_OR_RAISE(const auto ids, place_.List());
    if (ids.empty()) return Status::OK();
    const auto read = place_.Read(ids.back());
    if (!read.ok()) {
      if (KindOf(read.status()) == ErrorKind::kUnavailable) return read.status();
      LOG_WARN("the newest backup cannot be read: every file is copied", "reason=\"{}\"", read.status().message());
      return Status::OK();
    }
    const BackupManifest& newest = *read;
    std::map<std::string, int64_t> sizes;
    ARROW_ASSIGN_OR_RAISE(const auto objects, ListAll(place_.store(), kFiles));
    for (const ObjectInfo& object : objects) sizes[object.key] = static_cast<int64_t>(object.size_bytes);
    for (const auto& [database, tables] : newest.databases) {
      for (const auto& [name, table] : tables) {
        for (const BackupFile& each : table.files) {
          const auto found = sizes.find(each.file->key);
          if (found == sizes.end() || found->second != each.file->size_bytes) continue;
          known_[each.file->key] = {each.file->size_bytes, each.crc32c};
        }
      }
    }
    return Status::OK();
  }

  Result<BackupManifest> CopyAll(const LakeSnapshot& snapshot, int64_t created_ns) {
    BackupManifest manifest;
    manifest.created_ns = created_ns;
    manifest.id = NewBackupId(created_ns);
    std::vector<Task> tasks = Plan(snapshot, &manifest);
    Status failure;
    (void)ForEachConcurrently(tasks.size(), kCopyThreads, "backup", [&](size_t i) {
      const Status done = failed_ ? Status::OK() : Carry(tasks[i]);
      // The first one is the reason; what it makes others give up is not.
      if (!done.ok() && !failed_.exchange(true)) failure = done;
      return done;
    });
    ARROW_RETURN_NOT_OK(failure);
    return manifest;
  }

 private:
  std::vector<Task> Plan(const LakeSnapshot& snapshot, BackupManifest* manifest) {
    std::vector<Task> tasks;
    progress_ = {};
    failed_ = false;
    for (const auto& [database, tables] : snapshot.databases) {
      auto& backup_tables = manifest->databases[database];
      for (const auto& [name, table] : tables) AddTasks(table, &backup_tables[name], &tasks);
    }
    return tasks;
  }

  /// Both lists of the snapshot are in the order of partitions.
  void AddTasks(const TableSnapshotPtr& table, BackupTable* to, std::vector<Task>* tasks) {
    to->schema = table->schema;
    size_t index = 0;
    auto memory = table->memory.begin();
    const auto add_memory_before = [&](const DataFilePtr& file) {
      for (; memory != table->memory.end() && (!file || (*memory)->partition < file->partition); ++memory) {
        if ((*memory)->rows > 0) tasks->push_back({table, nullptr, *memory, to, index++});
      }
    };
    for (const DataFilePtr& file : table->files) {
      add_memory_before(file);
      tasks->push_back({table, file, nullptr, to, index++});
      progress_.bytes_total += file->size_bytes;
    }
    add_memory_before(nullptr);
    to->files.resize(index);
    progress_.files_total += static_cast<int64_t>(index);
  }

  Status Carry(const Task& task) {
    if (hooks_.is_cancelled()) return Error(ErrorKind::kCancelled, "cancelled");
    // Each task has an element of its own.
    BackupFile* const out = &task.to->files[task.index];
    return task.file ? CarryFile(*task.file, out) : WriteRows(task, out);
  }

  Status CarryFile(const DataFile& file, BackupFile* out) {
    if (!file.IsReachable()) {
      return Errorf(ErrorKind::kUnavailable, "{} lies on the disk of node {}, which is not asked: GIGAPI_FRESH_READS is off",
                    file.key, file.node);
    }
    auto copy = std::make_shared<DataFile>(file);
    copy->key = BackupKey(file.key);
    std::optional<KnownFile> known = Known(copy->key);
    const bool is_there = known && known->size_bytes == file.size_bytes;
    if (!is_there) {
      ARROW_ASSIGN_OR_RAISE(const auto object, place_.store()->Create(copy->key));
      known = KnownFile{file.size_bytes, 0};
      ARROW_ASSIGN_OR_RAISE(known->crc32c, CopyContent(file, object.get(), [this](int64_t bytes) {
                              Advance(0, bytes, true);
                              return !hooks_.is_cancelled() && !failed_;
                            }));
      ARROW_RETURN_NOT_OK(object->Commit());
      const std::lock_guard lock(mutex_);
      known_[copy->key] = *known;
    }
    *out = {std::move(copy), known->crc32c};
    Advance(1, is_there ? file.size_bytes : 0, !is_there);
    return Status::OK();
  }

  Status WriteRows(const Task& task, BackupFile* out) {
    const TableSchema& schema = *task.table->schema;
    ARROW_ASSIGN_OR_RAISE(const ColumnBatch sorted, SortChunks(schema, task.memory->chunks));
    const std::string path = PartitionPath(TablePath(task.table->database, task.table->table), task.memory->partition);
    const std::string key = BackupKey(path + "/" + ParquetFileName(NewUuid(), 1));
    ARROW_ASSIGN_OR_RAISE(auto object, place_.store()->Create(key));
    ARROW_ASSIGN_OR_RAISE(DataFile written, WriteParquet(std::make_unique<ChecksumWriter>(std::move(object), &out->crc32c),
                                                         schema, sorted, {.effort = ParquetEffort::kFast}));
    written.id = NewDataFileId();
    written.key = key;
    written.partition = task.memory->partition;
    written.created_ns = written.oldest_in_layer_ns = written.newest_in_layer_ns = WallNanos();
    Advance(1, 0, true);
    out->file = std::make_shared<const DataFile>(std::move(written));
    return Status::OK();
  }

  std::optional<KnownFile> Known(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(key);
    return found == known_.end() ? std::nullopt : std::optional(found->second);
  }

  void Advance(int64_t files, int64_t bytes, bool copied) {
    const std::lock_guard lock(mutex_);
    progress_.files_done += files;
    progress_.bytes_done += bytes;
    if (copied) {
      progress_.files_copied += files;
      progress_.bytes_copied += bytes;
    }
    hooks_.on_progress(progress_);
  }

  const BackupPlace& place_;
  const BackupHooks& hooks_;
  std::atomic<bool> failed_{false};
  std::mutex mutex_;  // for what is below
  std::map<std::string, KnownFile> known_;
  BackupProgress progress_;
};

}  // namespace

BackupSource SourceOf(Lake* lake) {
  return {.flush = [lake] { return lake->FlushAll(); },
          .snapshot = [lake]() -> Result<LakeSnapshotPtr> { return lake->Snapshot(); }};
}

Result<BackupManifest> RunBackup(const BackupPlace& place, const BackupSource& source, const BackupHooks& hooks) {
  Job job(place, hooks);
  ARROW_RETURN_NOT_OK(job.LearnKnownFiles());
  const Status swept = place.RemoveUnfinished();
  if (!swept.ok()) LOG_WARN("unfinished uploads stay in the place of backups", "reason=\"{}\"", swept.message());
  for (int attempt = 1;; ++attempt) {
    const int64_t created_ns = WallNanos();
    ARROW_ASSIGN_OR_RAISE(const LakeSnapshotPtr snapshot, source.snapshot());
    Result<BackupManifest> manifest = job.CopyAll(*snapshot, created_ns);
    const bool try_again = !manifest.ok() && KindOf(manifest.status()) == ErrorKind::kNotFound && attempt < kAttemptsMax;
    if (try_again) {
      LOG_INFO("a file went while it was backed up: beginning again", "reason=\"{}\"", manifest.status().message());
      continue;
    }
    ARROW_RETURN_NOT_OK(manifest);
    ARROW_RETURN_NOT_OK(place.Write(*manifest));
    return manifest;
  }
}

}  // namespace gigapi
