#include "lake/catalog_lock.h"

#include <filesystem>

namespace gigapi {
namespace {

/// Also under two names of one folder: a process that locks it twice would wait for itself.
bool IsSameFolder(const std::string& a, const std::string& b) {
  std::error_code unknown;
  return a == b || std::filesystem::equivalent(a, b, unknown);
}

}  // namespace

Result<std::unique_ptr<FileLock>> LockCatalogFolder(FileSystem* fs, const std::string& root, const std::string& folder) {
  if (IsSameFolder(root, folder)) return nullptr;
  ARROW_RETURN_NOT_OK(fs->CreateDirectories(folder + "/.gigapi"));
  return fs->Lock(folder + "/.gigapi/lock");
}

}  // namespace gigapi
