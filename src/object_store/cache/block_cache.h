// Pieces of objects on a local disk: one file without a name, cut into slots of one block each, that is gone with the
// process. So it is cold after a restart, never leaves anything behind, and never takes more than it was given.
//
// Of each block the runs of bytes are kept that were asked for (columns of a Parquet file that share a block), each with its
// checksum; what touches becomes one run. They lie in the slot where they lie in the block, so a block never takes more than
// its slot. A damaged run is forgotten and counts as missing. A disk that fails or is full makes the cache useless, never a
// read.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "object_store/cache/block_index.h"
#include "object_store/cache/block_runs.h"

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
  /// Keeps bytes of a block, from `offset` in it, beside those that are kept of it already, which are of the same content.
  void Write(const BlockKey& key, size_t offset, std::string_view bytes);
  /// Keeps them alone of the block: the object was written anew.
  void Replace(const BlockKey& key, size_t offset, std::string_view bytes);

  BlockCacheMetrics metrics() const;

 private:
  BlockCache(int descriptor, uint32_t slots) : descriptor_(descriptor), index_(slots), runs_(slots) {}
  bool ReadFrom(uint32_t slot, const BlockRun& run, size_t offset, size_t size, char* out) const;
  bool ReadRun(uint32_t slot, const BlockRun& run, char* out) const;
  std::optional<BlockRun> Join(const BlockKey& key, uint32_t slot, const std::vector<BlockRun>& touching, size_t offset,
                               std::string_view bytes);
  /// Keeps bytes in a pinned slot, as a part of `run`.
  void Store(const BlockKey& key, uint32_t slot, const BlockRun& run, size_t offset, std::string_view bytes);
  void Forget(const BlockKey& key, uint32_t slot, const BlockRun& run);

  const int descriptor_;
  mutable std::mutex mutex_;
  BlockIndex index_;
  std::vector<BlockRuns> runs_;  // by slot
  int64_t failures_ = 0;
};

}  // namespace gigapi
