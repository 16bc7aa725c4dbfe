// What write endpoints and imports count.
#pragma once

#include <atomic>
#include <cstdint>

namespace gigapi {

/// Readable at any time.
struct WriteStats {
  std::atomic<int64_t> rows_written_total{0};
  std::atomic<int64_t> rows_refused_total{0};
  std::atomic<int64_t> body_bytes_total{0};  // after decompression
  std::atomic<int64_t> parse_nanos_total{0};
  std::atomic<int64_t> reparsed_total{0};
};

}  // namespace gigapi
