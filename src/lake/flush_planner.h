// Decides which partitions are to be flushed now. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gigapi {

/// What the planner knows of a partition with buffered rows.
struct FlushCandidate {
  size_t index = 0;  // the caller's
  int64_t bytes = 0;
  int64_t age_ns = 0;           // of its oldest row
  uint64_t first_sequence = 0;  // of its oldest row
  bool has_waiters = false;     // writes that are acknowledged when it is flushed
  int64_t retry_in_ns = 0;      // above 0: a flush has failed and is not to be tried yet
};

struct FlushPolicy {
  int64_t interval_ns = 0;
  int64_t partition_bytes = 0;
  /// Writes that wait for their file wait at most this long for company.
  int64_t waiters_interval_ns = 0;
  /// Above this sum the largest partitions are flushed, whatever their age, until the rest is below.
  int64_t total_bytes_high = 0;
  /// Above this size of the log the partitions that hold its oldest records are flushed.
  int64_t wal_bytes_high = 0;
};

struct FlushPressure {
  int64_t total_bytes = 0;
  int64_t wal_bytes = 0;
};

/// Indexes of the partitions to flush, in that order: those under pressure first, then the others by age.
std::vector<size_t> PlanFlushes(std::vector<FlushCandidate> candidates, const FlushPolicy& policy,
                                const FlushPressure& pressure);

}  // namespace gigapi
