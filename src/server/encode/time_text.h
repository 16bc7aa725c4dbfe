// Points in time as text.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

namespace gigapi {

constexpr size_t kTimeBytesMax = 40;

/// RFC 3339 in UTC with as many decimals as the value needs: "2023-08-08T06:31:32Z", "...:32.5Z". Years outside 0..9999
/// are written with a sign, as ISO 8601 has them.
char* WriteRfc3339(int64_t seconds, uint32_t nanos, char* out);
/// "2023-08-08", days since 1970-01-01.
char* WriteDate(int64_t days, char* out);
/// "infinity" and "-infinity", which DuckDB's dates and timestamps (but those in nanoseconds, whose range is used up) keep
/// as the ends of their range; empty for any other.
template <std::signed_integral Number>
std::string_view InfinityText(Number value) {
  constexpr Number kMax = std::numeric_limits<Number>::max();
  return value == kMax ? "infinity" : value == -kMax ? "-infinity" : "";
}
inline char* WriteText(std::string_view text, char* out) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}
/// "06:31:32.5", nanoseconds since midnight.
char* WriteTimeOfDay(int64_t nanos, char* out);

}  // namespace gigapi
