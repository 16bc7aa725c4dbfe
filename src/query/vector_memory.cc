#include "query/vector_memory.h"

#include <algorithm>
#include <atomic>
#include <duckdb/storage/block_allocator.hpp>
#include <limits>
#include <utility>

namespace gigapi {
namespace {

using duckdb::Allocator;
using duckdb::data_ptr_t;
using duckdb::idx_t;

/// Vectors of 2,048 plain values are smaller: they are many and of a known number, and counting them would cost time.
constexpr idx_t kCountedBytes = 64 << 10;
constexpr idx_t kSmallBytesMax = 32 << 20;

std::atomic<int64_t> counted_bytes_max = std::numeric_limits<int64_t>::max();
std::atomic<int64_t> counted_bytes = 0;
thread_local int small_vectors_only = 0;

int64_t Counted(idx_t bytes) { return bytes < kCountedBytes ? 0 : static_cast<int64_t>(bytes); }

bool MayHave(idx_t bytes) { return bytes <= kSmallBytesMax || small_vectors_only == 0; }

// What returns nullptr, or throws bad_alloc, is an OutOfMemoryException to DuckDB.

data_ptr_t Allocate(duckdb::PrivateAllocatorData* data, idx_t bytes) {
  const int64_t counted = Counted(bytes);
  if (counted == 0) return Allocator::DefaultAllocate(data, bytes);
  if (!MayHave(bytes) || !CountVectorMemory(counted)) return nullptr;
  try {
    return Allocator::DefaultAllocate(data, bytes);
  } catch (...) {
    UncountVectorMemory(counted);
    return nullptr;
  }
}

void Free(duckdb::PrivateAllocatorData* data, data_ptr_t pointer, idx_t bytes) {
  Allocator::DefaultFree(data, pointer, bytes);
  if (const int64_t counted = Counted(bytes); counted != 0) UncountVectorMemory(counted);
}

data_ptr_t Reallocate(duckdb::PrivateAllocatorData* data, data_ptr_t pointer, idx_t old_bytes, idx_t bytes) {
  const int64_t more = Counted(bytes) - Counted(old_bytes);
  if (more > 0 && (!MayHave(bytes) || !CountVectorMemory(more))) return nullptr;
  const data_ptr_t moved = Allocator::DefaultReallocate(data, pointer, old_bytes, bytes);
  if (moved != nullptr && more < 0) UncountVectorMemory(-more);
  if (moved == nullptr && more > 0) UncountVectorMemory(more);
  return moved;
}

}  // namespace

bool CountVectorMemory(int64_t bytes) {
  int64_t before = counted_bytes.load(std::memory_order_relaxed);
  do {
    if (bytes > counted_bytes_max.load(std::memory_order_relaxed) - before) return false;
  } while (!counted_bytes.compare_exchange_weak(before, before + bytes, std::memory_order_relaxed));
  return true;
}

void UncountVectorMemory(int64_t bytes) { counted_bytes.fetch_sub(bytes, std::memory_order_relaxed); }

void LimitVectorMemory(duckdb::DBConfig* config) {
  // Replaced once and never let go: what an allocator has given goes back to it.
  static const duckdb::shared_ptr<Allocator> plain = std::exchange(
      Allocator::DefaultAllocatorReference(), duckdb::make_shared_ptr<Allocator>(Allocate, Free, Reallocate, nullptr));
  counted_bytes_max = static_cast<int64_t>(std::min<idx_t>(config->options.maximum_memory, INT64_MAX));
  config->allocator = duckdb::make_uniq<Allocator>(Allocate, Free, Reallocate, nullptr);
  // Blocks are what the memory limit counts.
  config->block_allocator = duckdb::make_uniq<duckdb::BlockAllocator>(*plain, duckdb::idx_t{DEFAULT_BLOCK_ALLOC_SIZE},
                                                                      /*virtual_memory_size=*/0, /*physical_memory_size=*/0);
}

SmallVectorsOnly::SmallVectorsOnly() { ++small_vectors_only; }
SmallVectorsOnly::~SmallVectorsOnly() { --small_vectors_only; }

}  // namespace gigapi
