// Which bytes of one block are kept: some runs, each with its checksum. Pure; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gigapi {

struct BlockRun {
  uint32_t offset = 0;  // in the block
  uint32_t size = 0;
  uint32_t checksum = 0;
  uint32_t end() const { return offset + size; }
  bool operator==(const BlockRun&) const = default;
};

class BlockRuns {
 public:
  /// As many columns share a block at most, or it bears to be fetched again.
  static constexpr size_t kRunsMax = 16;

  /// Runs that together have all of [offset, offset + size), ascending and none for nothing; empty: some of it is missing.
  std::vector<BlockRun> Cover(size_t offset, size_t size) const;
  /// Those that overlap [offset, offset + size), or begin or end where it ends or begins.
  std::vector<BlockRun> Touching(size_t offset, size_t size) const;
  /// Takes the place of the runs that lie in it. Of too many the smallest other one goes: the fewest bytes are lost.
  void Add(const BlockRun& run);
  void Remove(const BlockRun& run);
  void Clear() { runs_.clear(); }

  bool empty() const { return runs_.empty(); }
  size_t size() const { return runs_.size(); }

 private:
  std::vector<BlockRun> runs_;  // in the order of their coming
};

}  // namespace gigapi
