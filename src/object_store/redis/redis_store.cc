#include "object_store/redis/redis_store.h"

#include <algorithm>
#include <cstring>

#include "object_store/redis/redis_content.h"
#include "object_store/redis/redis_layout.h"

namespace gigapi {
namespace {

constexpr size_t kPageObjectsMax = 1'000;
constexpr const char* kSearchedChanges = "2000";  // of the newest, for one whose answer was lost

Status NotFound(const std::string& key) { return Errorf(ErrorKind::kNotFound, "there is no object {}", key); }

Status CheckSize(const std::string& key, size_t size) {
  if (size <= ObjectStore::kSmallObjectBytesMax) return Status::OK();
  return Errorf(ErrorKind::kTooLarge, "the object {} is too large to put", key);
}

/// The requests of the store and its files and writers, which may outlive it.
class RedisObjects {
 public:
  RedisObjects(std::unique_ptr<RedisClient> client, int64_t changes_max)
      : client_(std::move(client)), keys_(client_->url().prefix), changes_max_(std::to_string(changes_max)) {}

  RedisClient& client() { return *client_; }
  StoreCounters& counters() { return client_->counters(); }
  const RedisKeys& keys() const { return keys_; }

  Result<ObjectContent> Get(const std::string& key) {
    const std::string name = keys_.ObjectKey(key);
    ++counters().gets;
    ARROW_ASSIGN_OR_RAISE(const RedisReply reply, client_->Demand({"GET", name}));
    if (IsNil(*reply)) return NotFound(key);
    const std::string_view record = TextOf(*reply);
    counters().read_bytes += static_cast<int64_t>(record.size());
    ARROW_ASSIGN_OR_RAISE(const RedisRecordHeader header, ReadRecordHeader(record));
    ARROW_ASSIGN_OR_RAISE(std::string content, UnpackContent(record.substr(RedisRecordHeader::kBytes), header.size_bytes));
    return ObjectContent{std::move(content), ToString(header.version)};
  }

  Result<RedisRecordHeader> GetHeader(const std::string& key) {
    const std::string name = keys_.ObjectKey(key);
    const std::string last = std::to_string(RedisRecordHeader::kBytes - 1);
    ++counters().gets;
    ARROW_ASSIGN_OR_RAISE(const RedisReply reply, client_->Demand({"GETRANGE", name, "0", last}));
    if (TextOf(*reply).empty()) return NotFound(key);
    return ReadRecordHeader(TextOf(*reply));
  }

  /// `condition` is one of the script's; answers the new version.
  Result<std::string> Put(const std::string& key, std::string_view content, std::string_view condition,
                          const std::string& packed_version) {
    ARROW_RETURN_NOT_OK(CheckSize(key, content.size()));
    const std::string nonce = NewNonce();
    const std::string epoch = NonceHex(NewNonce());
    const std::string name = keys_.ObjectKey(key);
    const std::string size = std::to_string(content.size());
    const std::string packed = PackContent(content);
    ++counters().puts;
    counters().written_bytes += static_cast<int64_t>(packed.size());
    const std::string_view names[] = {name, keys_.index, keys_.state, keys_.changes};
    const std::string_view arguments[] = {condition,    packed_version, nonce, key,   epoch,
                                          changes_max_, keys_.notices,  size,  packed};
    ARROW_ASSIGN_OR_RAISE(const RedisOutcome outcome, client_->Run(PutScript(), names, arguments));
    const redisReply& reply = *outcome.replies.front();
    if (TextOf(reply).size() == RedisVersion::kBytes) return ToString(UnpackVersion(TextOf(reply)));
    if (!outcome.earlier_may_have_worked) return Errorf(ErrorKind::kConflict, "the object {} has been changed", key);
    return FindPut(key, nonce, condition == "version" ? UnpackVersion(packed_version).number : 0);
  }

  Status Remove(const std::string& key) {
    const std::string nonce = NewNonce();
    const std::string epoch = NonceHex(NewNonce());
    const std::string name = keys_.ObjectKey(key);
    ++counters().removes;
    const std::string_view names[] = {name, keys_.index, keys_.state, keys_.changes};
    const std::string_view arguments[] = {nonce, key, epoch, changes_max_, keys_.notices};
    return client_->Run(RemoveScript(), names, arguments).status();
  }

