// A SELECT of InfluxQL over one measurement, as SQL and what is to be done with its rows. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/schema.h"
#include "server/api/influx/influxql_ast.h"
#include "server/api/influx/influxql_time.h"
#include "server/api/influx/interval_grid.h"
#include "server/api/influx/series_computation.h"

namespace gigapi::influx {

/// What a plan is made for.
struct SelectContext {
  std::string database;
  std::string table;
  const TableSchema* schema = nullptr;
  int64_t now_ns = 0;
  /// Which of the names match a regular expression.
  std::function<Result<std::vector<std::string>>(const std::vector<std::string>& names, const std::string& pattern)> match;
  std::string from = {};                            // SQL of FROM; empty: the table
  std::shared_ptr<const ZoneTable> zone = nullptr;  // of tz(); nullptr: UTC
};

struct PlannedColumn {
  std::string name;
  std::unique_ptr<SeriesComputation> value;
};

struct SelectPlan {
  /// Its columns: one a tag as VARCHAR, the time as BIGINT, then the values.
  std::string sql;
  /// What makes its rows come by tags, then by time: to be put behind it.
  std::string order;
  std::vector<std::string> tags;  // of GROUP BY, in order
  std::vector<bool> is_count;     // of the values: what fills them is 0 and not null
  std::vector<PlannedColumn> columns;

  Fill fill = Fill::kNone;  // kNone also where there is nothing to fill
  double fill_number = 0;
  std::shared_ptr<const IntervalGrid> grid;  // the intervals; nullptr: there are none
  bool zone_is_local = false;                // tz()
  std::optional<int64_t> first_ns;           // the first interval that is wanted; nullopt: the first that has rows
  std::optional<int64_t> last_ns;            // the last
  bool descending = false;
  bool drop_empty = false;  // rows of nothing but null are none: transforms need a row before
  int64_t limit = 0;        // rows of a series; 0: all
  int64_t offset = 0;
};

/// nullopt: the measurement has none of the fields, so there is nothing to answer. What InfluxQL has and this has not is
/// kUnsupported by name.
Result<std::optional<SelectPlan>> PlanSelect(const Statement& statement, const SelectContext& context);

}  // namespace gigapi::influx
