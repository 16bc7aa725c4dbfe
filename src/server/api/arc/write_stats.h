// What Arc's stats endpoints count, for one protocol. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

namespace gigapi::arc {

struct WriteStats {
  std::atomic<int64_t> requests_total{0};
  std::atomic<int64_t> rows_total{0};
  std::atomic<int64_t> bytes_total{0};             // as sent
  std::atomic<int64_t> bytes_compressed_total{0};  // those of them that were compressed
  std::atomic<int64_t> errors_total{0};            // requests
};

}  // namespace gigapi::arc
