#include "buffer/partition_buffer.h"

#include <algorithm>

namespace gigapi {

void PartitionBuffer::Append(ColumnBatchPtr rows, uint64_t sequence, int64_t now_ns) {
  if (chunks_.empty()) oldest_ns_ = now_ns;
  const size_t bytes = rows->MemoryBytes();
  bytes_ += bytes;
  rows_ += static_cast<int64_t>(rows->rows());
  chunks_.push_back({std::move(rows), sequence, sequence, bytes});
  part_ = nullptr;
}

void PartitionBuffer::Clear() { RemoveFirst(chunks_.size(), 0); }

void PartitionBuffer::RemoveFirst(size_t chunks, int64_t now_ns) {
  for (size_t i = 0; i < chunks; ++i) {
    bytes_ -= chunks_[i].bytes;
    rows_ -= static_cast<int64_t>(chunks_[i].rows->rows());
  }
  chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<ptrdiff_t>(chunks));
  oldest_ns_ = now_ns;
  part_ = nullptr;
}

void PartitionBuffer::ReplaceChunks(size_t first, size_t count, ColumnBatchPtr rows) {
  const auto begin = chunks_.begin() + static_cast<ptrdiff_t>(first);
  const auto end = begin + static_cast<ptrdiff_t>(count);
  for (auto chunk = begin; chunk != end; ++chunk) bytes_ -= chunk->bytes;
  begin->last_sequence = (end - 1)->last_sequence;
  begin->bytes = rows->MemoryBytes();
  begin->rows = std::move(rows);
  bytes_ += begin->bytes;
  chunks_.erase(begin + 1, end);
  part_ = nullptr;
}

MemoryPartPtr PartitionBuffer::part() {
  if (part_ || chunks_.empty()) return part_;
  auto part = std::make_shared<MemoryPart>();
  part->partition = partition_;
  part->chunks.reserve(chunks_.size());
  for (const BufferedChunk& chunk : chunks_) part->Add(chunk.rows);
  part_ = std::move(part);
  return part_;
}

}  // namespace gigapi
