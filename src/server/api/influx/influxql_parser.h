// Reads InfluxQL: the statements that InfluxDB 1 clients send. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"
#include "server/api/influx/influxql_ast.h"
#include "server/api/influx/influxql_token_reader.h"

namespace gigapi::influx {

/// The statements of a text, which semicolons separate. Errors are InfluxDB's: "found EOF, expected identifier at line 1,
/// char 17". What InfluxQL has and this does not know is kUnsupported; all else that is wrong is kInvalidArgument.
Result<std::vector<Statement>> ParseInfluxQl(std::string_view text, const BoundParameters& parameters = {});

/// "1h30m" in nanoseconds; units ns, u, ms, s, m, h, d, w.
Result<int64_t> ParseInfluxDuration(std::string_view text);

}  // namespace gigapi::influx
