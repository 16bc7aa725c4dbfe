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

#include <cstdint>
#include <string_view>

#include "ingest/precision.h"
#include "model/schema.h"
#include "model/write_batch.h"

namespace gigapi {

struct ParseOptions {
  Precision precision = Precision::kNanosecond;
  int64_t now_ns = 0;  // the time of lines without one
  int64_t line_bytes_max = 4 << 20;
  int64_t columns_per_table_max = 1'000;  // tags and fields, those that the table has already included
  int64_t values_max = 1 << 25;           // of a binary body, NULLs included: what bounds the memory that it unfolds to
};

/// Parses a whole body. Never fails as a whole: a line that is wrong, does not fit the table's schema (`schemas`) or what
/// earlier lines of the body made of it, or is over a limit, is refused with a reason, and the others are kept. An integer
/// for a float column is converted. A batch holds the columns that its lines have, in order of appearance.
WriteBatch ParseLineProtocol(std::string_view body, const ParseOptions& options, const SchemaSource& schemas);

}  // namespace gigapi
