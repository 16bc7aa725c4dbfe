// JSON, straight into columns: an object a line (NDJSON), an array of objects, or one object.
//
//   {"time": "2021-09-30T18:00:00Z", "host": "a", "cpu": {"user": 1.5, "system": 2}, "ok": true}
//
// Members of a nested object become columns with dotted names (cpu.user); an array becomes its JSON text; null is NULL.
// Numbers of a new column are floats, as JSON does not tell 20 from 20.0, except integers that floats do not hold. Strings
// are tags or string fields as for columns of MessagePack (ingest/column_values.h), or as the option `tags` says.
//
// Rows go to the table that the options name, else to the one that their member `measurement` or `table` names. Their time
// is the member that the options name, else the first of time, timestamp, @timestamp and _time that the first row has: a
// number, a number in a string, or a date and time (ingest/time_parser.h). Rows without get the time of arrival.
//
// Pure. Any thread.
#pragma once

#include <string_view>

#include "ingest/parse_options.h"
#include "model/schema.h"
#include "model/write_batch.h"

namespace gigapi {

/// Parses a whole body. A row that is wrong or does not fit the table's schema is refused with its line (of NDJSON) or its
/// number (in an array), and the others are kept; an array that is not well-formed is refused whole.
WriteBatch ParseJsonRows(std::string_view body, const ParseOptions& options, const SchemaSource& schemas);

}  // namespace gigapi
