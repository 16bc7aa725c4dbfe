#include "object_store/arrow_store.h"

#include <arrow/filesystem/azurefs.h>
#include <arrow/filesystem/gcsfs.h>
#include <arrow/io/interfaces.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/path.h"
#include "base/uuid.h"
#include "object_store/store_counters.h"

namespace gigapi {
namespace {

constexpr const char* kTemporarySuffix = ".tmp";
constexpr size_t kPageObjectsMax = 1'000;

int64_t ModifiedNanos(const arrow::fs::FileInfo& info) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(info.mtime().time_since_epoch()).count();
}

/// What a store, its files and its writers share.
struct Shared {
  std::shared_ptr<arrow::fs::FileSystem> file_system;
  std::string root;
  StoreCounters counters;

  std::string PathOf(const std::string& key) const { return root + "/" + key; }

  Result<arrow::fs::FileInfo> InfoOf(const std::string& key) {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    ++counters.gets;
    ARROW_ASSIGN_OR_RAISE(auto info, file_system->GetFileInfo(PathOf(key)));
    if (!info.IsFile()) return Errorf(ErrorKind::kNotFound, "there is no object {}", key);
    return info;
  }
};

class ArrowFile final : public ReadableFile {
 public:
  ArrowFile(std::shared_ptr<Shared> shared, std::shared_ptr<arrow::io::RandomAccessFile> file, uint64_t size)
      : shared_(std::move(shared)), file_(std::move(file)), size_(size) {}
  Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) const override {
    if (offset >= size_ || size == 0) return 0;
    ++shared_->counters.gets;
    const auto wanted = static_cast<int64_t>(std::min<uint64_t>(size, size_ - offset));
    ARROW_ASSIGN_OR_RAISE(const int64_t read, file_->ReadAt(static_cast<int64_t>(offset), wanted, out));
    shared_->counters.read_bytes += read;
    return static_cast<size_t>(read);
  }
  uint64_t size() const override { return size_; }

 private:
  const std::shared_ptr<Shared> shared_;
  const std::shared_ptr<arrow::io::RandomAccessFile> file_;
  const uint64_t size_;
};

/// Opens the file when it is first read, for that may ask the store.
class LateArrowFile final : public ReadableFile {
 public:
  LateArrowFile(std::shared_ptr<Shared> shared, std::string key, uint64_t size)
      : shared_(std::move(shared)), key_(std::move(key)), size_(size) {}
  Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) const override {
    ARROW_ASSIGN_OR_RAISE(const ArrowFile* file, Opened());
    auto read = file->ReadAt(offset, size, out);
    return read.ok() ? read : WhyNot(read.status());
  }
  uint64_t size() const override { return size_; }

 private:
  Result<const ArrowFile*> Opened() const {
    const std::lock_guard lock(mutex_);
    if (!opened_) {
      arrow::fs::FileInfo info(shared_->PathOf(key_), arrow::fs::FileType::File);
      info.set_size(static_cast<int64_t>(size_));  // so that the store is not asked for it
      auto file = shared_->file_system->OpenInputFile(info);
      if (!file.ok()) return WhyNot(file.status());
      opened_.emplace(shared_, *std::move(file), size_);
    }
    return &*opened_;
  }

  /// Arrow's failures do not tell an object that is not there from other troubles.
  Status WhyNot(const Status& failure) const {
    const Status there = shared_->InfoOf(key_).status();
    return !there.ok() && KindOf(there) == ErrorKind::kNotFound ? there : failure;
  }

  const std::shared_ptr<Shared> shared_;
  const std::string key_;
  const uint64_t size_;
  mutable std::mutex mutex_;
  mutable std::optional<ArrowFile> opened_;
};

class ArrowWriter final : public ObjectWriter {
 public:
  ArrowWriter(std::shared_ptr<Shared> shared, const std::string& key, std::string temporary,
              std::shared_ptr<arrow::io::OutputStream> stream)
      : shared_(std::move(shared)), key_(key), temporary_(std::move(temporary)), stream_(std::move(stream)) {}
  ~ArrowWriter() override {
    if (committed_) return;
    (void)stream_->Abort();
    (void)shared_->file_system->DeleteFile(temporary_);
  }

  Status Append(std::string_view bytes) override {
    ARROW_RETURN_NOT_OK(stream_->Write(bytes.data(), static_cast<int64_t>(bytes.size())));
    size_bytes_ += static_cast<int64_t>(bytes.size());
    return Status::OK();
  }

