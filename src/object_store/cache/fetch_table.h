// Which blocks are being fetched, so that two queries that miss the same one ask for it once. Thread-safe.
#pragma once

#include <condition_variable>
#include <mutex>
#include <unordered_set>

#include "object_store/cache/block_index.h"

namespace gigapi {

class FetchTable {
 public:
  /// Whether nobody else is fetching it: then the caller is, until it calls Release.
  bool TryClaim(const BlockKey& key) {
    const std::lock_guard lock(mutex_);
    return claimed_.insert(key).second;
  }

  void Release(const BlockKey& key) {
    const std::lock_guard lock(mutex_);
    claimed_.erase(key);
    released_.notify_all();
  }

  /// Returns when nobody is fetching it. Must not be called by one who has claimed a block: two could wait for each other.
  void Await(const BlockKey& key) {
    std::unique_lock lock(mutex_);
    released_.wait(lock, [&] { return !claimed_.contains(key); });
  }

 private:
  struct KeyHash {
    size_t operator()(const BlockKey& key) const { return key.object[0] ^ (key.block * 0x9e3779b97f4a7c15); }
  };

  std::mutex mutex_;
  std::condition_variable released_;
  std::unordered_set<BlockKey, KeyHash> claimed_;
};

}  // namespace gigapi
