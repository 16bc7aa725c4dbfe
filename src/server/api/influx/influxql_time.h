// Time in conditions of InfluxQL. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "server/api/influx/influxql_ast.h"

namespace gigapi::influx {

/// Whether a node is the column `time`.
bool IsTime(const Expression& node);

/// A point in time or a duration in nanoseconds: now() - 1h, 1700000000s, 1700000000000000000, '2025-01-01T00:00:00Z'.
Result<int64_t> EvaluateNanos(const Expression& node, int64_t now_ns);

/// Both ends included.
struct TimeRange {
  std::optional<int64_t> from;
  std::optional<int64_t> to;
};

/// What the comparisons with time that hold for every row allow; other parts of the condition do not count.
Result<TimeRange> TimeRangeOf(const Expression* condition, int64_t now_ns);

}  // namespace gigapi::influx
