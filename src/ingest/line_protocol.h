// InfluxDB line protocol, straight into columns.
//
//   measurement[,tag=value]* field=value[,field=value]* [timestamp]
//
// Source of the format: https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/. Where implementations
// differ we follow InfluxDB's own parser: an escape is a backslash before comma, space or equals sign (in names and tag
// values) or before a quote or backslash (in strings); any other backslash stands for itself; a string may hold newlines;
// lines that start with # are comments; \r before \n is dropped; of a repeated field the last value counts, a repeated
// tag is refused.
//
// Pure: no I/O, no clock, no state between calls. Any thread.
#pragma once

#include <string_view>

#include "ingest/parse_options.h"
#include "model/schema.h"
#include "model/write_batch.h"

namespace gigapi {

/// Parses a whole body. Never fails as a whole: a line that is wrong, does not fit the table's schema (`schemas`) or what
/// earlier lines of the body made of it, or is over a limit, is refused with a reason, and the others are kept. An integer
/// for a float column is converted. A batch holds the columns that its lines have, in order of appearance.
WriteBatch ParseLineProtocol(std::string_view body, const ParseOptions& options, const SchemaSource& schemas);

}  // namespace gigapi
