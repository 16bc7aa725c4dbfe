#include "base/temporary_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

namespace gigapi {
namespace {

Status Failed(std::string_view what, const std::string& path) {
  return Status::IOError(what, " ", path, ": ", std::strerror(errno));
}

}  // namespace

Result<TemporaryFile> TemporaryFile::Create(const std::string& directory) {
  std::error_code ignored;
  std::filesystem::create_directories(directory, ignored);
  int descriptor = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    // A file system without such files: one that loses its name at once.
    std::string path = directory + "/temporary-XXXXXX";
    descriptor = ::mkostemp(path.data(), O_CLOEXEC);
    if (descriptor >= 0) ::unlink(path.c_str());
  }
  if (descriptor < 0) return Failed("cannot create a temporary file in", directory);
  return TemporaryFile(descriptor);
}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

TemporaryFile::~TemporaryFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status TemporaryFile::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("cannot write", "a temporary file");
    bytes.remove_prefix(static_cast<size_t>(written));
    size_ += written;
  }
  return Status::OK();
}

int TemporaryFile::Release() { return std::exchange(descriptor_, -1); }

}  // namespace gigapi
