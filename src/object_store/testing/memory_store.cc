#include "object_store/testing/memory_store.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

#include "base/clock.h"
#include "object_store/store_counters.h"

namespace gigapi {
namespace {

struct Object {
  std::shared_ptr<const std::string> content;
  int64_t modified_ns = 0;
  int64_t version = 0;
};

/// What a store and its writers share, so that a writer may outlive the store.
struct Bucket {
  std::mutex mutex;
  std::map<std::string, Object> objects;
  std::map<int64_t, int64_t> begun_ns;  // of writers that were not committed, by number
  int64_t last_number = 0;
  StoreCounters counters;

  void Put(const std::string& key, std::string content) {
    objects[key] = {std::make_shared<const std::string>(std::move(content)), WallNanos(), ++last_number};
  }
};

class MemoryFile final : public ReadableFile {
 public:
  MemoryFile(std::shared_ptr<Bucket> bucket, std::string key, uint64_t size)
      : bucket_(std::move(bucket)), key_(std::move(key)), size_(size) {}

  Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) const override {
    const std::lock_guard lock(bucket_->mutex);
    ++bucket_->counters.gets;
    const auto found = bucket_->objects.find(key_);
    if (found == bucket_->objects.end()) return Errorf(ErrorKind::kNotFound, "there is no object {}", key_);
    const std::string& content = *found->second.content;
    if (offset >= content.size()) return 0;
    const size_t read = std::min<size_t>(size, content.size() - offset);
    std::memcpy(out, content.data() + offset, read);
    bucket_->counters.read_bytes += static_cast<int64_t>(read);
    return read;
  }
  uint64_t size() const override { return size_; }

 private:
  const std::shared_ptr<Bucket> bucket_;
  const std::string key_;
  const uint64_t size_;
};

class MemoryWriter final : public ObjectWriter {
 public:
  MemoryWriter(std::shared_ptr<Bucket> bucket, std::string key) : bucket_(std::move(bucket)), key_(std::move(key)) {
    const std::lock_guard lock(bucket_->mutex);
    number_ = ++bucket_->last_number;
    bucket_->begun_ns[number_] = WallNanos();
  }

  Status Append(std::string_view bytes) override {
    content_ += bytes;
    return Status::OK();
  }
  Status Commit() override {
    const std::lock_guard lock(bucket_->mutex);
    if (bucket_->begun_ns.erase(number_) == 0) return Errorf(ErrorKind::kUnavailable, "the upload of {} was removed", key_);
    ++bucket_->counters.puts;
    bucket_->counters.written_bytes += static_cast<int64_t>(content_.size());
    bucket_->Put(key_, std::move(content_));
    return Status::OK();
  }

 private:
  const std::shared_ptr<Bucket> bucket_;
  const std::string key_;
  int64_t number_ = 0;
  std::string content_;
};

class MemoryStore final : public ObjectStore {
 public:
  std::string Describe() const override { return "memory"; }
  Status Probe() override { return Status::OK(); }

  Result<std::unique_ptr<ObjectWriter>> Create(const std::string& key) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    return std::make_unique<MemoryWriter>(bucket_, key);
  }

  Result<std::shared_ptr<ReadableFile>> Open(const std::string& key, std::optional<uint64_t> size_bytes) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    if (!size_bytes) {
      ARROW_ASSIGN_OR_RAISE(const ObjectInfo info, Head(key));
      size_bytes = info.size_bytes;
    }
    return std::make_shared<MemoryFile>(bucket_, key, *size_bytes);
  }

  Result<ObjectInfo> Head(const std::string& key) override {
    ARROW_ASSIGN_OR_RAISE(const Object object, Find(key));
    return ObjectInfo{.key = key,
                      .size_bytes = object.content->size(),
                      .modified_ns = object.modified_ns,
                      .version = std::to_string(object.version)};
  }

  Result<ObjectContent> Get(const std::string& key) override {
    ARROW_ASSIGN_OR_RAISE(const Object object, Find(key));
    bucket_->counters.read_bytes += static_cast<int64_t>(object.content->size());
    return ObjectContent{*object.content, std::to_string(object.version)};
  }

  Result<std::optional<ObjectContent>> GetIfChanged(const std::string& key, const std::string& version) override {
    ARROW_ASSIGN_OR_RAISE(ObjectContent found, Get(key));
    if (found.version == version) return std::nullopt;
    return found;
  }

  Result<std::string> PutIfAbsent(const std::string& key, std::string_view content) override {
    return PutIf(key, content, "");
  }
  Result<std::string> PutIfVersion(const std::string& key, std::string_view content, const std::string& version) override {
    return PutIf(key, content, version);
  }

  Result<ObjectPage> List(const std::string& prefix, const std::string& start_after, size_t objects_max) override {
    ARROW_RETURN_NOT_OK(CheckObjectPrefix(prefix));
    const size_t page_max = std::clamp<size_t>(objects_max, 1, 1'000);
    const std::lock_guard lock(bucket_->mutex);
    ++bucket_->counters.lists;
    ObjectPage page;
    auto next = bucket_->objects.lower_bound(prefix);
    if (start_after >= prefix) next = bucket_->objects.upper_bound(start_after);
    for (; next != bucket_->objects.end() && next->first.starts_with(prefix); ++next) {
      if (page.objects.size() == page_max) {
        page.next_start_after = page.objects.back().key;
        break;
      }
      page.objects.push_back({.key = next->first,
                              .size_bytes = next->second.content->size(),
                              .modified_ns = next->second.modified_ns,
                              .version = std::to_string(next->second.version)});
    }
    return page;
  }

  Status Remove(const std::string& key) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    const std::lock_guard lock(bucket_->mutex);
    ++bucket_->counters.removes;
    bucket_->objects.erase(key);
    return Status::OK();
  }

  Result<int64_t> RemoveUnfinished(int64_t begun_before_ns) override {
    const std::lock_guard lock(bucket_->mutex);
    return static_cast<int64_t>(
        std::erase_if(bucket_->begun_ns, [&](const auto& entry) { return entry.second < begun_before_ns; }));
  }

  StoreMetrics metrics() const override { return bucket_->counters.Read(); }

 private:
  Result<Object> Find(const std::string& key) {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    const std::lock_guard lock(bucket_->mutex);
    ++bucket_->counters.gets;
    const auto found = bucket_->objects.find(key);
    if (found == bucket_->objects.end()) return Errorf(ErrorKind::kNotFound, "there is no object {}", key);
    return found->second;
  }

  /// An empty version: only if absent.
  Result<std::string> PutIf(const std::string& key, std::string_view content, const std::string& version) {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    const std::lock_guard lock(bucket_->mutex);
    ++bucket_->counters.puts;
    const auto found = bucket_->objects.find(key);
    const std::string there = found == bucket_->objects.end() ? "" : std::to_string(found->second.version);
    if (there != version) return Errorf(ErrorKind::kConflict, "the object {} has been changed", key);
    bucket_->Put(key, std::string(content));
    return std::to_string(bucket_->objects[key].version);
  }

  const std::shared_ptr<Bucket> bucket_ = std::make_shared<Bucket>();
};

}  // namespace

std::unique_ptr<ObjectStore> MakeMemoryStore() { return std::make_unique<MemoryStore>(); }

}  // namespace gigapi
