// The rows of one partition on their way to a file. Rows come in the order of their WAL sequences and leave as a prefix of
// that order, when a flush has committed them.
//
// Not thread-safe: the lake's lock guards it. What part() gives out is immutable.
#pragma once

#include <cstdint>
#include <vector>

#include "buffer/memory_part.h"

namespace gigapi {

struct BufferedChunk {
  ColumnBatchPtr rows;
  uint64_t first_sequence = 0;  // of the WAL records that the rows came from
  uint64_t last_sequence = 0;
  size_t bytes = 0;
};

class PartitionBuffer {
 public:
  explicit PartitionBuffer(PartitionKey partition) : partition_(partition) {}

  void Append(ColumnBatchPtr rows, uint64_t sequence, int64_t now_ns);
  /// Forgets all: the table was dropped.
  void Clear();
  /// Forgets the first chunks, which a flush has committed.
  void RemoveFirst(size_t chunks, int64_t now_ns);
  /// Puts one chunk in the place of `count` chunks from position `first` on: the same rows, gathered.
  void ReplaceChunks(size_t first, size_t count, ColumnBatchPtr rows);

  const std::vector<BufferedChunk>& chunks() const { return chunks_; }
  bool empty() const { return chunks_.empty(); }
  size_t bytes() const { return bytes_; }
  int64_t rows() const { return rows_; }
  /// When the oldest buffered row arrived (steady clock).
  int64_t oldest_ns() const { return oldest_ns_; }
  /// The sequence of the oldest record that is not in a file; only when not empty.
  uint64_t first_sequence() const { return chunks_.front().first_sequence; }

  /// What a query sees; nullptr when empty.
  MemoryPartPtr part();

 private:
  PartitionKey partition_;
  std::vector<BufferedChunk> chunks_;
  size_t bytes_ = 0;
  int64_t rows_ = 0;
  int64_t oldest_ns_ = 0;
  MemoryPartPtr part_;
};

}  // namespace gigapi
