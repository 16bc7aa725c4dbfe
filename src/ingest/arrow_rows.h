// Arrow IPC, stream or file, and Parquet files, straight into columns.
//
// The rows go to the table of the options. The time is the column that the options name, else the first of time, timestamp,
// @timestamp and _time; without any, rows get the time of arrival. ingest/arrow_column.h says what becomes of each type.
//
// Pure; compressed bodies and files take memory while they are read, bounded by the option values_max. Any thread.
#pragma once

#include <string_view>

#include "ingest/parse_options.h"
#include "model/schema.h"
#include "model/write_batch.h"

namespace gigapi {

/// Parses a whole body. All or nothing: a body that is broken, or a value that does not fit the table, refuses the request.
WriteBatch ParseArrowRows(std::string_view body, const ParseOptions& options, const SchemaSource& schemas);
WriteBatch ParseParquetRows(std::string_view body, const ParseOptions& options, const SchemaSource& schemas);

}  // namespace gigapi
