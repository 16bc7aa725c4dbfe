#include "query/lake_file_system.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace gigapi {
namespace {

using duckdb::FileHandle;
using duckdb::FileOpener;
using duckdb::FileOpenFlags;
using duckdb::idx_t;
using duckdb::OpenFileInfo;
using duckdb::optional_ptr;

constexpr const char* kPathMark = "gigapi_path";

class LakeFile final : public FileHandle {
 public:
  LakeFile(duckdb::FileSystem& fs, const std::string& name, FileOpenFlags flags, int fd, int64_t size)
      : FileHandle(fs, name, flags), fd_(fd), size_(size) {}
  ~LakeFile() override { Close(); }

  void Close() override {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int64_t size() const { return size_; }
  idx_t position = 0;

  void ReadAt(char* out, int64_t count, idx_t offset) const {
    while (count > 0) {
      const ssize_t n = ::pread(fd_, out, static_cast<size_t>(count), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        throw duckdb::IOException("Could not read file %s: %s", path, n == 0 ? "it ends too early" : std::strerror(errno));
      }
      out += n;
      offset += static_cast<idx_t>(n);
      count -= n;
    }
  }

 private:
  int fd_;
  const int64_t size_;
};

[[noreturn]] void Refuse() {
  throw duckdb::PermissionException("Access to files is not allowed: queries see the tables of the lake and nothing else");
}

std::unique_ptr<FileHandle> OpenMarked(duckdb::FileSystem& fs, const OpenFileInfo& info, FileOpenFlags flags) {
  if (!info.extended_info || flags.OpenForWriting()) Refuse();
  const auto mark = info.extended_info->options.find(kPathMark);
  if (mark == info.extended_info->options.end()) Refuse();
  const std::string& path = duckdb::StringValue::Get(mark->second);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (fd < 0 || ::fstat(fd, &status) != 0) {
    const int error = errno;
    if (fd >= 0) ::close(fd);
    LOG_ERROR("a query could not open a file", "path={} reason={}", path, std::strerror(error));
    throw duckdb::IOException("Could not open file %s: %s", info.path, std::strerror(error));
  }
  return std::make_unique<LakeFile>(fs, info.path, flags, fd, status.st_size);
}

class LakeFileSystem final : public duckdb::FileSystem {
 public:
  explicit LakeFileSystem(std::string temp_directory) : temp_directory_(std::move(temp_directory)) {
    if (!temp_directory_.empty()) local_ = FileSystem::CreateLocal();
  }

  void Read(FileHandle& handle, void* buffer, int64_t count, idx_t offset) override {
    handle.Cast<LakeFile>().ReadAt(static_cast<char*>(buffer), count, offset);
  }
  int64_t Read(FileHandle& handle, void* buffer, int64_t count) override {
    auto& file = handle.Cast<LakeFile>();
    const int64_t left = std::max<int64_t>(0, file.size() - static_cast<int64_t>(file.position));
    const int64_t n = std::min(count, left);
    file.ReadAt(static_cast<char*>(buffer), n, file.position);
    file.position += static_cast<idx_t>(n);
    return n;
  }
  int64_t GetFileSize(FileHandle& handle) override { return handle.Cast<LakeFile>().size(); }
  // Files never change, and no name is used twice: any fixed time will do.
  duckdb::timestamp_t GetLastModifiedTime(FileHandle&) override { return duckdb::timestamp_t(1); }
  std::string GetVersionTag(FileHandle&) override { return ""; }
  duckdb::FileType GetFileType(FileHandle&) override { return duckdb::FileType::FILE_TYPE_REGULAR; }
  void Seek(FileHandle& handle, idx_t location) override { handle.Cast<LakeFile>().position = location; }
  void Reset(FileHandle& handle) override { handle.Cast<LakeFile>().position = 0; }
  idx_t SeekPosition(FileHandle& handle) override { return handle.Cast<LakeFile>().position; }
  bool CanSeek() override { return true; }
  bool OnDiskFile(FileHandle&) override { return true; }
  std::string GetName() const override { return "LakeFileSystem"; }

  bool DirectoryExists(const std::string& path, optional_ptr<FileOpener> opener) override {
    return InTemp(path) && local_->DirectoryExists(path, opener);
  }
  void CreateDirectory(const std::string& path, optional_ptr<FileOpener> opener) override {
    if (!InTemp(path)) Refuse();
    local_->CreateDirectory(path, opener);
  }
  void RemoveDirectory(const std::string& path, optional_ptr<FileOpener> opener) override {
    if (!InTemp(path)) Refuse();
    local_->RemoveDirectory(path, opener);
  }
  bool ListFiles(const std::string& path, const std::function<void(const std::string&, bool)>& callback,
                 FileOpener* opener) override {
    return InTemp(path) && local_->ListFiles(path, callback, opener);
  }
  bool FileExists(const std::string& path, optional_ptr<FileOpener> opener) override {
    return InTemp(path) && local_->FileExists(path, opener);
  }
  bool IsPipe(const std::string&, optional_ptr<FileOpener>) override { return false; }
  void MoveFile(const std::string&, const std::string&, optional_ptr<FileOpener>) override { Refuse(); }
  void RemoveFile(const std::string& path, optional_ptr<FileOpener> opener) override {
    if (!InTemp(path)) Refuse();
    local_->RemoveFile(path, opener);
  }
  bool TryRemoveFile(const std::string& path, optional_ptr<FileOpener> opener) override {
    return InTemp(path) && local_->TryRemoveFile(path, opener);
  }
  duckdb::vector<OpenFileInfo> Glob(const std::string&, FileOpener*) override { return {}; }

 protected:
  duckdb::unique_ptr<FileHandle> OpenFileExtended(const OpenFileInfo& info, FileOpenFlags flags,
                                                  optional_ptr<FileOpener> opener) override {
    if (InTemp(info.path) && flags.OpenForWriting()) return local_->OpenFile(info.path, flags, opener);
    return duckdb::unique_ptr<FileHandle>(OpenMarked(*this, info, flags).release());
  }
  bool SupportsOpenFileExtended() const override { return true; }

 private:
  bool InTemp(const std::string& path) const {
    if (temp_directory_.empty() || path.compare(0, temp_directory_.size(), temp_directory_) != 0) return false;
    return path.size() == temp_directory_.size() || path[temp_directory_.size()] == '/';
  }

  const std::string temp_directory_;
  duckdb::unique_ptr<FileSystem> local_;
};

}  // namespace

OpenFileInfo MarkedFile(const DataFile& file) {
  OpenFileInfo info(kLakeScheme + std::to_string(file.id));
  info.extended_info = duckdb::make_shared_ptr<duckdb::ExtendedOpenFileInfo>();
  auto& options = info.extended_info->options;
  options.emplace(kPathMark, duckdb::Value(file.path));
  options.emplace("file_size", duckdb::Value::UBIGINT(static_cast<uint64_t>(file.size_bytes)));
  // A file's content is fixed: what DuckDB has cached of it (ranges, footer) holds without another look at the disk.
  options.emplace("validate_external_file_cache", duckdb::Value::BOOLEAN(false));
  return info;
}

std::unique_ptr<duckdb::FileSystem> MakeLakeFileSystem(const std::string& temp_directory) {
  return std::make_unique<LakeFileSystem>(temp_directory);
}

}  // namespace gigapi
