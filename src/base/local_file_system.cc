#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/clock.h"
#include "base/file_system.h"

namespace gigapi {
namespace {

Status SystemError(const char* what, const std::string& path, int error) {
  return Status::IOError(what, " ", path, ": ", std::strerror(error));
}

class Descriptor {
 public:
  Descriptor(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }
  const std::string& path() const { return path_; }
  Status Close() {
    const int fd = std::exchange(fd_, -1);
    if (fd >= 0 && ::close(fd) != 0) return SystemError("close", path_, errno);
    return Status::OK();
  }

 private:
  int fd_;
  std::string path_;
};

Status WriteFully(const Descriptor& file, std::string_view bytes, off_t offset, bool positioned) {
  while (!bytes.empty()) {
    const ssize_t n = positioned ? ::pwrite(file.fd(), bytes.data(), bytes.size(), offset)
                                 : ::write(file.fd(), bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return SystemError("write", file.path(), errno);
    }
    bytes.remove_prefix(static_cast<size_t>(n));
    offset += n;
  }
  return Status::OK();
}

class LocalAppendFile final : public AppendFile {
 public:
  LocalAppendFile(int fd, const std::string& path) : file_(fd, path) {}
  Status Append(std::string_view bytes) override { return WriteFully(file_, bytes, 0, false); }
  Status Sync() override { return ::fdatasync(file_.fd()) == 0 ? Status::OK() : SystemError("sync", file_.path(), errno); }
  Status Close() override { return file_.Close(); }

 private:
  Descriptor file_;
};

class LocalBlockFile final : public BlockFile {
 public:
  LocalBlockFile(int fd, const std::string& path, uint64_t size) : file_(fd, path), size_(size) {}
  Status WriteAt(uint64_t offset, std::string_view bytes) override {
    return WriteFully(file_, bytes, static_cast<off_t>(offset), true);
  }
  Status Sync() override { return ::fdatasync(file_.fd()) == 0 ? Status::OK() : SystemError("sync", file_.path(), errno); }
  uint64_t size() const override { return size_; }

 private:
  Descriptor file_;
  uint64_t size_;
};

class LocalReadableFile final : public ReadableFile {
 public:
  LocalReadableFile(int fd, const std::string& path, uint64_t size) : file_(fd, path), size_(size) {}
  Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) const override {
    size_t done = 0;
    while (done < size) {
      const ssize_t n = ::pread(file_.fd(), out + done, size - done, static_cast<off_t>(offset + done));
      if (n < 0) {
        if (errno == EINTR) continue;
        return SystemError("read", file_.path(), errno);
      }
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }
  uint64_t size() const override { return size_; }

 private:
  Descriptor file_;
  uint64_t size_;
};

class LocalFileLock final : public FileLock {
 public:
  LocalFileLock(int fd, const std::string& path) : file_(fd, path) {}

 private:
  Descriptor file_;
};

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<AppendFile>> Create(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) return SystemError("create", path, errno);
    return std::make_unique<LocalAppendFile>(fd, path);
  }

  Result<std::unique_ptr<BlockFile>> OpenBlockFile(const std::string& path, uint64_t size) override {
    int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC | O_DIRECT, 0644);
    // Some file systems (tmpfs) know no direct writes.
    if (fd < 0 && errno == EINVAL) fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    if (fd < 0) return SystemError("open", path, errno);
    auto file = std::make_unique<LocalBlockFile>(fd, path, size);
    struct stat info {};
    if (::fstat(fd, &info) != 0) return SystemError("stat", path, errno);
    if (static_cast<uint64_t>(info.st_size) < size) {
      const int error = ::posix_fallocate(fd, 0, static_cast<off_t>(size));
      if (error != 0) return SystemError("allocate", path, error);
    }
    return std::unique_ptr<BlockFile>(std::move(file));
  }

  Result<std::shared_ptr<ReadableFile>> OpenForRead(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return SystemError("open", path, errno);
    struct stat info {};
    if (::fstat(fd, &info) != 0) {
      const int error = errno;
      ::close(fd);
      return SystemError("stat", path, error);
    }
    return std::make_shared<LocalReadableFile>(fd, path, static_cast<uint64_t>(info.st_size));
  }

  Status Rename(const std::string& from, const std::string& to) override {
    return ::rename(from.c_str(), to.c_str()) == 0 ? Status::OK() : SystemError("rename", from, errno);
  }

  Status Remove(const std::string& path) override {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return Status::OK();
    return SystemError("remove", path, errno);
  }

  Status RemoveDirectory(const std::string& path) override {
    if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return Status::OK();
    return SystemError("remove", path, errno);
  }

  Status CreateDirectories(const std::string& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    return error ? SystemError("create", path, error.value()) : Status::OK();
  }

  Status SyncDirectory(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return SystemError("open", path, errno);
    const Descriptor directory(fd, path);
    return ::fsync(fd) == 0 ? Status::OK() : SystemError("sync", path, errno);
  }

  Result<std::vector<std::string>> List(const std::string& path) override {
    std::vector<std::string> names;
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) {
      if (errno == ENOENT || errno == ENOTDIR) return names;
      return SystemError("list", path, errno);
    }
    while (const dirent* entry = ::readdir(directory)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    ::closedir(directory);
    return names;
  }

  Result<bool> Exists(const std::string& path) override {
    if (::access(path.c_str(), F_OK) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return SystemError("look for", path, errno);
  }

  Result<std::optional<FileInfo>> GetInfo(const std::string& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
      return SystemError("look for", path, errno);
    }
    return FileInfo{.is_directory = S_ISDIR(info.st_mode),
                    .size_bytes = static_cast<uint64_t>(info.st_size),
                    .modified_ns = info.st_mtim.tv_sec * kNanosPerSecond + info.st_mtim.tv_nsec};
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
    if (fd < 0) return SystemError("open", path, errno);
    auto lock = std::make_unique<LocalFileLock>(fd, path);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      return Errorf(ErrorKind::kUnavailable, "another process works here: {} is locked", path);
    }
    return std::unique_ptr<FileLock>(std::move(lock));
  }
};

}  // namespace

FileSystem* LocalFileSystem() {
  static PosixFileSystem* file_system = new PosixFileSystem;
  return file_system;
}

}  // namespace gigapi
