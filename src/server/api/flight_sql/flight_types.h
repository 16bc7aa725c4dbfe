// The types that results have over Flight: what DuckDB gives, made fit for clients.
//
// Timestamps become nanoseconds, which is what Grafana takes any timestamp for, and what InfluxDB 3 sends. Sums of integers,
// which DuckDB makes 128 bits wide, become int64: Grafana drops decimals, and data frames make objects of them.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>

#include "base/error.h"

namespace gigapi::flight {

std::shared_ptr<arrow::Schema> FlightSchemaOf(const arrow::Schema& schema);

/// `schema` is FlightSchemaOf the batch's. Columns that stay as they are are not copied. kInvalidArgument for a value that
/// does not fit: a time before 1677 or after 2262, a sum beyond 64 bits.
Result<std::shared_ptr<arrow::RecordBatch>> ToFlightBatch(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                          const std::shared_ptr<arrow::Schema>& schema);

}  // namespace gigapi::flight
