// The parameters that every write endpoint understands, whatever its dialect:
//
//   precision=ns|us|ms|s|m|h|auto      of times that are numbers
//   format=line|msgpack|json|ndjson|csv|annotated_csv|arrow|parquet   what the body is; else its Content-Type tells
//   table=T, measurement=T             where rows go that do not name their table
//   time_column=NAME, tags=A,B         which member or column is the time, which are tags
//   delimiter=;, types=A:int,B:tag     of CSV
#pragma once

#include "base/error.h"
#include "server/http/http.h"
#include "server/write_service.h"

namespace gigapi {

/// Reads those that are there; a text that means nothing is kInvalidArgument.
Status ReadFormatParameters(const http::Request& request, WriteParameters* parameters);

}  // namespace gigapi
