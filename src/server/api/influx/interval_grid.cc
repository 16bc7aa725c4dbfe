#include "server/api/influx/interval_grid.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"

namespace gigapi::influx {
namespace {

/// Clocks are never put forward or back by more.
constexpr int64_t kClockChangeMaxNs = 24 * kNanosPerHour;
constexpr int64_t kClockStepNs = kNanosPerHour / 4;

int64_t Modulo(int64_t value, int64_t width) { return (value % width + width) % width; }

/// SQL of the same.
std::string ModuloSql(const std::string& value, int64_t width) {
  return fmt::format("(({0}) % {1} + {1}) % {1}", value, width);
}

}  // namespace

IntervalGrid::IntervalGrid(int64_t width_ns, int64_t offset_ns, std::shared_ptr<const ZoneTable> zone, int64_t from_ns,
                           int64_t to_ns)
    : width_ns_(width_ns),
      offset_ns_(Modulo(offset_ns, width_ns)),
      zone_(std::move(zone)),
      from_ns_(from_ns),
      to_ns_(to_ns) {}

int64_t IntervalGrid::StartOf(int64_t nanos) const {
  const int64_t ahead = zone_ != nullptr ? zone_->AheadNanos(nanos) : 0;
  const __int128 local = static_cast<__int128>(nanos) - offset_ns_ + ahead;
  const __int128 into = (local % width_ns_ + width_ns_) % width_ns_;
  const auto start = static_cast<int64_t>(std::max<__int128>(nanos - into, INT64_MIN));
  if (zone_ == nullptr) return start;
  // The clocks were changed within the interval: it began by the time of its beginning.
  const int64_t change = ahead - zone_->AheadNanos(start);
  return change > -width_ns_ && change < width_ns_ ? start + change : start;
}

int64_t IntervalGrid::Next(int64_t start) const {
  int64_t end = 0;
  if (__builtin_add_overflow(start, width_ns_, &end)) return start;
  if (zone_ == nullptr) return end;
  // A day may have 25 hours.
  for (int64_t more = 0; more <= kClockChangeMaxNs; more += kClockStepNs) {
    int64_t probe = 0;
    if (__builtin_add_overflow(end, more, &probe)) return start;
    if (const int64_t next = StartOf(probe); next > start) return next;
  }
  return end;
}

int64_t IntervalGrid::Previous(int64_t start) const {
  int64_t before = 0;
  if (__builtin_sub_overflow(start, zone_ == nullptr ? width_ns_ : 1, &before)) return start;
  return zone_ == nullptr ? before : StartOf(before);
}

std::string IntervalGrid::StartSql(const std::string& nanos) const {
  if (zone_ == nullptr) {
    return fmt::format("{} - {}", nanos, ModuloSql(fmt::format("{} - {}", nanos, offset_ns_), width_ns_));
  }
  const auto ahead_at = [&](const std::string& instant) { return zone_->AheadSql(instant, from_ns_ - width_ns_, to_ns_); };
  const std::string ahead = ahead_at(nanos);
  const std::string start =
      fmt::format("({} - {})", nanos, ModuloSql(fmt::format("{} - {} + {}", nanos, offset_ns_, ahead), width_ns_));
  const std::string change = fmt::format("({} - {})", ahead, ahead_at(start));
  return fmt::format("({0} + CASE WHEN abs({1}) < {2} THEN {1} ELSE 0 END)", start, change, width_ns_);
}

}  // namespace gigapi::influx
