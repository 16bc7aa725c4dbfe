#include "object_store/local_store.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "base/clock.h"
#include "base/digest.h"
#include "base/path.h"
#include "base/uuid.h"
#include "object_store/store_counters.h"

namespace gigapi {
namespace {

constexpr const char* kTemporarySuffix = ".tmp";
constexpr const char* kLockName = ".store.lock";
constexpr size_t kPageObjectsMax = 1'000;
constexpr size_t kKnownDirectoriesMax = 10'000;
constexpr int kCreateAttemptsMax = 3;
constexpr int64_t kLockWaitNanosMax = 10 * kNanosPerSecond;
constexpr std::chrono::milliseconds kLockInterval{5};

Status NotFound(const std::string& key) { return Errorf(ErrorKind::kNotFound, "there is no object {}", key); }

/// Contents are told apart by what they are: times and inodes of a disk repeat within milliseconds.
std::string VersionOf(std::string_view content) { return Hex(Sha256(content)).substr(0, 32); }

class CountingFile final : public ReadableFile {
 public:
  CountingFile(std::shared_ptr<ReadableFile> file, StoreCounters* counters) : file_(std::move(file)), counters_(counters) {}
  Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) const override {
    ++counters_->gets;
    ARROW_ASSIGN_OR_RAISE(const size_t read, file_->ReadAt(offset, size, out));
    counters_->read_bytes += static_cast<int64_t>(read);
    return read;
  }
  uint64_t size() const override { return file_->size(); }

 private:
  const std::shared_ptr<ReadableFile> file_;
  StoreCounters* const counters_;
};

class LocalWriter final : public ObjectWriter {
 public:
  LocalWriter(FileSystem* fs, std::string path, std::string temporary, std::unique_ptr<AppendFile> file,
              StoreCounters* counters)
      : fs_(fs), path_(std::move(path)), temporary_(std::move(temporary)), file_(std::move(file)), counters_(counters) {}
  ~LocalWriter() override {
    if (committed_) return;
    if (file_) (void)file_->Close();
    (void)fs_->Remove(temporary_);
  }

  Status Append(std::string_view bytes) override {
    ++counters_->puts;
    ARROW_RETURN_NOT_OK(file_->Append(bytes));
    size_bytes_ += bytes.size();
    counters_->written_bytes += static_cast<int64_t>(bytes.size());
    return Status::OK();
  }

  Status Commit() override {
    ARROW_RETURN_NOT_OK(file_->Sync());
    ARROW_RETURN_NOT_OK(file_->Close());
    file_.reset();
    ARROW_ASSIGN_OR_RAISE(const auto info, fs_->GetInfo(temporary_));
    if (!info || info->size_bytes != size_bytes_)
      return Status::IOError("write ", temporary_, ": the file has another size");
    ARROW_RETURN_NOT_OK(fs_->Rename(temporary_, path_));
    committed_ = true;
    return fs_->SyncDirectory(ParentOf(path_));
  }

 private:
  FileSystem* const fs_;
  const std::string path_;
  const std::string temporary_;
  std::unique_ptr<AppendFile> file_;
  StoreCounters* const counters_;
  uint64_t size_bytes_ = 0;
  bool committed_ = false;
};

struct Entry {
  std::string sort_name;  // a folder's with a slash: so the order is that of keys
  FileInfo info;
};

class LocalStore final : public ObjectStore {
 public:
  LocalStore(FileSystem* fs, std::string root) : fs_(fs), root_(std::move(root)) {
    while (root_.size() > 1 && root_.ends_with('/')) root_.pop_back();
  }

  std::string Describe() const override { return "file://" + root_; }

  Status Probe() override {
    ARROW_RETURN_NOT_OK(EnsureDirectory(root_));
    const std::string probe = root_ + "/.probe." + NewUuid() + kTemporarySuffix;
    ARROW_ASSIGN_OR_RAISE(const auto file, fs_->Create(probe));
    ARROW_RETURN_NOT_OK(file->Close());
    return fs_->Remove(probe);
  }

  Result<std::unique_ptr<ObjectWriter>> Create(const std::string& key) override {
    ARROW_RETURN_NOT_OK(CheckKey(key));
    const std::string path = PathOf(key);
    const std::string temporary = path + "." + NewUuid() + kTemporarySuffix;
    const std::string directory = ParentOf(path);
    for (int attempt = 1;; ++attempt) {
      ARROW_RETURN_NOT_OK(EnsureDirectory(directory));
      auto file = fs_->Create(temporary);
      if (file.ok()) {
        return std::make_unique<LocalWriter>(fs_, path, temporary, *std::move(file), &counters_);
      }
      // The folder may have been empty, and removed by whoever tidies up, since it was made.
      ARROW_ASSIGN_OR_RAISE(const bool exists, fs_->Exists(directory));
      if (exists || attempt == kCreateAttemptsMax) return file.status();
      Forget(directory);
    }
  }

