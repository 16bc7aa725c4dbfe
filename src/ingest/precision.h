// The unit of a request's timestamps, in all spellings of InfluxDB v1, v2 and v3.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace gigapi {

enum class Precision {
  kNanosecond,
  kMicrosecond,
  kMillisecond,
  kSecond,
  kMinute,
  kHour,
  kAuto
};

/// "" and "ns", "n", "nanosecond"; "us", "u", "µs", "microsecond"; "ms", "millisecond"; "s", "second"; "m", "minute";
/// "h", "hour"; "auto". Long names also in the plural. Anything else is kInvalidArgument.
Result<Precision> ParsePrecision(std::string_view text);

/// Nanoseconds of one unit; kAuto decides by the size of the timestamp, as InfluxDB 3 does: below 5e9 seconds, below
/// 5e12 milliseconds, below 5e15 microseconds, else nanoseconds.
int64_t NanosPerUnit(Precision precision, int64_t timestamp);

/// The timestamp in nanoseconds; false when it does not fit into int64.
inline bool ScaleTimestamp(Precision precision, int64_t timestamp, int64_t* nanos) {
  if (precision == Precision::kNanosecond) {
    *nanos = timestamp;
    return true;
  }
  return !__builtin_mul_overflow(timestamp, NanosPerUnit(precision, timestamp), nanos);
}

}  // namespace gigapi
