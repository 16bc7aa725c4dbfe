#include "backup/root_swap.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/file_system.h"
#include "base/path.h"

namespace gigapi {
namespace {

Status IsMountPoint(const std::string& path) {
  return Errorf(ErrorKind::kUnsupported, "{} is a mount point, which nothing can take the place of: name a folder in it",
                path);
}

Status Failed(const std::string& path, int reason) {
  if (reason == ENOTEMPTY || reason == EEXIST) return Errorf(ErrorKind::kConflict, "{} is not empty", path);
  if (reason == EBUSY || reason == EXDEV) return IsMountPoint(path);
  return Status::IOError("rename to ", path, ": ", std::strerror(reason));
}

Status Rename(const std::string& from, const std::string& to, unsigned flags) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) != 0) return Failed(to, errno);
  return LocalFileSystem()->SyncDirectory(ParentOf(to));
}

}  // namespace

Status MoveIntoPlace(const std::string& from, const std::string& to) { return Rename(from, to, 0); }

Status CheckNoMountPoint(const std::string& path) {
  struct stat folder;
  struct stat parent;
  if (::stat(path.c_str(), &folder) != 0 || ::stat(ParentOf(path).c_str(), &parent) != 0) return Status::OK();
  return folder.st_dev == parent.st_dev ? Status::OK() : IsMountPoint(path);
}

Status ExchangeFolders(const std::string& a, const std::string& b) { return Rename(a, b, RENAME_EXCHANGE); }

}  // namespace gigapi
