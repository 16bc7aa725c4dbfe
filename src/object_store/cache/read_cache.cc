#include "object_store/cache/read_cache.h"

#include "object_store/cache/cached_file.h"

namespace gigapi {

/// Gives what it writes to the cache too.
class CachingWriter final : public ObjectWriter {
 public:
  CachingWriter(ReadCache* cache, const ObjectDigest& object, std::unique_ptr<ObjectWriter> writer)
      : cache_(cache), object_(object), writer_(std::move(writer)) {}

  Status Append(std::string_view bytes) override {
    ARROW_RETURN_NOT_OK(writer_->Append(bytes));
    KeepTail(bytes);
    size_bytes_ += bytes.size();
    while (cache_->blocks_ && !bytes.empty()) {
      const size_t taken = std::min(bytes.size(), BlockCache::kBlockBytes - block_.size());
      block_.append(bytes.substr(0, taken));
      bytes.remove_prefix(taken);
      if (block_.size() == BlockCache::kBlockBytes) KeepBlock();
    }
    return Status::OK();
  }

  Status Commit() override {
    ARROW_RETURN_NOT_OK(writer_->Commit());
    if (!block_.empty()) KeepBlock();
    if (tail_.size() > cache_->options_.tail_bytes) tail_.erase(0, tail_.size() - cache_->options_.tail_bytes);
    cache_->tails_.Put(object_, size_bytes_, std::move(tail_));
    return Status::OK();
  }

 private:
  void KeepBlock() {
    cache_->blocks_->Replace({object_, number_++}, 0, block_);
    block_.clear();
  }

  void KeepTail(std::string_view bytes) {
    const size_t tail_bytes = cache_->options_.tail_bytes;
    if (bytes.size() >= tail_bytes) {
      tail_ = bytes.substr(bytes.size() - tail_bytes);
      return;
    }
    tail_ += bytes;
    // Not at every call, so that many small ones do not move it each time.
    if (tail_.size() > 2 * tail_bytes) tail_.erase(0, tail_.size() - tail_bytes);
  }

  ReadCache* const cache_;
  const ObjectDigest object_;
  const std::unique_ptr<ObjectWriter> writer_;
  std::string block_;  // gathered
  uint32_t number_ = 0;
  uint64_t size_bytes_ = 0;
  std::string tail_;  // at least the last tail_bytes, where there are so many
};

Result<std::unique_ptr<ReadCache>> ReadCache::Create(ReadCacheOptions options) {
  std::unique_ptr<ReadCache> cache(new ReadCache(std::move(options)));
  if (cache->options_.disk_bytes_max > 0) {
    ARROW_ASSIGN_OR_RAISE(cache->blocks_, BlockCache::Create(cache->options_.directory, cache->options_.disk_bytes_max));
  }
  return cache;
}

std::shared_ptr<ReadableFile> ReadCache::Open(ObjectStore* store, const std::string& key, uint64_t size_bytes,
                                              std::shared_ptr<ReadCounters> counters) {
  return std::make_shared<CachedFile>(this, store, key, size_bytes, std::move(counters));
}

Result<std::unique_ptr<ObjectWriter>> ReadCache::Write(ObjectStore* store, const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(auto writer, store->Create(key));
  return std::make_unique<CachingWriter>(this, DigestOf(*store, key), std::move(writer));
}

}  // namespace gigapi
