// params={"name": value}: what stands in the places of $name in InfluxQL. Pure.
#pragma once

#include <string_view>

#include "server/api/influx/influxql_token_reader.h"

namespace gigapi::influx {

/// Texts, numbers and booleans; {"identifier": x}, {"regex": x}, {"duration": x} and the like say what a text is.
Result<BoundParameters> ParseBoundParameters(std::string_view json);

}  // namespace gigapi::influx
