// A file of an object store that is read through the cache of the node.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "object_store/cache/read_cache.h"

namespace gigapi {

class CachedFile final : public ReadableFile {
 public:
  CachedFile(ReadCache* cache, ObjectStore* store, std::string key, uint64_t size_bytes,
             std::shared_ptr<ReadCounters> counters);

  Result<size_t> ReadAt(uint64_t offset, size_t size, char* out) const override;
  uint64_t size() const override { return size_; }

 private:
  /// What one read wants of one block.
  struct Piece {
    BlockKey key;
    size_t begin = 0;  // in the block
    size_t size = 0;
    char* out = nullptr;
    uint64_t offset = 0;  // in the object
  };

  Status ReadFromTail(uint64_t offset, size_t size, char* out) const;
  Status ReadThroughBlocks(uint64_t offset, size_t size, char* out) const;
  std::vector<Piece> SplitIntoPieces(uint64_t offset, size_t size, char* out) const;
  bool ReadFromDisk(const Piece& piece) const;
  /// Fetches pieces of the read that begins at `offset`, whose place is `out`, and keeps them.
  Status FetchPieces(const std::vector<Piece>& pieces, uint64_t offset, char* out) const;
  Status Fetch(const ByteRange& range, char* out) const;
  Result<const ReadableFile*> Opened() const;
  void Count(std::atomic<int64_t> ReadCounters::*counter, uint64_t count) const;

  ReadCache* const cache_;
  ObjectStore* const store_;
  const std::string key_;
  const uint64_t size_;
  const ObjectDigest digest_;
  const std::shared_ptr<ReadCounters> counters_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<ReadableFile> file_;  // opened by the first fetch
};

/// What the cache knows an object by.
ObjectDigest DigestOf(const ObjectStore& store, const std::string& key);

}  // namespace gigapi
