// The functions of InfluxQL that select, and what SQL has for them. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/schema.h"

namespace gigapi::influx {

enum class FunctionKind : uint8_t {
  kAggregate,  // one value of many rows
  kSelector,   // the value of one row of many
  kTransform,  // works on the values of a series, one after the other: series_computation.h
  kScalar,     // of one value
  kRanking,    // chooses rows: top and bottom, select_rows.h
  kIntegral,   // needs the row before, then adds up: select_rows.h
};

/// nullopt for a function that is not known here.
std::optional<FunctionKind> KindOfFunction(std::string_view name);

/// What an aggregate or selector works on.
struct FunctionInput {
  std::string sql;                 // of the field
  std::optional<ColumnType> type;  // nullopt: the table has no such field
  std::string parameter;           // N of percentile, as SQL
};

/// kInvalidArgument where a function, which is no scalar, does not take fields of a type.
Status CheckInput(std::string_view function, ColumnType type);

/// An aggregate or selector over the rows of a group. kInvalidArgument where the field's type does not fit.
Result<std::string> AggregateSql(std::string_view function, const FunctionInput& input);

/// The time of the row that a selector chooses.
std::string SelectedTimeSql(std::string_view selector, const FunctionInput& input);
/// Another column of that row.
std::string SelectedColumnSql(std::string_view selector, const FunctionInput& input, std::string_view column);

/// A scalar function; kInvalidArgument for a wrong number of arguments.
Result<std::string> ScalarSql(std::string_view function, const std::vector<std::string>& arguments);

}  // namespace gigapi::influx
