#include "base/testing/fault_file_system.h"

#include <algorithm>
#include <cstring>
#include <thread>

#include "base/clock.h"

namespace gigapi {
namespace {

constexpr size_t kBlock = BlockFile::kBlockBytes;

class MemoryReadableFile final : public ReadableFile {
 public:
  explicit MemoryReadableFile(std::string content) : content_(std::move(content)) {}
  Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) const override {
    if (offset >= content_.size()) return 0;
    const size_t read = std::min<size_t>(size, content_.size() - offset);
    std::memcpy(out, content_.data() + offset, read);
    return read;
  }
  uint64_t size() const override { return content_.size(); }

 private:
  std::string content_;
};

class NoLock final : public FileLock {};

}  // namespace

/// Both kinds of writable files.
class FaultFile final : public AppendFile, public BlockFile {
 public:
  FaultFile(FaultFileSystem* fs, std::shared_ptr<FaultFileSystem::File> file, std::string path)
      : fs_(fs), file_(std::move(file)), path_(std::move(path)) {}

  Status Append(std::string_view bytes) override {
    const std::lock_guard lock(fs_->mutex_);
    ARROW_RETURN_NOT_OK(fs_->Meet(FaultFileSystem::Operation::kWrite, path_));
    if (fs_->full_) return Status::IOError("write ", path_, ": No space left on device");
    file_->content += bytes;
    file_->modified_ns = WallNanos();
    return Status::OK();
  }
  Status WriteAt(uint64_t offset, std::string_view bytes) override {
    if (offset % kBlock != 0 || bytes.size() % kBlock != 0) return Status::IOError("write ", path_, ": not aligned");
    const std::lock_guard lock(fs_->mutex_);
    ARROW_RETURN_NOT_OK(fs_->Meet(FaultFileSystem::Operation::kWrite, path_));
    if (offset + bytes.size() > file_->content.size()) return Status::IOError("write ", path_, ": over the end");
    std::memcpy(file_->content.data() + offset, bytes.data(), bytes.size());
    return Status::OK();
  }
  Status Sync() override {
    std::this_thread::sleep_for(std::chrono::milliseconds(fs_->sync_delay_ms_));
    const std::lock_guard lock(fs_->mutex_);
    ARROW_RETURN_NOT_OK(fs_->Meet(FaultFileSystem::Operation::kSync, path_));
    file_->synced = file_->content;
    return Status::OK();
  }
  Status Close() override { return Status::OK(); }
  uint64_t size() const override {
    const std::lock_guard lock(fs_->mutex_);
    return file_->content.size();
  }

 private:
  FaultFileSystem* const fs_;
  const std::shared_ptr<FaultFileSystem::File> file_;
  const std::string path_;
};

std::string FaultFileSystem::ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

void FaultFileSystem::CollectCrashes(std::vector<std::unique_ptr<FaultFileSystem>>* crashes) {
  const std::lock_guard lock(mutex_);
  crashes_ = crashes;
}

void FaultFileSystem::Note() {
  if (crashes_ != nullptr) crashes_->push_back(CrashLocked());
}

Status FaultFileSystem::Meet(Operation operation, const std::string& path) {
  Note();
  const auto found = faults_.find(operation);
  if (found == faults_.end()) return Status::OK();
  Fault& fault = found->second;
  if (fault.skip > 0) {
    --fault.skip;
    return Status::OK();
  }
  if (fault.count == 0) return Status::OK();
  --fault.count;
  return Status::IOError("operation on ", path, ": Input/output error");
}

void FaultFileSystem::SetSyncDelay(std::chrono::milliseconds delay) { sync_delay_ms_ = delay.count(); }

void FaultFileSystem::SetFull(bool full) {
  const std::lock_guard lock(mutex_);
  full_ = full;
}

void FaultFileSystem::Fail(Operation operation, int count, int skip) {
  const std::lock_guard lock(mutex_);
  faults_[operation] = {skip, count};
}

std::unique_ptr<FaultFileSystem> FaultFileSystem::Crash() {
  const std::lock_guard lock(mutex_);
  return CrashLocked();
}

std::unique_ptr<FaultFileSystem> FaultFileSystem::CrashLocked() {
  auto image = std::make_unique<FaultFileSystem>(random_());
  for (const std::string& directory : durable_.directories) {
    // Parents come first in this order; one that is not there takes its children with it.
    if (directory == "/" || image->current_.directories.contains(ParentOf(directory))) {
      image->current_.directories.insert(directory);
    }
  }
  for (const auto& [path, file] : durable_.files) {
    if (!image->current_.directories.contains(ParentOf(path))) continue;
    auto survivor = std::make_shared<File>();
    survivor->content = file->synced;
    survivor->modified_ns = file->modified_ns;
    const size_t reachable = std::max(file->content.size(), file->synced.size());
    for (size_t at = 0; at < reachable; at += kBlock) {
      if (random_() % 2 == 0 || at >= file->content.size()) continue;
      const size_t size = std::min(kBlock, file->content.size() - at);
      if (survivor->content.size() < at + size) survivor->content.resize(at + size, '\0');
      std::memcpy(survivor->content.data() + at, file->content.data() + at, size);
    }
    survivor->synced = survivor->content;
    image->current_.files[path] = std::move(survivor);
  }
  image->durable_ = image->current_;
  return image;
}

