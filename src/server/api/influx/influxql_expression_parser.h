// Expressions of InfluxQL: conditions, and what is selected. Pure.
#pragma once

#include "server/api/influx/influxql_ast.h"
#include "server/api/influx/influxql_token_reader.h"

namespace gigapi::influx {

/// A condition, to its end.
Result<ExpressionPtr> ParseCondition(TokenReader* in);
/// What can be selected: fields, calls, numbers, arithmetic.
Result<ExpressionPtr> ParseSum(TokenReader* in);

}  // namespace gigapi::influx
