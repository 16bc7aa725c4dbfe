#include <fmt/format.h>

#include "server/api/influx/influxql_token_reader.h"
#include "server/api/influx/series_computation.h"

namespace gigapi::influx {

Result<std::string> SeriesComputation::ToSql(const std::vector<std::string>& columns, const std::vector<ValueType>& types,
                                             const std::string& window) const {
  switch (kind_) {
    case Kind::kColumn: return columns[column_];
    case Kind::kNumber: return fmt::format("CAST({} AS DOUBLE)", number_);
    case Kind::kArithmetic: {
      ARROW_ASSIGN_OR_RAISE(const std::string left, left_->ToSql(columns, types, window));
      ARROW_ASSIGN_OR_RAISE(const std::string right, right_->ToSql(columns, types, window));
      const bool divides = operation_ == "/" || operation_ == "%";
      return fmt::format("(CAST({} AS DOUBLE) {} {})", left, operation_,
                         divides ? fmt::format("nullif({}, 0)", right) : right);
    }
    case Kind::kTransform: return TransformToSql(columns, types, window);
  }
  return columns[column_];
}

Result<std::string> SeriesComputation::TransformToSql(const std::vector<std::string>& columns,
                                                      const std::vector<ValueType>& types, const std::string& window) const {
  if (left_->has_transform()) return Unsupported(operation_ + "() of a derivative or its like in a subquery");
  ARROW_ASSIGN_OR_RAISE(std::string value, left_->ToSql(columns, types, window));
  if (TypeOver(types) != ValueType::kInt64) value = fmt::format("CAST({} AS DOUBLE)", value);
  if (operation_ == "cumulative_sum") {
    return fmt::format("CASE WHEN {0} IS NOT NULL THEN sum({0}) OVER ({1} ROWS UNBOUNDED PRECEDING) END", value, window);
  }
  if (operation_ == "moving_average") {
    if (columns.size() > 1) return Unsupported("moving_average() beside other fields in a subquery");
    const std::string frame = fmt::format("({} ROWS {} PRECEDING)", window, parameter_ - 1);
    return fmt::format("CASE WHEN count({0}) OVER {1} = {2} THEN avg({0}) OVER {1} END", value, frame, parameter_);
  }
  const std::string elapsed =
      fmt::format("CASE WHEN {0} IS NOT NULL THEN n - lag(CASE WHEN {0} IS NOT NULL THEN n END IGNORE NULLS) OVER ({1}) END",
                  value, window);
  if (operation_ == "elapsed") return fmt::format("({}) // {}", elapsed, parameter_);
  std::string change = fmt::format("({0} - lag({0} IGNORE NULLS) OVER ({1}))", value, window);
  if (operation_.starts_with("non_negative")) change = fmt::format("CASE WHEN {0} >= 0 THEN {0} END", change);
  if (operation_.ends_with("difference")) return change;
  return fmt::format("({}) / (nullif({}, 0) / CAST({} AS DOUBLE))", change, elapsed, parameter_);
}

}  // namespace gigapi::influx