 private:
  /// A put whose answer was lost, and whose condition does not hold now: it may be what has broken it, and been replaced
  /// since. The changes tell; and that it was not made when they reach back to the version that it was to replace (0: to
  /// the first of all).
  Result<std::string> FindPut(const std::string& key, const std::string& nonce, uint64_t replaced_number) {
    ARROW_ASSIGN_OR_RAISE(const RedisReply reply,
                          client_->Demand({"XREVRANGE", keys_.changes, "+", "-", "COUNT", kSearchedChanges}));
    uint64_t number = 0;
    for (size_t i = 0; i < reply->elements; ++i) {
      const redisReply& change = *reply->element[i];
      const redisReply* fields = ElementOf(change, 1);
      number = std::strtoull(std::string(ElementTextOf(change, 0)).c_str(), nullptr, 10);
      if (fields != nullptr && ElementTextOf(*fields, 5) == nonce) {
        return ToString(RedisVersion{.number = number, .nonce = nonce});
      }
    }
    if (number != 0 && number <= replaced_number + 1) {
      return Errorf(ErrorKind::kConflict, "the object {} has been changed", key);
    }
    return Errorf(ErrorKind::kUnavailable, "it is not known whether the object {} was put: read it again", key);
  }

  const std::unique_ptr<RedisClient> client_;
  const RedisKeys keys_;
  const std::string changes_max_;
};

class RedisFile final : public ReadableFile {
 public:
  RedisFile(std::shared_ptr<RedisObjects> objects, std::string key, uint64_t size)
      : objects_(std::move(objects)), key_(std::move(key)), size_(size) {}

  Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) const override {
    if (offset >= size_ || size == 0) return 0;
    ARROW_ASSIGN_OR_RAISE(const ObjectContent found, objects_->Get(key_));
    if (found.content.size() != size_) {
      return Errorf(ErrorKind::kUnavailable, "the object {} has another size than {}", key_, size_);
    }
    const size_t read = std::min<uint64_t>(size, size_ - offset);
    std::memcpy(out, found.content.data() + offset, read);
    return read;
  }
  uint64_t size() const override { return size_; }

 private:
  const std::shared_ptr<RedisObjects> objects_;
  const std::string key_;
  const uint64_t size_;
};

class RedisWriter final : public ObjectWriter {
 public:
  RedisWriter(std::shared_ptr<RedisObjects> objects, std::string key) : objects_(std::move(objects)), key_(std::move(key)) {}

  Status Append(std::string_view bytes) override {
    ARROW_RETURN_NOT_OK(CheckSize(key_, content_.size() + bytes.size()));
    content_ += bytes;
    return Status::OK();
  }
  Status Commit() override { return objects_->Put(key_, content_, "any", "").status(); }

 private:
  const std::shared_ptr<RedisObjects> objects_;
  const std::string key_;
  std::string content_;
};

class RedisStore final : public ObjectStore {
 public:
  explicit RedisStore(std::shared_ptr<RedisObjects> objects) : objects_(std::move(objects)) {}

  std::string Describe() const override { return ToString(objects_->client().url()); }

  Status Probe() override { return List("", "", 1).status(); }

  Result<std::unique_ptr<ObjectWriter>> Create(const std::string& key) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    return std::make_unique<RedisWriter>(objects_, key);
  }

