// CSV with a header, straight into columns.
//
//   time,host,usage,ok
//   2021-09-30T18:00:00Z,a,1.5,true
//
// Types come from the option `types`, else from the table, else from the values of the first 1,000 records: true and false
// are booleans, numbers are floats (integers beyond 2^53 make integers), all else are strings: tags or string fields as in
// JSON. An empty field is NULL; an empty string is "". The time is the column that the options name, else the first of time,
// timestamp, @timestamp and _time; without any, rows get the time of arrival.
//
// Pure. Any thread.
#pragma once

#include <string_view>

#include "ingest/parse_options.h"
#include "model/schema.h"
#include "model/write_batch.h"

namespace gigapi {

/// Parses a whole body into the table of the options. A record that is wrong is refused with its line, and the others are
/// kept; a header or option that cannot be used refuses all.
WriteBatch ParseCsvRows(std::string_view body, const ParseOptions& options, const SchemaSource& schemas);

}  // namespace gigapi