  Status Commit() override {
    ++shared_->counters.puts;
    ARROW_RETURN_NOT_OK(stream_->Close());
    ARROW_ASSIGN_OR_RAISE(const auto info, shared_->file_system->GetFileInfo(temporary_));
    if (info.size() != size_bytes_) {
      return Errorf(ErrorKind::kUnavailable, "the object {} has another size in the store than was written", key_);
    }
    ARROW_RETURN_NOT_OK(MoveToKey());
    committed_ = true;
    shared_->counters.written_bytes += size_bytes_;
    return Status::OK();
  }

 private:
  Status MoveToKey() {
    const Status moved = shared_->file_system->Move(temporary_, shared_->PathOf(key_));
    if (!moved.IsNotImplemented()) return moved;
    // Azure without a hierarchical namespace. A temporary object that stays is swept.
    ARROW_RETURN_NOT_OK(shared_->file_system->CopyFile(temporary_, shared_->PathOf(key_)));
    (void)shared_->file_system->DeleteFile(temporary_);
    return Status::OK();
  }

  const std::shared_ptr<Shared> shared_;
  const std::string key_;
  const std::string temporary_;
  const std::shared_ptr<arrow::io::OutputStream> stream_;
  int64_t size_bytes_ = 0;
  bool committed_ = false;
};

class ArrowStore final : public ObjectStore {
 public:
  ArrowStore(std::shared_ptr<Shared> shared, std::string description)
      : shared_(std::move(shared)), description_(std::move(description)) {}

  std::string Describe() const override { return description_; }

  Status Probe() override { return shared_->file_system->GetFileInfo(shared_->root).status(); }

