// What the Flight server counts. Readable at any time, by any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace gigapi {

class Exposition;

struct FlightStats {
  std::atomic<int64_t> calls_total{0};
  std::atomic<int64_t> calls{0};          // under way
  std::atomic<int64_t> refused_total{0};  // wrong credentials, or too many calls
  std::atomic<int64_t> streams{0};        // results that are being read
  std::atomic<int64_t> rows_read_total{0};
  std::atomic<int64_t> rows_written_total{0};
};

/// Adds them to /metrics.
void WriteFlightStats(const FlightStats& stats, Exposition* page);

}  // namespace gigapi
