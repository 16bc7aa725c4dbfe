#include "object_store/s3_store.h"

#include <algorithm>
#include <charconv>

#include "base/clock.h"
#include "base/uuid.h"
#include "object_store/s3_client.h"
#include "object_store/s3_writer.h"
#include "object_store/s3_xml.h"

namespace gigapi {
namespace {

constexpr size_t kPageObjectsMax = 1'000;

uint64_t SizeOf(const S3Reply& reply) {
  const std::string_view text = reply.http.Header("content-length");
  uint64_t size = 0;
  std::from_chars(text.data(), text.data() + text.size(), size);
  return size;
}

class S3File final : public ReadableFile {
 public:
  S3File(std::shared_ptr<S3Client> client, std::string key, uint64_t size)
      : client_(std::move(client)), key_(std::move(key)), size_(size) {}

  Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) const override {
    if (offset >= size_ || size == 0) return 0;
    const size_t wanted = std::min<uint64_t>(size, size_ - offset);
    const S3Call call{.method = "GET",
                      .key = key_,
                      .headers = {{"range", fmt::format("bytes={}-{}", offset, offset + wanted - 1)}},
                      .into = {out, wanted},
                      .requests = &client_->counters().gets};
    ARROW_ASSIGN_OR_RAISE(const S3Reply reply, client_->Demand(call));
    if (reply.http.status == 206 && reply.http.into_bytes == wanted) return wanted;
    if (offset == 0 && reply.http.into_bytes == wanted) return wanted;
    return Errorf(ErrorKind::kUnavailable, "the object {} has another size than {}", key_, size_);
  }
  uint64_t size() const override { return size_; }

 private:
  const std::shared_ptr<S3Client> client_;
  const std::string key_;
  const uint64_t size_;
};

class S3Store final : public ObjectStore {
 public:
  explicit S3Store(std::shared_ptr<S3Client> client) : client_(std::move(client)) {}

  std::string Describe() const override { return ToString(client_->url()); }

  Status Probe() override { return List("", "", 1).status(); }

  Result<std::unique_ptr<ObjectWriter>> Create(const std::string& key) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    return std::make_unique<S3Writer>(client_, Full(key));
  }

