#include "lake/catalog_lock.h"

#include <filesystem>

#include "catalog/guarded_catalog.h"

namespace gigapi {
namespace {

/// Also under two names of one folder: a process that locks it twice would wait for itself.
bool IsSameFolder(const std::string& a, const std::string& b) {
  std::error_code unknown;
  return a == b || std::filesystem::equivalent(a, b, unknown);
}

}  // namespace

Result<std::unique_ptr<FileLock>> LockFolder(FileSystem* fs, const std::string& folder) {
  ARROW_RETURN_NOT_OK(fs->CreateDirectories(folder + "/.gigapi"));
  return fs->Lock(folder + "/.gigapi/lock");
}

Result<std::unique_ptr<FileLock>> LockCatalogFolder(FileSystem* fs, const std::string& root, const std::string& folder) {
  std::unique_ptr<FileLock> lock;
  if (!IsSameFolder(root, folder)) {
    ARROW_ASSIGN_OR_RAISE(lock, LockFolder(fs, folder));
  }
  // Looked for under the lock, under which it is made.
  ARROW_ASSIGN_OR_RAISE(const bool is_shared, fs->Exists(fmt::format("{}/{}", folder, kCatalogMarkerKey)));
  if (!is_shared) return lock;
  return Errorf(ErrorKind::kConflict,
                "nodes share the lake in {}: its layer needs global = true, and this node a root beside it or another mode",
                folder);
}

}  // namespace gigapi
