#include "backup/restore_job.h"

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>

#include "backup/root_swap.h"
#include "base/clock.h"
#include "base/parallel.h"
#include "base/path.h"
#include "catalog/json_catalog.h"
#include "storage/file_copy.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

constexpr size_t kCopyThreads = 4;
constexpr char kPrivateName[] = ".gigapi";

Status TakenBySomebody(const std::string& root) {
  return Errorf(ErrorKind::kUnavailable, "a server or another restore has {}", root);
}

/// Holds the folder as a server does; nullptr when there is nothing that a server could have.
Result<std::unique_ptr<FileLock>> LockRoot(const std::string& root) {
  FileSystem* const fs = LocalFileSystem();
  ARROW_ASSIGN_OR_RAISE(const bool exists, fs->Exists(root + "/" + kPrivateName));
  if (!exists) return nullptr;
  auto lock = fs->Lock(root + "/" + kPrivateName + "/lock");
  if (!lock.ok() && KindOf(lock.status()) == ErrorKind::kUnavailable) return TakenBySomebody(root);
  return lock;
}

Result<bool> IsEmptyFolder(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const auto names, LocalFileSystem()->List(path));
  return names.empty();
}

class Job {
 public:
  Job(const BackupManifest& manifest, std::string staging, const BackupHooks& hooks)
      : manifest_(manifest),
        hooks_(hooks),
        layer_(MakeLocalLayer(LocalFileSystem(), staging)),
        catalog_(LocalFileSystem(), staging, {layer_}) {}

  Status Run() {
    const BackupTotals totals = TotalsOf(manifest_);
    progress_.files_total = totals.files;
    progress_.bytes_total = totals.bytes;
    std::vector<const BackupFile*> files;
    for (const auto& [database, tables] : manifest_.databases) {
      ARROW_RETURN_NOT_OK(catalog_.CreateDatabase(database));
      for (const auto& [name, table] : tables) {
        for (const BackupFile& each : table.files) files.push_back(&each);
      }
    }
    ARROW_RETURN_NOT_OK(CopyAll(files));
    for (const auto& [database, tables] : manifest_.databases) {
      for (const auto& [name, table] : tables) ARROW_RETURN_NOT_OK(Commit(database, name, table));
    }
    return Status::OK();
  }

 private:
  static std::string KeyInRoot(const DataFile& file) { return file.key.substr(BackupKey("").size()); }

  Status CopyAll(const std::vector<const BackupFile*>& files) {
    std::atomic<bool> failed{false};
    Status failure;
    (void)ForEachConcurrently(files.size(), kCopyThreads, "restore", [&](size_t i) {
      const Status done = failed ? Status::OK() : Copy(*files[i]);
      if (!done.ok() && !failed.exchange(true)) failure = done;
      return done;
    });
    return failure;
  }

  Status Copy(const BackupFile& each) {
    const DataFile& file = *each.file;
    if (hooks_.is_cancelled()) return Error(ErrorKind::kCancelled, "cancelled");
    const auto damaged = [&](std::string_view how) {
      return Errorf(ErrorKind::kInvalidArgument, "the backup is damaged: {} {}", file.key, how);
    };
    ARROW_ASSIGN_OR_RAISE(const auto out, layer_->Create(KeyInRoot(file)));
    const auto info = file.layer->store()->Head(file.key);
    if (!info.ok()) return KindOf(info.status()) == ErrorKind::kNotFound ? damaged("is missing") : info.status();
    if (static_cast<int64_t>(info->size_bytes) != file.size_bytes) return damaged("has another size");
    ARROW_ASSIGN_OR_RAISE(const uint32_t crc32c, CopyContent(file, out.get(), [this](int64_t bytes) {
                            Advance(0, bytes);
                            return !hooks_.is_cancelled();
                          }));
    if (crc32c != each.crc32c) return damaged("has another checksum");
    ARROW_RETURN_NOT_OK(out->Commit());
    Advance(1, 0);
    return Status::OK();
  }

