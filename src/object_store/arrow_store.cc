#include "object_store/arrow_store.h"

#include <arrow/io/interfaces.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/uuid.h"
#include "object_store/arrow_calls.h"
#include "object_store/kept_listings.h"
#include "object_store/store_counters.h"

namespace gigapi {
namespace {

constexpr const char* kTemporarySuffix = ".tmp";
constexpr size_t kPageObjectsMax = 1'000;
constexpr size_t kVerifyBytes = 4 << 20;

int64_t ModifiedNanos(const arrow::fs::FileInfo& info) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(info.mtime().time_since_epoch()).count();
}

/// What a store, its files and its writers share.
struct Shared {
  std::shared_ptr<arrow::fs::FileSystem> file_system;
  ArrowStorePlace place;
  StoreCounters counters;

  std::string PathOf(const std::string& key) const { return place.bucket + "/" + place.prefix + key; }

  /// Every call of Arrow goes through here.
  template <typename Call>
  auto Try(const Call& call) -> decltype(call()) {
    auto outcome = ExplainedCall(place.description, call);
    if (!outcome.ok() && KindOf(arrow::ToStatus(outcome)) == ErrorKind::kUnavailable) ++counters.failures;
    return outcome;
  }

  Result<arrow::fs::FileInfo> InfoOf(const std::string& key) {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    ++counters.gets;
    ARROW_ASSIGN_OR_RAISE(auto info, Try([&] { return file_system->GetFileInfo(PathOf(key)); }));
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
    ARROW_ASSIGN_OR_RAISE(const int64_t read,
                          shared_->Try([&] { return file_->ReadAt(static_cast<int64_t>(offset), wanted, out); }));
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
      auto file = shared_->Try([&] { return shared_->file_system->OpenInputFile(info); });
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
    (void)shared_->Try([&] { return stream_->Abort(); });
    (void)shared_->Try([&] { return shared_->file_system->DeleteFile(temporary_); });
  }

  Status Append(std::string_view bytes) override {
    ARROW_RETURN_NOT_OK(shared_->Try([&] { return stream_->Write(bytes.data(), static_cast<int64_t>(bytes.size())); }));
    size_bytes_ += static_cast<int64_t>(bytes.size());
    checksum_ = Crc32c(bytes, checksum_);
    return Status::OK();
  }

  Status Commit() override {
    ++shared_->counters.puts;
    ARROW_RETURN_NOT_OK(shared_->Try([&] { return stream_->Close(); }));
    ARROW_RETURN_NOT_OK(Verify());
    ARROW_RETURN_NOT_OK(MoveToKey());
    committed_ = true;
    shared_->counters.written_bytes += size_bytes_;
    return Status::OK();
  }

 private:
  /// Reads back what arrived, and compares size and checksum.
  Status Verify() {
    auto& files = *shared_->file_system;
    ++shared_->counters.gets;
    ARROW_ASSIGN_OR_RAISE(const auto stream, shared_->Try([&] { return files.OpenInputStream(temporary_); }));
    std::string piece(kVerifyBytes, '\0');
    int64_t size_bytes = 0;
    uint32_t checksum = 0;
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const int64_t read, shared_->Try([&] { return stream->Read(kVerifyBytes, piece.data()); }));
      if (read == 0) break;
      size_bytes += read;
      checksum = Crc32c({piece.data(), static_cast<size_t>(read)}, checksum);
    }
    shared_->counters.read_bytes += size_bytes;
    if (size_bytes == size_bytes_ && checksum == checksum_) return Status::OK();
    return Errorf(ErrorKind::kUnavailable, "the object {} in the store is not what was written", key_);
  }

  Status MoveToKey() {
    auto& files = *shared_->file_system;
    const std::string path = shared_->PathOf(key_);
    const Status moved = shared_->Try([&] { return files.Move(temporary_, path); });
    if (!moved.IsNotImplemented()) return moved;
    // Azure without a hierarchical namespace. A temporary object that stays is swept.
    ARROW_RETURN_NOT_OK(shared_->Try([&] { return files.CopyFile(temporary_, path); }));
    (void)shared_->Try([&] { return files.DeleteFile(temporary_); });
    return Status::OK();
  }

  const std::shared_ptr<Shared> shared_;
  const std::string key_;
  const std::string temporary_;
  const std::shared_ptr<arrow::io::OutputStream> stream_;
  int64_t size_bytes_ = 0;
  uint32_t checksum_ = 0;
  bool committed_ = false;
};

