// The intervals of GROUP BY time(width, offset), which with tz() begin where the local clocks say so. Pure; immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "server/api/influx/zone_table.h"

namespace gigapi::influx {

class IntervalGrid {
 public:
  /// `zone` may be nullptr: UTC. With it SQL is right from `from_ns` to `to_ns`.
  IntervalGrid(int64_t width_ns, int64_t offset_ns, std::shared_ptr<const ZoneTable> zone, int64_t from_ns, int64_t to_ns);

  int64_t width_ns() const { return width_ns_; }
  /// The start of the interval that an instant lies in; the first instant where that is before it.
  int64_t StartOf(int64_t nanos) const;
  /// The start of the interval after the one that begins at `start`, or before it; `start` itself where 64 bits end.
  int64_t Next(int64_t start) const;
  int64_t Previous(int64_t start) const;

  /// StartOf as SQL of an instant in nanoseconds.
  std::string StartSql(const std::string& nanos) const;

 private:
  const int64_t width_ns_;
  const int64_t offset_ns_;  // from 0 up to the width
  const std::shared_ptr<const ZoneTable> zone_;
  const int64_t from_ns_;
  const int64_t to_ns_;
};

}  // namespace gigapi::influx