  /// The root has a log of its own that begins at its start: no sequence of another one may be left.
  Status Commit(const std::string& database, const std::string& name, const BackupTable& table) {
    const std::string table_path = TablePath(database, name);
    ARROW_RETURN_NOT_OK(catalog_.CommitTable(table_path, name, *table.schema).status());
    const int64_t now_ns = WallNanos();
    std::map<PartitionKey, PartitionMetadata> partitions;
    for (const BackupFile& each : table.files) {
      auto file = std::make_shared<DataFile>(*each.file);
      file->layer = nullptr;  // the first one, whatever its name will be
      file->key = KeyInRoot(*file);
      file->min_sequence = file->max_sequence = 0;
      file->oldest_in_layer_ns = file->newest_in_layer_ns = now_ns;
      PartitionMetadata& metadata = partitions[file->partition];
      metadata.table = name;
      metadata.files.push_back(std::move(file));
    }
    for (const auto& [key, metadata] : partitions) {
      ARROW_RETURN_NOT_OK(catalog_.CommitPartition(PartitionPath(table_path, key), metadata, {}).status());
    }
    return Status::OK();
  }

  void Advance(int64_t files, int64_t bytes) {
    const std::lock_guard lock(mutex_);
    progress_.files_done += files;
    progress_.files_copied += files;
    progress_.bytes_done += bytes;
    progress_.bytes_copied += bytes;
    hooks_.on_progress(progress_);
  }

  const BackupManifest& manifest_;
  const BackupHooks& hooks_;
  const LayerPtr layer_;
  JsonCatalog catalog_;
  std::mutex mutex_;  // for what is below
  BackupProgress progress_;
};

/// Makes the staging folder, takes it, and removes what a restore that was cut short left in it.
Result<std::unique_ptr<FileLock>> PrepareStaging(const std::string& staging) {
  FileSystem* const fs = LocalFileSystem();
  const std::string own = staging + "/" + kPrivateName;
  ARROW_RETURN_NOT_OK(fs->CreateDirectories(own));
  ARROW_ASSIGN_OR_RAISE(auto lock, LockRoot(staging));
  ARROW_ASSIGN_OR_RAISE(const auto names, fs->List(staging));
  for (const std::string& name : names) {
    if (name == kPrivateName) continue;
    std::error_code failed;
    std::filesystem::remove_all(staging + "/" + name, failed);
    if (failed) return Status::IOError("remove ", staging, "/", name, ": ", failed.message());
  }
  ARROW_RETURN_NOT_OK(fs->SyncDirectory(staging));
  return lock;
}

/// The new root gets the name of the old one's keeping place first: whatever happens, the old one is never under a name that
/// somebody empties.
Status Replace(const std::string& staging, const std::string& root) {
  ARROW_ASSIGN_OR_RAISE(const auto lock, LockRoot(root));
  const std::string kept = root + ".before-" + NewBackupId(WallNanos());
  ARROW_RETURN_NOT_OK(MoveIntoPlace(staging, kept));
  return ExchangeFolders(kept, root);
}

}  // namespace

Status RunRestore(const BackupManifest& manifest, const RestoreOptions& options, const BackupHooks& hooks) {
  std::string root = std::filesystem::absolute(options.root).lexically_normal().string();
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  ARROW_ASSIGN_OR_RAISE(const bool is_empty, IsEmptyFolder(root));
  if (!is_empty && !options.replace_existing) {
    return Errorf(ErrorKind::kConflict, "{} is not empty; --force puts the backup in its place", root);
  }
  if (!is_empty) ARROW_RETURN_NOT_OK(LockRoot(root).status());  // no work for nothing
  const std::string staging = root + ".restoring";
  ARROW_ASSIGN_OR_RAISE(const auto lock, PrepareStaging(staging));
  const Status restored = Job(manifest, staging, hooks).Run();
  if (restored.ok()) return is_empty ? MoveIntoPlace(staging, root) : Replace(staging, root);
  std::error_code ignored;  // the next restore removes it
  std::filesystem::remove_all(staging, ignored);
  return restored;
}

}  // namespace gigapi