class ArrowStore final : public ObjectStore {
 public:
  explicit ArrowStore(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

  std::string Describe() const override { return shared_->place.description; }

  Status Probe() override {
    ++shared_->counters.lists;
    arrow::fs::FileSelector top = SelectorOf("");
    top.recursive = false;
    ARROW_ASSIGN_OR_RAISE(const auto infos, shared_->Try([&] { return shared_->file_system->GetFileInfo(top); }));
    if (!infos.empty()) return Status::OK();
    // Arrow's list of a bucket that is not there is empty, too.
    const auto bucket = shared_->Try([&] { return shared_->file_system->GetFileInfo(shared_->place.bucket); });
    // Who may list the objects of a bucket may not always ask for the bucket.
    if (!bucket.ok()) return KindOf(bucket.status()) == ErrorKind::kForbidden ? Status::OK() : bucket.status();
    if (bucket->type() != arrow::fs::FileType::NotFound) return Status::OK();
    return Errorf(ErrorKind::kInvalidArgument, "{}: there is no such bucket or container", Describe());
  }

  Result<std::unique_ptr<ObjectWriter>> Create(const std::string& key) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    const std::string temporary = shared_->PathOf(key) + "." + NewUuid() + kTemporarySuffix;
    ARROW_ASSIGN_OR_RAISE(auto stream,
                          shared_->Try([&] { return shared_->file_system->OpenOutputStream(temporary, nullptr); }));
    return std::make_unique<ArrowWriter>(shared_, key, temporary, std::move(stream));
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
    auto kept = listings_.Take(prefix, start_after, SteadyNanos());
    if (!kept) {
      ARROW_ASSIGN_OR_RAISE(kept, ListWhole(prefix, start_after));
    }
    WholeListing listing = *std::move(kept);
    const size_t page_max = std::clamp<size_t>(objects_max, 1, kPageObjectsMax);
    const size_t end = std::min(listing.next + page_max, listing.objects.size());
    ObjectPage page;
    for (; listing.next < end; ++listing.next) page.objects.push_back(std::move(listing.objects[listing.next]));
    if (end == listing.objects.size()) return page;
    page.next_start_after = page.objects.back().key;
    listings_.Keep(prefix, page.next_start_after, std::move(listing));
    return page;
  }

  Status Remove(const std::string& key) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    ++shared_->counters.removes;
    const Status removed = shared_->Try([&] { return shared_->file_system->DeleteFile(shared_->PathOf(key)); });
    if (removed.ok()) return removed;
    const auto left = shared_->InfoOf(key);
    return !left.ok() && KindOf(left.status()) == ErrorKind::kNotFound ? Status::OK() : removed;
  }

  Result<int64_t> RemoveUnfinished(int64_t begun_before_ns) override {
    ARROW_ASSIGN_OR_RAISE(const std::vector<ObjectInfo> objects, FilesUnder(""));
    int64_t removed = 0;
    for (const ObjectInfo& object : objects) {
      if (!object.key.ends_with(kTemporarySuffix) || object.modified_ns >= begun_before_ns) continue;
      ARROW_RETURN_NOT_OK(shared_->Try([&] { return shared_->file_system->DeleteFile(shared_->PathOf(object.key)); }));
      ++removed;
    }
    return removed;
  }

  StoreMetrics metrics() const override { return shared_->counters.Read(); }

 private:
  Status NoConditions() const {
    return Errorf(ErrorKind::kUnsupported, "{} has no conditional puts here: a catalog needs a local disk, S3 or Redis",
                  Describe());
  }

  static ObjectInfo InfoFrom(const std::string& key, const arrow::fs::FileInfo& info) {
    return {.key = key, .size_bytes = static_cast<uint64_t>(info.size()), .modified_ns = ModifiedNanos(info)};
  }
  static std::string VersionOf(const ObjectInfo& info) {
    return std::to_string(info.size_bytes) + "-" + std::to_string(info.modified_ns);
  }

  arrow::fs::FileSelector SelectorOf(const std::string& prefix) const {
    arrow::fs::FileSelector selector;
    selector.base_dir = shared_->PathOf(prefix);
    selector.base_dir.pop_back();
    selector.recursive = true;
    selector.allow_not_found = true;
    return selector;
  }

  Result<std::vector<ObjectInfo>> FilesUnder(const std::string& prefix) {
    ++shared_->counters.lists;
    const auto selector = SelectorOf(prefix);
    ARROW_ASSIGN_OR_RAISE(const auto infos, shared_->Try([&] { return shared_->file_system->GetFileInfo(selector); }));
    const std::string root = shared_->PathOf("");
    std::vector<ObjectInfo> objects;
    for (const auto& info : infos) {
      if (info.IsFile()) objects.push_back(InfoFrom(info.path().substr(root.size()), info));
    }
    return objects;
  }

  /// What is visible after a key.
  Result<WholeListing> ListWhole(const std::string& prefix, const std::string& start_after) {
    WholeListing listing;
    listing.listed_ns = SteadyNanos();
    ARROW_ASSIGN_OR_RAISE(listing.objects, FilesUnder(prefix));
    std::erase_if(listing.objects, [&](const ObjectInfo& object) {
      return object.key <= start_after || object.key.ends_with(kTemporarySuffix);
    });
    std::sort(listing.objects.begin(), listing.objects.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    return listing;
  }

  const std::shared_ptr<Shared> shared_;
  KeptListings listings_;
};

}  // namespace

std::unique_ptr<ObjectStore> MakeArrowStore(std::shared_ptr<arrow::fs::FileSystem> file_system, ArrowStorePlace place) {
  auto shared = std::make_shared<Shared>();
  shared->file_system = std::move(file_system);
  shared->place = std::move(place);
  return std::make_unique<ArrowStore>(std::move(shared));
}

}  // namespace gigapi