  Result<std::unique_ptr<ObjectWriter>> Create(const std::string& key) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    const std::string temporary = shared_->PathOf(key) + "." + NewUuid() + kTemporarySuffix;
    auto stream = shared_->file_system->OpenOutputStream(temporary, nullptr);
    if (!stream.ok()) {  // a bucket has no folders, other file systems want them
      ARROW_RETURN_NOT_OK(shared_->file_system->CreateDir(ParentOf(temporary), true));
      stream = shared_->file_system->OpenOutputStream(temporary, nullptr);
    }
    ARROW_RETURN_NOT_OK(stream.status());
    return std::make_unique<ArrowWriter>(shared_, key, temporary, *std::move(stream));
  }

  Result<std::shared_ptr<ReadableFile>> Open(const std::string& key, std::optional<uint64_t> size_bytes) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    if (!size_bytes) {
      ARROW_ASSIGN_OR_RAISE(const auto info, shared_->InfoOf(key));
      size_bytes = static_cast<uint64_t>(info.size());
    }
    return std::make_shared<LateArrowFile>(shared_, key, *size_bytes);
  }

  Result<ObjectInfo> Head(const std::string& key) override {
    ARROW_ASSIGN_OR_RAISE(const auto info, shared_->InfoOf(key));
    ObjectInfo object = InfoFrom(key, info);
    object.version = VersionOf(object);
    return object;
  }

  Result<ObjectContent> Get(const std::string& key) override {
    ARROW_ASSIGN_OR_RAISE(const ObjectInfo info, Head(key));
    if (info.size_bytes > kSmallObjectBytesMax)
      return Errorf(ErrorKind::kTooLarge, "the object {} is too large to get", key);
    ARROW_ASSIGN_OR_RAISE(const auto file, Open(key, info.size_bytes));
    ObjectContent content{std::string(info.size_bytes, '\0'), info.version};
    ARROW_ASSIGN_OR_RAISE(const size_t read, file->ReadAt(0, content.content.size(), content.content.data()));
    content.content.resize(read);
    return content;
  }

  Result<std::optional<ObjectContent>> GetIfChanged(const std::string& key, const std::string& version) override {
    ARROW_ASSIGN_OR_RAISE(const ObjectInfo info, Head(key));
    if (info.version == version) return std::nullopt;
    return Get(key);
  }

  Result<std::string> PutIfAbsent(const std::string& key, std::string_view) override { return NoConditions(); }
  Result<std::string> PutIfVersion(const std::string& key, std::string_view, const std::string&) override {
    return NoConditions();
  }

  Result<ObjectPage> List(const std::string& prefix, const std::string& start_after, size_t objects_max) override {
    ARROW_RETURN_NOT_OK(CheckObjectPrefix(prefix));
    ARROW_ASSIGN_OR_RAISE(std::vector<ObjectInfo> objects, FilesUnder(prefix));
    std::erase_if(objects, [&](const ObjectInfo& object) {
      return object.key <= start_after || object.key.ends_with(kTemporarySuffix);
    });
    std::sort(objects.begin(), objects.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    const size_t page_max = std::clamp<size_t>(objects_max, 1, kPageObjectsMax);
    ObjectPage page{std::move(objects), {}};
    if (page.objects.size() > page_max) {
      page.objects.resize(page_max);
      page.next_start_after = page.objects.back().key;
    }
    return page;
  }

  Status Remove(const std::string& key) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    ++shared_->counters.removes;
    const Status removed = shared_->file_system->DeleteFile(shared_->PathOf(key));
    if (removed.ok()) return removed;
    const auto left = shared_->InfoOf(key);
    return !left.ok() && KindOf(left.status()) == ErrorKind::kNotFound ? Status::OK() : removed;
  }

  Result<int64_t> RemoveUnfinished(int64_t begun_before_ns) override {
    ARROW_ASSIGN_OR_RAISE(const std::vector<ObjectInfo> objects, FilesUnder(""));
    int64_t removed = 0;
    for (const ObjectInfo& object : objects) {
      if (!object.key.ends_with(kTemporarySuffix) || object.modified_ns >= begun_before_ns) continue;
      ARROW_RETURN_NOT_OK(shared_->file_system->DeleteFile(shared_->PathOf(object.key)));
      ++removed;
    }
    return removed;
  }

  StoreMetrics metrics() const override { return shared_->counters.Read(); }

 private:
  Status NoConditions() const {
    return Errorf(ErrorKind::kUnsupported, "{} has no conditional puts here: a catalog needs a local disk, S3 or Redis",
                  description_);
  }

  static ObjectInfo InfoFrom(const std::string& key, const arrow::fs::FileInfo& info) {
    return {.key = key, .size_bytes = static_cast<uint64_t>(info.size()), .modified_ns = ModifiedNanos(info)};
  }
  static std::string VersionOf(const ObjectInfo& info) {
    return std::to_string(info.size_bytes) + "-" + std::to_string(info.modified_ns);
  }

  Result<std::vector<ObjectInfo>> FilesUnder(const std::string& prefix) {
    ++shared_->counters.lists;
    arrow::fs::FileSelector selector;
    selector.base_dir = prefix.empty() ? shared_->root : shared_->root + "/" + prefix.substr(0, prefix.size() - 1);
    selector.recursive = true;
    selector.allow_not_found = true;
    ARROW_ASSIGN_OR_RAISE(const auto infos, shared_->file_system->GetFileInfo(selector));
    std::vector<ObjectInfo> objects;
    for (const auto& info : infos) {
      if (info.IsFile()) objects.push_back(InfoFrom(info.path().substr(shared_->root.size() + 1), info));
    }
    return objects;
  }

  const std::shared_ptr<Shared> shared_;
  const std::string description_;
};

std::string RootOf(const StoreUrl& url) {
  std::string root = url.bucket + "/" + url.prefix;
  root.pop_back();
  return root;
}

}  // namespace

std::unique_ptr<ObjectStore> MakeArrowStore(std::shared_ptr<arrow::fs::FileSystem> file_system, std::string root,
                                            std::string description) {
  auto shared = std::make_shared<Shared>();
  shared->file_system = std::move(file_system);
  shared->root = std::move(root);
  return std::make_unique<ArrowStore>(std::move(shared), std::move(description));
}

Result<std::unique_ptr<ObjectStore>> MakeGcsStore(const StoreUrl& url) {
  ARROW_ASSIGN_OR_RAISE(auto file_system, arrow::fs::GcsFileSystem::Make(arrow::fs::GcsOptions::Defaults()));
  return MakeArrowStore(std::move(file_system), RootOf(url), ToString(url));
}

Result<std::unique_ptr<ObjectStore>> MakeAzureStore(const StoreUrl& url, const std::string& account_key) {
  arrow::fs::AzureOptions options;
  options.account_name = url.account;
  if (account_key.empty()) ARROW_RETURN_NOT_OK(options.ConfigureDefaultCredential());
  else ARROW_RETURN_NOT_OK(options.ConfigureAccountKeyCredential(account_key));
  ARROW_ASSIGN_OR_RAISE(auto file_system, arrow::fs::AzureFileSystem::Make(options));
  return MakeArrowStore(std::move(file_system), RootOf(url), ToString(url));
}

}  // namespace gigapi
