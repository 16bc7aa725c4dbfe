#include "ingest/precision.h"

#include <utility>

#include "base/clock.h"

namespace gigapi {

Result<Precision> ParsePrecision(std::string_view text) {
  static constexpr std::pair<std::string_view, Precision> kSpellings[] = {
      {"", Precision::kNanosecond},
      {"ns", Precision::kNanosecond},
      {"n", Precision::kNanosecond},
      {"nanosecond", Precision::kNanosecond},
      {"nanoseconds", Precision::kNanosecond},
      {"us", Precision::kMicrosecond},
      {"u", Precision::kMicrosecond},
      {"\u00b5s", Precision::kMicrosecond},  // micro sign
      {"\u03bcs", Precision::kMicrosecond},  // Greek mu
      {"microsecond", Precision::kMicrosecond},
      {"microseconds", Precision::kMicrosecond},
      {"ms", Precision::kMillisecond},
      {"millisecond", Precision::kMillisecond},
      {"milliseconds", Precision::kMillisecond},
      {"s", Precision::kSecond},
      {"second", Precision::kSecond},
      {"seconds", Precision::kSecond},
      {"m", Precision::kMinute},
      {"minute", Precision::kMinute},
      {"minutes", Precision::kMinute},
      {"h", Precision::kHour},
      {"hour", Precision::kHour},
      {"hours", Precision::kHour},
      {"auto", Precision::kAuto},
  };
  for (const auto& [spelling, precision] : kSpellings) {
    if (text == spelling) return precision;
  }
  return Errorf(ErrorKind::kInvalidArgument, "invalid precision '{}': use ns, us, ms, s, m, h or auto", text.substr(0, 40));
}

int64_t NanosPerUnit(Precision precision, int64_t timestamp) {
  switch (precision) {
    case Precision::kNanosecond: return 1;
    case Precision::kMicrosecond: return kNanosPerMicro;
    case Precision::kMillisecond: return kNanosPerMilli;
    case Precision::kSecond: return kNanosPerSecond;
    case Precision::kMinute: return 60 * kNanosPerSecond;
    case Precision::kHour: return kNanosPerHour;
    case Precision::kAuto: break;
  }
  const uint64_t size = timestamp < 0 ? -static_cast<uint64_t>(timestamp) : static_cast<uint64_t>(timestamp);
  if (size < 5'000'000'000) return kNanosPerSecond;
  if (size < 5'000'000'000'000) return kNanosPerMilli;
  if (size < 5'000'000'000'000'000) return kNanosPerMicro;
  return 1;
}

}  // namespace gigapi
