#include "app/import/file_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gigapi {

Result<std::unique_ptr<FileReader>> FileReader::Open(const std::string& path) {
  const int descriptor = path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Errorf(ErrorKind::kNotFound, "cannot open {}: {}", path, std::strerror(errno));
  return std::unique_ptr<FileReader>(new FileReader(descriptor, path));
}

FileReader::~FileReader() { ::close(descriptor_); }

Result<std::string_view> FileReader::Next() {
  ssize_t read = 0;
  do {
    read = ::read(descriptor_, buffer_.data(), buffer_.size());
  } while (read < 0 && errno == EINTR);
  if (read < 0) return Errorf(ErrorKind::kUnavailable, "cannot read {}: {}", path_, std::strerror(errno));
  bytes_read_ += read;
  return std::string_view(buffer_.data(), static_cast<size_t>(read));
}

}  // namespace gigapi
