// Pieces of objects on a local disk: one file without a name, cut into slots of one block each, that is gone with the
// process. So it is cold after a restart, never leaves anything behind, and never takes more than it was given.
//
// Of each block one run of bytes is kept, with its checksum: a damaged one is forgotten and counts as missing. A disk that
// fails or is full makes the cache useless, never a read.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "object_store/cache/block_index.h"

namespace gigapi {

struct BlockCacheMetrics {
  int64_t blocks = 0;
  int64_t evictions_total = 0;
  int64_t failures_total = 0;  // of the disk, and checksums that did not fit
};

class BlockCache {
 public:
  static constexpr size_t kBlockBytes = 64 << 10;

  /// Makes the file in a folder, which is created when it is not there. At least one block of capacity.
  static Result<std::unique_ptr<BlockCache>> Create(const std::string& directory, int64_t capacity_bytes);
  ~BlockCache();

  /// Reads bytes of a block, [offset, offset + size) in it; false when they are not here.
  bool Read(const BlockKey& key, size_t offset, size_t size, char* out);
  /// Keeps bytes of a block, from `offset` in it. Fewer bytes than are kept of it already change nothing.
  void Write(const BlockKey& key, size_t offset, std::string_view bytes);
  /// Keeps them whatever is kept already: the object was written anew.
  void Replace(const BlockKey& key, size_t offset, std::string_view bytes);

  BlockCacheMetrics metrics() const;

 private:
  struct Content {
    uint32_t offset = 0;
    uint32_t size = 0;  // 0: being written
    uint32_t checksum = 0;
  };

  BlockCache(int descriptor, uint32_t slots) : descriptor_(descriptor), index_(slots), contents_(slots) {}
  void Store(uint32_t slot, const BlockKey& key, size_t offset, std::string_view bytes);
  bool ReadChecked(uint32_t slot, const Content& content, size_t offset, size_t size, char* out) const;
  void Forget(const BlockKey& key, uint32_t slot);

  const int descriptor_;
  mutable std::mutex mutex_;
  BlockIndex index_;
  std::vector<Content> contents_;  // by slot
  int64_t failures_ = 0;
};

}  // namespace gigapi