  Result<std::shared_ptr<ReadableFile>> Open(const std::string& key, std::optional<uint64_t> size_bytes) override {
    if (size_bytes) ARROW_RETURN_NOT_OK(CheckKey(key));
    else ARROW_RETURN_NOT_OK(InfoOf(key).status());
    auto file = fs_->OpenForRead(PathOf(key));
    if (!file.ok()) ARROW_RETURN_NOT_OK(InfoOf(key).status());
    ARROW_RETURN_NOT_OK(file.status());
    return std::make_shared<CountingFile>(*std::move(file), &counters_);
  }

  Result<ObjectInfo> Head(const std::string& key) override {
    ++counters_.gets;
    ARROW_ASSIGN_OR_RAISE(const FileInfo file, InfoOf(key));
    ObjectInfo info{.key = key, .size_bytes = file.size_bytes, .modified_ns = file.modified_ns};
    if (file.size_bytes <= kSmallObjectBytesMax) {
      ARROW_ASSIGN_OR_RAISE(info.version, VersionAt(key));
    } else {
      info.version = std::to_string(file.size_bytes) + "-" + std::to_string(file.modified_ns);
    }
    return info;
  }

  Result<ObjectContent> Get(const std::string& key) override {
    ++counters_.gets;
    ARROW_ASSIGN_OR_RAISE(const FileInfo file, InfoOf(key));
    if (file.size_bytes > kSmallObjectBytesMax)
      return Errorf(ErrorKind::kTooLarge, "the object {} is too large to get", key);
    ARROW_ASSIGN_OR_RAISE(std::string content, ReadWholeFile(fs_, PathOf(key)));
    counters_.read_bytes += static_cast<int64_t>(content.size());
    std::string version = VersionOf(content);
    return ObjectContent{std::move(content), std::move(version)};
  }

  Result<std::optional<ObjectContent>> GetIfChanged(const std::string& key, const std::string& version) override {
    ARROW_ASSIGN_OR_RAISE(ObjectContent found, Get(key));
    if (found.version == version) return std::nullopt;
    return found;
  }

  Result<std::string> PutIfAbsent(const std::string& key, std::string_view content) override {
    return PutIf(key, content, [&]() -> Status {
      ARROW_ASSIGN_OR_RAISE(const bool exists, fs_->Exists(PathOf(key)));
      return exists ? Errorf(ErrorKind::kConflict, "there is an object {} already", key) : Status::OK();
    });
  }

  Result<std::string> PutIfVersion(const std::string& key, std::string_view content, const std::string& version) override {
    return PutIf(key, content, [&]() -> Status {
      const auto found = Head(key);
      if (!found.ok() && KindOf(found.status()) != ErrorKind::kNotFound) return found.status();
      if (found.ok() && found->version == version) return Status::OK();
      return Errorf(ErrorKind::kConflict, "the object {} has been changed", key);
    });
  }

  Result<ObjectPage> List(const std::string& prefix, const std::string& start_after, size_t objects_max) override {
    ++counters_.lists;
    ARROW_RETURN_NOT_OK(CheckObjectPrefix(prefix));
    const size_t page_max = std::clamp<size_t>(objects_max, 1, kPageObjectsMax);
    ObjectPage page;
    const auto add = [&](const std::string& key, const FileInfo& info) -> Result<bool> {
      if (key.ends_with(kTemporarySuffix) || key == kLockName) return true;
      if (page.objects.size() == page_max) {
        page.next_start_after = page.objects.back().key;
        return false;
      }
      page.objects.push_back({.key = key, .size_bytes = info.size_bytes, .modified_ns = info.modified_ns});
      return true;
    };
    ARROW_RETURN_NOT_OK(Walk(prefix, start_after, add).status());
    return page;
  }

  Status Remove(const std::string& key) override {
    ++counters_.removes;
    ARROW_RETURN_NOT_OK(CheckKey(key));
    return fs_->Remove(PathOf(key));
  }

  Result<int64_t> RemoveUnfinished(int64_t begun_before_ns) override {
    int64_t removed = 0;
    const auto remove = [&](const std::string& key, const FileInfo& info) -> Result<bool> {
      if (key.ends_with(kTemporarySuffix) && info.modified_ns < begun_before_ns) {
        ARROW_RETURN_NOT_OK(fs_->Remove(PathOf(key)));
        ++removed;
      }
      return true;
    };
    ARROW_RETURN_NOT_OK(Walk("", "", remove).status());
    return removed;
  }

