#include "query/lake_file_system.h"

#include "base/log.h"
#include "query/duckdb_errors.h"

namespace gigapi {
namespace {

using duckdb::FileHandle;
using duckdb::FileOpener;
using duckdb::FileOpenFlags;
using duckdb::idx_t;
using duckdb::OpenFileInfo;
using duckdb::optional_ptr;

constexpr const char* kFileMark = "gigapi_file";
constexpr const char* kReadsMark = "gigapi_reads";

/// Paths and addresses stay in the log.
[[noreturn]] void ThrowFailure(const char* what, const std::string& path, const Status& status) {
  if (KindOf(status) == ErrorKind::kUnavailable) {
    throw duckdb::IOException({{kStoreIsAwayMark, "true"}}, "A store that has files of the query does not answer");
  }
  throw duckdb::IOException("Could not %s file %s: it is not there or cannot be read", what, path);
}

class LakeFile final : public FileHandle {
 public:
  LakeFile(duckdb::FileSystem& fs, const std::string& name, FileOpenFlags flags, std::shared_ptr<ReadableFile> file,
           bool is_on_disk)
      : FileHandle(fs, name, flags), is_on_disk(is_on_disk), file_(std::move(file)) {}
  ~LakeFile() override { Close(); }

  void Close() override { file_.reset(); }
  int64_t size() const { return static_cast<int64_t>(file_->size()); }
  const bool is_on_disk;
  idx_t position = 0;

  void ReadAt(char* out, int64_t count, idx_t offset) const {
    const auto read = file_->ReadAt(offset, static_cast<size_t>(count), out);
    if (!read.ok()) {
      LOG_ERROR("a query could not read a file", "reason=\"{}\"", read.status().message());
      ThrowFailure("read", path, read.status());
    }
    if (*read != static_cast<size_t>(count)) throw duckdb::IOException("Could not read file %s: it ends too early", path);
  }

 private:
  std::shared_ptr<ReadableFile> file_;
};

[[noreturn]] void Refuse() {
  throw duckdb::PermissionException("Access to files is not allowed: queries see the tables of the lake and nothing else");
}

std::unique_ptr<FileHandle> OpenMarked(duckdb::FileSystem& fs, const OpenFileInfo& info, FileOpenFlags flags) {
  if (!info.extended_info || flags.OpenForWriting()) Refuse();
  const auto mark = info.extended_info->options.find(kFileMark);
  if (mark == info.extended_info->options.end()) Refuse();
  const auto* const file = reinterpret_cast<const DataFile*>(mark->second.GetValueUnsafe<uint64_t>());
  auto* const reads = reinterpret_cast<ScanReads*>(info.extended_info->options.at(kReadsMark).GetValueUnsafe<uint64_t>());
  reads->NoteOpened(file->id);
  auto opened = OpenDataFile(*file, reads->counters());
  if (!opened.ok()) {
    LOG_ERROR("a query could not open a file", "layer={} key={} reason=\"{}\"", file->layer->name(), file->key,
              opened.status().message());
    ThrowFailure("open", info.path, opened.status());
  }
  return std::make_unique<LakeFile>(fs, info.path, flags, *std::move(opened), file->layer->local_directory().has_value());
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
  /// Of others DuckDB asks for what a scan needs at once, in few large reads.
  bool OnDiskFile(FileHandle& handle) override { return handle.Cast<LakeFile>().is_on_disk; }
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

OpenFileInfo MarkedFile(const DataFile& file, ScanReads* reads) {
  OpenFileInfo info(kLakeScheme + std::to_string(file.id));
  info.extended_info = duckdb::make_shared_ptr<duckdb::ExtendedOpenFileInfo>();
  auto& options = info.extended_info->options;
  options.emplace(kFileMark, duckdb::Value::UBIGINT(reinterpret_cast<uintptr_t>(&file)));
  options.emplace(kReadsMark, duckdb::Value::UBIGINT(reinterpret_cast<uintptr_t>(reads)));
  options.emplace("file_size", duckdb::Value::UBIGINT(static_cast<uint64_t>(file.size_bytes)));
  // A file's content is fixed: what DuckDB has cached of it (ranges, footer) holds without another look at the disk.
  options.emplace("validate_external_file_cache", duckdb::Value::BOOLEAN(false));
  return info;
}

std::unique_ptr<duckdb::FileSystem> MakeLakeFileSystem(const std::string& temp_directory) {
  return std::make_unique<LakeFileSystem>(temp_directory);
}

}  // namespace gigapi
