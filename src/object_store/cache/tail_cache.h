// The ends of objects in memory: the footers of Parquet files. The least recently used goes first. Thread-safe.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "object_store/cache/block_index.h"

namespace gigapi {

class TailCache {
 public:
  explicit TailCache(int64_t capacity_bytes) : capacity_bytes_(capacity_bytes) {}

  /// The last bytes of an object of this size, however many were put; nullptr when there are none.
  std::shared_ptr<const std::string> Find(const ObjectDigest& object, uint64_t object_bytes);
  void Put(const ObjectDigest& object, uint64_t object_bytes, std::string tail);

  int64_t bytes() const;

 private:
  struct Entry {
    ObjectDigest object;
    uint64_t object_bytes;
    std::shared_ptr<const std::string> tail;
  };
  struct DigestHash {
    size_t operator()(const ObjectDigest& object) const { return object[0]; }
  };

  const int64_t capacity_bytes_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // the most recently used first
  std::unordered_map<ObjectDigest, std::list<Entry>::iterator, DigestHash> places_;
  int64_t bytes_ = 0;
};

}  // namespace gigapi
