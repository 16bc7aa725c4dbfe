// What reads of immutable objects go through, of all stores of a node: the ends of objects in memory, blocks on a local
// disk, and, for what neither has, requests for just the bytes that are wanted, several at a time. Bytes that another thread
// is fetching already are waited for, not fetched twice.
//
// Objects are known by store and key: a key is never given another content, except through Write here.
//
// Thread-safe. Files and writers made from it must not outlive it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "object_store/cache/block_cache.h"
#include "object_store/cache/fetch_table.h"
#include "object_store/cache/range_plan.h"
#include "object_store/cache/tail_cache.h"
#include "object_store/object_store.h"

namespace gigapi {

struct ReadCacheOptions {
  std::string directory;                // on a local disk
  int64_t disk_bytes_max = 10LL << 30;  // 0: nothing is kept on disk
  int64_t memory_bytes_max = 64 << 20;  // of the ends of objects
  size_t tail_bytes = 32 << 10;         // of each
  size_t requests_in_flight_max = 4;    // of one read
  RangePolicy ranges = {};
};

/// Of one query, say; or of all.
struct ReadCounters {
  std::atomic<int64_t> wanted_bytes{0};
  std::atomic<int64_t> memory_bytes{0};   // of these, from memory
  std::atomic<int64_t> disk_bytes{0};     // and from the local disk
  std::atomic<int64_t> fetched_bytes{0};  // asked of a store
  std::atomic<int64_t> requests{0};       // to a store
};

class ReadCache {
 public:
  static Result<std::unique_ptr<ReadCache>> Create(ReadCacheOptions options);

  /// An object of a store, which this must not outlive; nothing is asked yet. What is read counts here and, unless it is
  /// nullptr, in `counters`.
  std::shared_ptr<ReadableFile> Open(ObjectStore* store, const std::string& key, uint64_t size_bytes,
                                     std::shared_ptr<ReadCounters> counters);

  /// An object that is written to a store and, once it is committed, lies in the cache.
  Result<std::unique_ptr<ObjectWriter>> Write(ObjectStore* store, const std::string& key);

  const ReadCounters& counters() const { return counters_; }
  BlockCacheMetrics block_metrics() const { return blocks_ ? blocks_->metrics() : BlockCacheMetrics{}; }
  int64_t memory_bytes() const { return tails_.bytes(); }

 private:
  friend class CachedFile;
  friend class CachingWriter;

  explicit ReadCache(ReadCacheOptions options) : options_(std::move(options)), tails_(options_.memory_bytes_max) {}

  const ReadCacheOptions options_;
  std::unique_ptr<BlockCache> blocks_;  // nullptr: none
  TailCache tails_;
  FetchTable fetches_;
  ReadCounters counters_;
};

}  // namespace gigapi
