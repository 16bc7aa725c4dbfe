// A WHERE clause of InfluxQL as SQL over one table. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/schema.h"
#include "server/api/influx/influxql_ast.h"

namespace gigapi::influx {

/// Fails with kInvalidArgument for what InfluxQL does not allow in a condition. As in InfluxDB a tag that a row lacks, or
/// the table, is an empty text. `now_ns` is what now() means.
Result<std::string> ConditionToSql(const Expression& condition, const TableSchema& schema, int64_t now_ns);

}  // namespace gigapi::influx
