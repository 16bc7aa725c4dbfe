// Where a row belongs: the hour of its own `time`. The one place that knows how tables are cut into partitions.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace gigapi {

/// Hours since the Unix epoch, UTC; negative before 1970.
struct PartitionKey {
  int64_t hour = 0;
  auto operator<=>(const PartitionKey&) const = default;

  static PartitionKey Of(int64_t time_ns) {
    const int64_t hour = time_ns / kNanosPerHour;
    return {hour - (time_ns % kNanosPerHour < 0 ? 1 : 0)};
  }
  /// The last partition starts before the end of int64 nanoseconds (2262) and ends after it.
  int64_t begin_ns() const { return hour <= INT64_MIN / kNanosPerHour ? INT64_MIN : hour * kNanosPerHour; }
  int64_t last_ns() const { return hour >= INT64_MAX / kNanosPerHour ? INT64_MAX : (hour + 1) * kNanosPerHour - 1; }
};

/// "date=2025-04-10/hour=14".
std::string HivePath(PartitionKey key);

/// Reads back what HivePath wrote; false for any other text.
bool ParseHivePath(const std::string& path, PartitionKey* key);

}  // namespace gigapi