  Result<std::shared_ptr<ReadableFile>> Open(const std::string& key, std::optional<uint64_t> size_bytes) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    if (!size_bytes) {
      ARROW_ASSIGN_OR_RAISE(const ObjectInfo info, Head(key));
      size_bytes = info.size_bytes;
    }
    return std::make_shared<S3File>(client_, Full(key), *size_bytes);
  }

  Result<ObjectInfo> Head(const std::string& key) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    ARROW_ASSIGN_OR_RAISE(const S3Reply reply,
                          client_->Demand({.method = "HEAD", .key = Full(key), .requests = &counters().gets}));
    return ObjectInfo{.key = key,
                      .size_bytes = SizeOf(reply),
                      .modified_ns = ParseStoreTime(std::string(reply.http.Header("last-modified"))),
                      .version = std::string(reply.http.Header("etag"))};
  }

  Result<ObjectContent> Get(const std::string& key) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    ARROW_ASSIGN_OR_RAISE(S3Reply reply, client_->Demand({.key = Full(key), .requests = &counters().gets}));
    return ContentOf(key, std::move(reply));
  }

  Result<std::optional<ObjectContent>> GetIfChanged(const std::string& key, const std::string& version) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    const S3Call call{.key = Full(key), .headers = {{"if-none-match", version}}, .requests = &counters().gets};
    ARROW_ASSIGN_OR_RAISE(S3Reply reply, client_->Send(call));
    if (reply.http.status == 304) return std::nullopt;
    ARROW_RETURN_NOT_OK(client_->Explain(call, reply));
    return ContentOf(key, std::move(reply));
  }

  Result<std::string> PutIfAbsent(const std::string& key, std::string_view content) override {
    return PutIf(key, content, {"if-none-match", "*"});
  }

  Result<std::string> PutIfVersion(const std::string& key, std::string_view content, const std::string& version) override {
    return PutIf(key, content, {"if-match", version});
  }

  Result<ObjectPage> List(const std::string& prefix, const std::string& start_after, size_t objects_max) override {
    ARROW_RETURN_NOT_OK(CheckObjectPrefix(prefix));
    const size_t page_max = std::clamp<size_t>(objects_max, 1, kPageObjectsMax);
    std::string after = start_after;
    while (true) {
      HttpFields parameters = {
          {"list-type", "2"}, {"encoding-type", "url"}, {"max-keys", std::to_string(page_max)}, {"prefix", Full(prefix)}};
      if (!after.empty()) parameters.emplace_back("start-after", Full(after));
      ARROW_ASSIGN_OR_RAISE(S3Reply reply,
                            client_->Demand({.parameters = std::move(parameters), .requests = &counters().lists}));
      ARROW_ASSIGN_OR_RAISE(const S3ObjectList list, ParseObjectList(std::move(reply.http.body)));
      ObjectPage page;
      for (const S3ListedObject& object : list.objects) {
        if (!object.key.starts_with(client_->url().prefix))
          return Error(ErrorKind::kUnavailable, "the store lists other keys");
        after = object.key.substr(client_->url().prefix.size());
        // Others may have put objects here that are none of ours, such as those that stand for folders.
        if (!CheckObjectKey(after).ok()) continue;
        page.objects.push_back(
            {.key = after, .size_bytes = object.size_bytes, .modified_ns = object.modified_ns, .version = object.etag});
      }
      const bool is_last = !list.is_truncated || list.objects.empty();
      if (!is_last) page.next_start_after = after;
      if (is_last || !page.objects.empty()) return page;
    }
  }

  Status Remove(const std::string& key) override {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    const Status removed = client_->Demand({.method = "DELETE", .key = Full(key), .requests = &counters().removes}).status();
    return !removed.ok() && KindOf(removed) == ErrorKind::kNotFound ? Status::OK() : removed;
  }

  Result<int64_t> RemoveUnfinished(int64_t begun_before_ns) override {
    int64_t removed = 0;
    S3UploadList list;
    do {
      // Without a prefix: MinIO takes one for the key of an object, and lists nothing.
      HttpFields parameters = {{"uploads", ""}, {"encoding-type", "url"}};
      if (list.is_truncated) {
        parameters.emplace_back("key-marker", list.next_key_marker);
        parameters.emplace_back("upload-id-marker", list.next_upload_id_marker);
      }
      ARROW_ASSIGN_OR_RAISE(const S3Reply reply,
                            client_->Demand({.parameters = std::move(parameters), .requests = &counters().lists}));
      ARROW_ASSIGN_OR_RAISE(list, ParseUploadList(reply.http.body));
      for (const S3Upload& upload : list.uploads) {
        if (upload.begun_ns >= begun_before_ns || !upload.key.starts_with(client_->url().prefix)) continue;
        const Status aborted = client_
                                   ->Demand({.method = "DELETE",
                                             .key = upload.key,
                                             .parameters = {{"uploadId", upload.upload_id}},
                                             .requests = &counters().removes})
                                   .status();
        if (!aborted.ok() && KindOf(aborted) != ErrorKind::kNotFound) return aborted;
        ++removed;
      }
    } while (list.is_truncated && !list.uploads.empty());
    return removed;
  }

  StoreMetrics metrics() const override { return client_->counters().Read(); }

 private:
  StoreCounters& counters() const { return client_->counters(); }
  std::string Full(const std::string& key) const { return client_->url().prefix + key; }

  static Result<ObjectContent> ContentOf(const std::string& key, S3Reply reply) {
    if (reply.http.body.size() > kSmallObjectBytesMax) {
      return Errorf(ErrorKind::kTooLarge, "the object {} is too large to get", key);
    }
    std::string version(reply.http.Header("etag"));
    return ObjectContent{std::move(reply.http.body), std::move(version)};
  }

  Result<std::string> PutIf(const std::string& key, std::string_view content,
                            std::pair<std::string, std::string> condition) {
    ARROW_RETURN_NOT_OK(CheckObjectKey(key));
    if (content.size() > kSmallObjectBytesMax) return Errorf(ErrorKind::kTooLarge, "the object {} is too large to put", key);
    const S3Call call{
        .method = "PUT", .key = Full(key), .headers = {std::move(condition)}, .body = content, .requests = &counters().puts};
    ARROW_ASSIGN_OR_RAISE(const S3Reply reply, client_->Send(call));
    if (reply.ok()) return std::string(reply.http.Header("etag"));
    // If-Match on a key that has no object is answered 404.
    const bool does_not_hold = reply.http.status == 412 || reply.error_code == "NoSuchKey";
    if (!does_not_hold) return client_->Explain(call, reply);
    if (!reply.earlier_may_have_worked) return Errorf(ErrorKind::kConflict, "the object {} has been changed", key);
    // An earlier attempt, whose answer was lost, may be what the condition now meets.
    const auto there = Get(key);
    if (there.ok() && there->content == content) return there->version;
    return Errorf(ErrorKind::kUnavailable, "it is not known whether the object {} was put: read it again", key);
  }

  const std::shared_ptr<S3Client> client_;
};

