// Memory for what is decoded of a body: foreign bytes may claim sizes that nobody has.
#pragma once

#include <arrow/memory_pool.h>

#include <cstdint>

namespace gigapi {

/// Refuses what would make it more than `bytes_max` in use at once (arrow::Status::OutOfMemory). Must outlive what it gives.
class DecodingPool {
 public:
  explicit DecodingPool(int64_t bytes_max) : counted_(arrow::default_memory_pool()), capped_(&counted_, bytes_max) {}
  arrow::MemoryPool* get() { return &capped_; }

 private:
  arrow::ProxyMemoryPool counted_;
  arrow::CappedMemoryPool capped_;
};

}  // namespace gigapi
