// The types that results rarely have, as JSON: lists, structs, maps, decimals, intervals, binary...
#pragma once

#include <arrow/array.h>

#include <string>

#include "server/encode/result_encoder.h"

namespace gigapi {

/// Appends the value at `row`, of any type, as JSON.
void AppendJsonValue(const arrow::Array& array, int64_t row, TimeFormat time_format, std::string* out);

}  // namespace gigapi
