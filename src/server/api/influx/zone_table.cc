#include "server/api/influx/zone_table.h"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "server/sql_text.h"

namespace gigapi::influx {
namespace {

constexpr int64_t kDaySeconds = 24 * 60 * 60;
constexpr int64_t kYear2100Seconds = 4'102'444'800;
/// Clocks change at some quarter of an hour of UTC.
constexpr int64_t kStepSeconds = 15 * 60;

/// First the days on which the clocks change, then the quarter of an hour.
std::string ChangesSql(const std::string& name) {
  const auto ahead = [&](std::string_view seconds) {
    return fmt::format("CAST(epoch(timezone({}, to_timestamp({}))) AS BIGINT) - {}", SqlText(name), seconds, seconds);
  };
  return fmt::format(
      "WITH days AS (SELECT range AS s, {} AS o FROM range(0, {}, {})), "
      "found AS (SELECT s FROM (SELECT s, o, lag(o) OVER (ORDER BY s) AS p FROM days) WHERE o <> p), "
      "steps AS (SELECT s - k AS s FROM found, (SELECT range AS k FROM range(0, {} + 1, {})) UNION SELECT 0), "
      "probes AS (SELECT s, {} AS o FROM steps) "
      "SELECT s, o FROM (SELECT s, o, lag(o) OVER (ORDER BY s) AS p FROM probes) WHERE p IS NULL OR o <> p ORDER BY s",
      ahead("range"), kYear2100Seconds, kDaySeconds, kDaySeconds, kStepSeconds, ahead("s"));
}

}  // namespace

size_t ZoneTable::Find(int64_t nanos) const {
  const int64_t seconds = nanos / kNanosPerSecond - (nanos % kNanosPerSecond < 0 ? 1 : 0);
  const auto after = std::upper_bound(changes_.begin(), changes_.end(), seconds,
                                      [](int64_t s, const Change& change) { return s < change.at_s; });
  return static_cast<size_t>(std::max<ptrdiff_t>(after - changes_.begin() - 1, 0));
}

int64_t ZoneTable::AheadNanos(int64_t nanos) const { return changes_[Find(nanos)].ahead_s * kNanosPerSecond; }

int64_t ZoneTable::InstantOf(int64_t local_nanos) const {
  const auto less = [&](int64_t ahead) {
    int64_t instant = 0;
    return __builtin_sub_overflow(local_nanos, ahead, &instant) ? local_nanos : instant;
  };
  return less(AheadNanos(less(AheadNanos(local_nanos))));
}

std::string ZoneTable::AheadSql(const std::string& nanos, int64_t from, int64_t to) const {
  const size_t first = Find(from), last = Find(to);
  std::string sql;
  for (size_t i = first; i < last; ++i) {
    sql += fmt::format("WHEN {} < {} THEN {} ", nanos, changes_[i + 1].at_s * kNanosPerSecond,
                       changes_[i].ahead_s * kNanosPerSecond);
  }
  const int64_t at_last = changes_[last].ahead_s * kNanosPerSecond;
  return sql.empty() ? std::to_string(at_last) : fmt::format("CASE {}ELSE {} END", sql, at_last);
}

Result<std::shared_ptr<const ZoneTable>> ZoneTable::Load(const std::string& name, QueryEngine* engine,
                                                         const QueryCancel& cancel) {
  std::vector<Change> changes;
  const auto read = [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto stream, engine->Execute({.sql = ChangesSql(name)}, cancel));
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, stream->Next());
      if (batch == nullptr) return Status::OK();
      const auto& at = static_cast<const arrow::Int64Array&>(*batch->column(0));
      const auto& ahead = static_cast<const arrow::Int64Array&>(*batch->column(1));
      for (int64_t row = 0; row < batch->num_rows(); ++row) changes.push_back({at.Value(row), ahead.Value(row)});
    }
  };
  const Status status = read();
  if (KindOf(status) == ErrorKind::kInvalidArgument && !status.ok()) {
    return Errorf(ErrorKind::kInvalidArgument, "unable to find time zone {}", name);
  }
  ARROW_RETURN_NOT_OK(status);
  if (changes.empty()) return Error(ErrorKind::kInternal, "a time zone without a beginning");
  return std::make_shared<const ZoneTable>(std::move(changes));
}

}  // namespace gigapi::influx
