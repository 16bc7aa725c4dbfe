#include "base/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gigapi {

LockFile::~LockFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status LockFile::Lock(const std::string& path) {
  fd_ = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  if (fd_ < 0) return Status::IOError("open ", path, ": ", std::strerror(errno));
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return Status::OK();
  return Errorf(ErrorKind::kUnavailable, "another server works on this data root: {} is locked", path);
}

}  // namespace gigapi