  StoreMetrics metrics() const override { return counters_.Read(); }

 private:
  std::string PathOf(const std::string& key) const { return root_ + "/" + key; }

  static Status CheckKey(const std::string& key) {
    if (key == kLockName) return Error(ErrorKind::kInvalidArgument, "the key of an object must not be that of the lock");
    return CheckObjectKey(key);
  }

  Result<FileInfo> InfoOf(const std::string& key) {
    ARROW_RETURN_NOT_OK(CheckKey(key));
    ARROW_ASSIGN_OR_RAISE(const auto info, fs_->GetInfo(PathOf(key)));
    if (!info || info->is_directory) return NotFound(key);
    return *info;
  }

  Result<std::string> VersionAt(const std::string& key) {
    ARROW_ASSIGN_OR_RAISE(const std::string content, ReadWholeFile(fs_, PathOf(key)));
    return VersionOf(content);
  }

  Result<std::string> PutIf(const std::string& key, std::string_view content, const std::function<Status()>& check) {
    ARROW_RETURN_NOT_OK(CheckKey(key));
    if (content.size() > kSmallObjectBytesMax) return Errorf(ErrorKind::kTooLarge, "the object {} is too large to put", key);
    const std::lock_guard ordered(put_mutex_);
    ARROW_RETURN_NOT_OK(EnsureDirectory(root_));
    ARROW_ASSIGN_OR_RAISE(const auto lock, LockStore());
    ARROW_RETURN_NOT_OK(check());
    ARROW_RETURN_NOT_OK(PutObject(this, key, content));
    return VersionOf(content);
  }

  Result<std::unique_ptr<FileLock>> LockStore() {
    const int64_t deadline = SteadyNanos() + kLockWaitNanosMax;
    while (true) {
      auto lock = fs_->Lock(root_ + "/" + kLockName);
      if (lock.ok() || KindOf(lock.status()) != ErrorKind::kUnavailable || SteadyNanos() > deadline) return lock;
      std::this_thread::sleep_for(kLockInterval);
    }
  }

  /// Makes the folder; its name and those above it survive a crash.
  Status EnsureDirectory(const std::string& directory) {
    const std::lock_guard lock(directories_mutex_);
    if (directories_.contains(directory)) return Status::OK();
    ARROW_RETURN_NOT_OK(MakeDirectories(fs_, directory, root_));
    if (directories_.size() >= kKnownDirectoriesMax) directories_.clear();
    directories_.insert(directory);
    return Status::OK();
  }

  void Forget(const std::string& directory) {
    const std::lock_guard lock(directories_mutex_);
    directories_.erase(directory);
  }

  using Visitor = std::function<Result<bool>(const std::string& key, const FileInfo& info)>;

  /// Visits the files under `prefix` whose keys are greater than `start_after`, in the order of keys, until the visitor
  /// answers false, and answers false then.
  Result<bool> Walk(const std::string& prefix, const std::string& start_after, const Visitor& visit) {
    ARROW_ASSIGN_OR_RAISE(const auto entries, SortedEntries(prefix));
    for (const Entry& entry : entries) {
      const std::string key = prefix + entry.sort_name;
      bool go_on = true;
      if (!entry.info.is_directory) {
        if (key <= start_after) continue;
        ARROW_ASSIGN_OR_RAISE(go_on, visit(key, entry.info));
      } else {
        // Nothing in a folder that ends before the place to go on from.
        if (key < start_after && !start_after.starts_with(key)) continue;
        ARROW_ASSIGN_OR_RAISE(go_on, Walk(key, start_after, visit));
      }
      if (!go_on) return false;
    }
    return true;
  }

  Result<std::vector<Entry>> SortedEntries(const std::string& prefix) {
    const std::string directory = prefix.empty() ? root_ : root_ + "/" + prefix.substr(0, prefix.size() - 1);
    ARROW_ASSIGN_OR_RAISE(const auto names, fs_->List(directory));
    std::vector<Entry> entries;
    for (const std::string& name : names) {
      ARROW_ASSIGN_OR_RAISE(const auto info, fs_->GetInfo(directory + "/" + name));
      if (!info) continue;  // gone meanwhile
      entries.push_back({info->is_directory ? name + "/" : name, *info});
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.sort_name < b.sort_name; });
    return entries;
  }

  FileSystem* const fs_;
  std::string root_;
  StoreCounters counters_;
  std::mutex put_mutex_;
  std::mutex directories_mutex_;
  std::set<std::string> directories_;  // made and synced
};

}  // namespace

std::unique_ptr<ObjectStore> MakeLocalStore(FileSystem* fs, std::string root) {
  return std::make_unique<LocalStore>(fs, std::move(root));
}

}  // namespace gigapi
