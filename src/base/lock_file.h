// Keeps a second process from working on the same folder.
#pragma once

#include <string>

#include "base/error.h"

namespace gigapi {

/// Holds an exclusive lock on a file until destroyed; the kernel lets go of it when the process ends, however that happens.
class LockFile {
 public:
  LockFile() = default;
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  ~LockFile();

  /// kUnavailable when another process holds it.
  Status Lock(const std::string& path);

 private:
  int fd_ = -1;
};

}  // namespace gigapi
