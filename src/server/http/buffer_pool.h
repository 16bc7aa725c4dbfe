// Buffers for request bodies, kept for the next request: a large one costs page faults each time it is new.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "base/pod_vector.h"

namespace gigapi::http {

/// Thread-safe. Keeps at most kKeptBytesMax, in buffers of at most kBufferBytesMax.
class BufferPool {
 public:
  static constexpr size_t kBufferBytesMax = 8 << 20;
  static constexpr size_t kKeptBytesMax = 32 << 20;

  /// An empty buffer, with room for `bytes`.
  PodVector<char> Take(size_t bytes);
  void Give(PodVector<char> buffer);

 private:
  std::mutex mutex_;
  size_t kept_bytes_ = 0;
  std::vector<PodVector<char>> kept_;
};

}  // namespace gigapi::http
