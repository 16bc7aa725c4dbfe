#include "backup/restore_job.h"

#include <filesystem>

#include "backup/restore_copy.h"
#include "backup/root_swap.h"
#include "base/clock.h"
#include "catalog/catalog_marker.h"
#include "catalog/json_catalog.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

constexpr char kPrivateName[] = ".gigapi";

Status TakenBySomebody(const std::string& root) {
  return Errorf(ErrorKind::kUnavailable,
                "a server or another restore has {}: stop it, or let the server restore its own lake (--url)", root);
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

Status NotEmpty(const std::string& root) {
  return Errorf(ErrorKind::kConflict, "{} is not empty; --force puts the backup in its place", root);
}

/// Whether there is something to replace; kConflict when it may not be.
Result<bool> CheckOccupied(const std::string& root, OccupiedRoot occupied) {
  ARROW_ASSIGN_OR_RAISE(const auto names, LocalFileSystem()->List(root));
  if (names.empty()) return false;
  const bool is_unused = names.size() == 1 && names.front() == kPrivateName;
  if (occupied == OccupiedRoot::kKeepBeside || (occupied == OccupiedRoot::kReplaceUnused && is_unused)) return true;
  return NotEmpty(root);
}

/// The root has a log of its own that begins at its start: no sequence of another one may be left.
Status CommitTable(const std::string& database, const std::string& name, const BackupTable& table, Catalog* catalog) {
  const std::string table_path = TablePath(database, name);
  ARROW_RETURN_NOT_OK(catalog->CommitTable(table_path, name, *table.schema).status());
  for (const auto& [key, metadata] : RestoredPartitions(name, table, nullptr)) {
    ARROW_RETURN_NOT_OK(catalog->CommitPartition(PartitionPath(table_path, key), metadata, {}).status());
  }
  return Status::OK();
}

Status RestoreInto(const std::string& staging, const BackupManifest& manifest, const BackupHooks& hooks) {
  const LayerPtr layer = MakeLocalLayer(LocalFileSystem(), staging);
  JsonCatalog catalog(LocalFileSystem(), staging, {layer});
  for (const auto& [database, tables] : manifest.databases) ARROW_RETURN_NOT_OK(catalog.CreateDatabase(database));
  ARROW_RETURN_NOT_OK(RestoreCopy(manifest, *layer, hooks).CopyAll());
  for (const auto& [database, tables] : manifest.databases) {
    for (const auto& [name, table] : tables) ARROW_RETURN_NOT_OK(CommitTable(database, name, table, &catalog));
  }
  return Status::OK();
}

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
Status Replace(const std::string& staging, const std::string& root, OccupiedRoot occupied) {
  ARROW_ASSIGN_OR_RAISE(const auto lock, LockRoot(root));
  // While files were copied, somebody may have come.
  ARROW_RETURN_NOT_OK(CheckOccupied(root, occupied).status());
  const std::string kept = root + ".before-" + NewBackupId(WallNanos());
  ARROW_RETURN_NOT_OK(MoveIntoPlace(staging, kept));
  const Status exchanged = ExchangeFolders(kept, root);
  if (exchanged.ok() && occupied == OccupiedRoot::kKeepBeside) return exchanged;
  std::error_code ignored;  // an unused root, or else the copy: nobody misses either
  std::filesystem::remove_all(kept, ignored);
  return exchanged;
}

}  // namespace

Status RunRestore(const BackupManifest& manifest, const RestoreOptions& options, const BackupHooks& hooks) {
  // A link stays, and its disk is the one that the files go to.
  std::error_code failed;
  std::string root = std::filesystem::weakly_canonical(std::filesystem::absolute(options.root), failed).string();
  if (failed) return Status::IOError(options.root, ": ", failed.message());
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  // No work for nothing.
  ARROW_RETURN_NOT_OK(CheckNoMountPoint(root));
  ARROW_ASSIGN_OR_RAISE(const bool replaces, CheckOccupied(root, options.occupied));
  if (replaces) ARROW_RETURN_NOT_OK(LockRoot(root).status());
  ARROW_ASSIGN_OR_RAISE(const bool is_shared, LocalFileSystem()->Exists(fmt::format("{}/{}", root, kCatalogMarkerKey)));
  if (is_shared) {
    return Errorf(ErrorKind::kConflict, "nodes share the lake in {}: restore into it with their settings, without --root",
                  root);
  }
  const std::string staging = root + ".restoring";
  ARROW_ASSIGN_OR_RAISE(const auto lock, PrepareStaging(staging));
  const Status restored = RestoreInto(staging, manifest, hooks);
  if (restored.ok()) return replaces ? Replace(staging, root, options.occupied) : MoveIntoPlace(staging, root);
  std::error_code ignored;  // the next restore removes it
  std::filesystem::remove_all(staging, ignored);
  return restored;
}

}  // namespace gigapi