Status ExplainPut(const Status& failure, const std::string& store) {
  if (KindOf(failure) != ErrorKind::kUnsupported) return failure;
  return Errorf(ErrorKind::kUnsupported,
                "{} has no conditional puts, which a catalog needs: keep it in Redis (metadata_type). It said: {}", store,
                failure.message());
}

/// What VerifyConditionalPuts left when it was killed; others may be at theirs.
Status SweepConditionalPuts(ObjectStore* store, const std::string& folder) {
  const int64_t before_ns = WallNanos() - kNanosPerHour;
  ARROW_ASSIGN_OR_RAISE(const ObjectPage page, store->List(folder, "", kPageObjectsMax));
  for (const ObjectInfo& object : page.objects) {
    if (object.modified_ns < before_ns) ARROW_RETURN_NOT_OK(store->Remove(object.key));
  }
  return Status::OK();
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> MakeS3Store(StoreUrl url, std::unique_ptr<S3CredentialsSource> credentials,
                                                 S3StoreOptions options) {
  if (url.kind != StoreKind::kS3) return Error(ErrorKind::kInvalidArgument, "the address is none of S3");
  ARROW_ASSIGN_OR_RAISE(auto transport, HttpTransport::Make(EndpointOf(url), options.transport));
  auto client = std::make_shared<S3Client>(std::move(url), std::move(transport), std::move(credentials), options.retries);
  return std::make_unique<S3Store>(std::move(client));
}

Status VerifyConditionalPuts(ObjectStore* store, const std::string& prefix) {
  const std::string folder = prefix + "conditional-put/";
  const std::string key = folder + NewUuid();
  const auto first = store->PutIfAbsent(key, "1");
  if (!first.ok()) return ExplainPut(first.status(), store->Describe());
  const auto again = store->PutIfAbsent(key, "2");
  const auto second = store->PutIfVersion(key, "3", *first);
  const auto stale = store->PutIfVersion(key, "4", *first);
  ARROW_RETURN_NOT_OK(store->Remove(key));
  if (!second.ok()) return ExplainPut(second.status(), store->Describe());
  for (const auto& refused : {again, stale}) {
    if (refused.ok()) {
      return Errorf(ErrorKind::kUnsupported, "{} ignores If-Match and If-None-Match: several writers would lose rows there",
                    store->Describe());
    }
    if (KindOf(refused.status()) != ErrorKind::kConflict) return refused.status();
  }
  return SweepConditionalPuts(store, folder);
}

}  // namespace gigapi
