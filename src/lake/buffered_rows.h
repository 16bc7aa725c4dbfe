// What one node holds of a table that no file has yet: handed from node to node, so that a query sees all acknowledged rows
// wherever they were written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "buffer/partition_buffer.h"
#include "model/partition.h"

namespace gigapi {

struct BufferedPartition {
  PartitionKey partition;
  /// Rows of the node's records up to here are in files that the catalog names.
  uint64_t flushed_sequence = 0;
  /// All rows of records above; in the order of their sequences.
  std::vector<BufferedChunk> chunks;
};

/// Of one node and one table, at one instant.
struct BufferedRows {
  std::string node;
  /// Those that have rows, and those that were flushed a short while ago: so that whoever asks knows which files it must
  /// have seen in the catalog (kFlushedRecentlyNs).
  std::vector<BufferedPartition> partitions;
};

/// How long a flush is told of. Whoever follows the catalog is behind it by seconds at most.
inline constexpr int64_t kFlushedRecentlyNs = 120'000'000'000;

}  // namespace gigapi