  Result<std::shared_ptr<ReadableFile>> Open(const std::string& key, std::optional<uint64_t> size_bytes) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    if (!size_bytes) {
      ARROW_ASSIGN_OR_RAISE(const RedisRecordHeader header, objects_->GetHeader(key));
      size_bytes = header.size_bytes;
    }
    return std::make_shared<RedisFile>(objects_, key, *size_bytes);
  }

  Result<ObjectInfo> Head(const std::string& key) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    ARROW_ASSIGN_OR_RAISE(const RedisRecordHeader header, objects_->GetHeader(key));
    return ObjectInfo{
        .key = key, .size_bytes = header.size_bytes, .modified_ns = header.modified_ns, .version = ToString(header.version)};
  }

  Result<ObjectContent> Get(const std::string& key) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    return objects_->Get(key);
  }

  Result<std::optional<ObjectContent>> GetIfChanged(const std::string& key, const std::string& version) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    ARROW_ASSIGN_OR_RAISE(const RedisRecordHeader header, objects_->GetHeader(key));
    if (ToString(header.version) == version) return std::nullopt;
    return objects_->Get(key);
  }

  Result<std::string> PutIfAbsent(const std::string& key, std::string_view content) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    return objects_->Put(key, content, "absent", "");
  }

  Result<std::string> PutIfVersion(const std::string& key, std::string_view content, const std::string& version) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    const auto parsed = ParseRedisVersion(version);
    // That of another store, as after a change of address: nothing here has it.
    if (!parsed.ok()) return Errorf(ErrorKind::kConflict, "the object {} has been changed", key);
    return objects_->Put(key, content, "version", PackVersion(*parsed));
  }

  Result<ObjectPage> List(const std::string& prefix, const std::string& start_after, size_t objects_max) override {
    ARROW_RETURN_NOT_OK(CheckObjectPrefix(prefix));
    const size_t page_max = std::clamp<size_t>(objects_max, 1, kPageObjectsMax);
    std::string after = start_after;
    while (true) {
      ARROW_ASSIGN_OR_RAISE(std::vector<std::string> keys, ListKeys(prefix, after, page_max + 1));
      const bool is_last = keys.size() <= page_max;
      if (!is_last) keys.pop_back();
      ObjectPage page;
      ARROW_ASSIGN_OR_RAISE(page.objects, Describe(keys));
      if (!is_last) page.next_start_after = after = keys.back();
      if (is_last || !page.objects.empty()) return page;  // else all were removed meanwhile
    }
  }

  Status Remove(const std::string& key) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    return objects_->Remove(key);
  }

  /// A writer keeps what it has in memory.
  Result<int64_t> RemoveUnfinished(int64_t) override { return 0; }

  StoreMetrics metrics() const override { return objects_->counters().Read(); }

 private:
  Result<std::vector<std::string>> ListKeys(const std::string& prefix, const std::string& after, size_t keys_max) {
    ++objects_->counters().lists;
    std::string first = prefix.empty() ? "-" : "[" + prefix;
    std::string end = "+";
    if (after >= prefix && !after.empty()) first = "(" + after;
    if (!prefix.empty()) {
      end = "(" + prefix;
      ++end.back();  // the least text that is greater than all with the prefix
    }
    const std::string limit = std::to_string(keys_max);
    ARROW_ASSIGN_OR_RAISE(const RedisReply reply, objects_->client().Demand({"ZRANGEBYLEX", objects_->keys().index, first,
                                                                             end, "LIMIT", "0", limit}));
    std::vector<std::string> keys;
    for (size_t i = 0; i < reply->elements; ++i) keys.emplace_back(ElementTextOf(*reply, i));
    return keys;
  }

  /// Those that are still there.
  Result<std::vector<ObjectInfo>> Describe(const std::vector<std::string>& keys) {
    const std::string last = std::to_string(RedisRecordHeader::kBytes - 1);
    std::vector<std::string> names;
    for (const std::string& key : keys) names.push_back(objects_->keys().ObjectKey(key));
    std::vector<RedisCommand> commands;
    for (const std::string& name : names) commands.push_back({"GETRANGE", name, "0", last});
    std::vector<ObjectInfo> objects;
    if (commands.empty()) return objects;
    ARROW_ASSIGN_OR_RAISE(const RedisOutcome outcome, objects_->client().Send(commands));
    for (size_t i = 0; i < keys.size(); ++i) {
      const redisReply& reply = *outcome.replies[i];
      ARROW_RETURN_NOT_OK(ExplainRedisReply(reply));
      if (TextOf(reply).empty()) continue;
      ARROW_ASSIGN_OR_RAISE(const RedisRecordHeader header, ReadRecordHeader(TextOf(reply)));
      objects.push_back({.key = keys[i],
                         .size_bytes = header.size_bytes,
                         .modified_ns = header.modified_ns,
                         .version = ToString(header.version)});
    }
    return objects;
  }

  const std::shared_ptr<RedisObjects> objects_;
};

}  // namespace

Result<std::unique_ptr<ObjectStore>> MakeRedisStore(const RedisUrl& url, const RedisStoreOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto client, RedisClient::Make(url, options.client, nullptr));
  return std::make_unique<RedisStore>(std::make_shared<RedisObjects>(std::move(client), options.changes_max));
}

}  // namespace gigapi