Result<std::unique_ptr<AppendFile>> FaultFileSystem::Create(const std::string& path) {
  const std::lock_guard lock(mutex_);
  ARROW_RETURN_NOT_OK(Meet(Operation::kCreate, path));
  if (full_) return Status::IOError("create ", path, ": No space left on device");
  if (!current_.directories.contains(ParentOf(path))) return Status::IOError("create ", path, ": No such file or directory");
  auto file = std::make_shared<File>();
  file->modified_ns = WallNanos();
  current_.files[path] = file;
  return std::make_unique<FaultFile>(this, std::move(file), path);
}

Result<std::unique_ptr<BlockFile>> FaultFileSystem::OpenBlockFile(const std::string& path, uint64_t size) {
  const std::lock_guard lock(mutex_);
  ARROW_RETURN_NOT_OK(Meet(Operation::kCreate, path));
  if (!current_.directories.contains(ParentOf(path))) return Status::IOError("open ", path, ": No such file or directory");
  auto& file = current_.files[path];
  if (!file) file = std::make_shared<File>();
  if (file->content.size() < size) {
    if (full_) return Status::IOError("allocate ", path, ": No space left on device");
    file->content.resize(size, '\0');
  }
  return std::make_unique<FaultFile>(this, file, path);
}

Result<std::shared_ptr<ReadableFile>> FaultFileSystem::OpenForRead(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = current_.files.find(path);
  if (found == current_.files.end()) return Status::IOError("open ", path, ": No such file or directory");
  return std::make_shared<MemoryReadableFile>(found->second->content);
}

Status FaultFileSystem::Rename(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  ARROW_RETURN_NOT_OK(Meet(Operation::kRename, from));
  const auto found = current_.files.find(from);
  if (found == current_.files.end()) return Status::IOError("rename ", from, ": No such file or directory");
  auto file = found->second;
  current_.files.erase(found);
  current_.files[to] = std::move(file);
  return Status::OK();
}

Status FaultFileSystem::Remove(const std::string& path) {
  const std::lock_guard lock(mutex_);
  Note();
  current_.files.erase(path);
  return Status::OK();
}

Status FaultFileSystem::RemoveDirectory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto inside = [&](const std::string& name) { return name != "/" && ParentOf(name) == path; };
  const bool empty =
      std::none_of(current_.directories.begin(), current_.directories.end(), inside) &&
      std::none_of(current_.files.begin(), current_.files.end(), [&](const auto& file) { return inside(file.first); });
  if (!empty) return Status::IOError("remove ", path, ": Directory not empty");
  Note();
  current_.directories.erase(path);
  return Status::OK();
}

Status FaultFileSystem::CreateDirectories(const std::string& path) {
  const std::lock_guard lock(mutex_);
  for (std::string directory = path; directory != "/"; directory = ParentOf(directory))
    current_.directories.insert(directory);
  return Status::OK();
}

Status FaultFileSystem::SyncDirectory(const std::string& path) {
  const std::lock_guard lock(mutex_);
  ARROW_RETURN_NOT_OK(Meet(Operation::kSyncDirectory, path));
  if (!current_.directories.contains(path)) return Status::IOError("sync ", path, ": No such file or directory");
  std::erase_if(durable_.files, [&](const auto& entry) { return ParentOf(entry.first) == path; });
  for (const auto& [name, file] : current_.files) {
    if (ParentOf(name) == path) durable_.files[name] = file;
  }
  std::erase_if(durable_.directories, [&](const auto& name) { return name != "/" && ParentOf(name) == path; });
  for (const std::string& name : current_.directories) {
    if (name != "/" && ParentOf(name) == path) durable_.directories.insert(name);
  }
  return Status::OK();
}

Result<std::vector<std::string>> FaultFileSystem::List(const std::string& path) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (name != "/" && ParentOf(name) == path) names.push_back(name.substr(name.rfind('/') + 1));
  };
  for (const auto& [name, file] : current_.files) add(name);
  for (const std::string& name : current_.directories) add(name);
  return names;
}

Result<bool> FaultFileSystem::Exists(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return current_.files.contains(path) || current_.directories.contains(path);
}

Result<std::optional<FileInfo>> FaultFileSystem::GetInfo(const std::string& path) {
  const std::lock_guard lock(mutex_);
  if (current_.directories.contains(path)) return FileInfo{.is_directory = true};
  const auto found = current_.files.find(path);
  if (found == current_.files.end()) return std::nullopt;
  const File& file = *found->second;
  return FileInfo{.size_bytes = file.content.size(), .modified_ns = file.modified_ns};
}

Result<std::unique_ptr<FileLock>> FaultFileSystem::Lock(const std::string& path) { return std::make_unique<NoLock>(); }

}  // namespace gigapi
