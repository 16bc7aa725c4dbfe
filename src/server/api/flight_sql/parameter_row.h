// What clients bind to a prepared statement: a row of values, in the shapes that they send.
#pragma once

#include <arrow/record_batch.h>

#include <memory>

#include "base/error.h"

namespace gigapi::flight {

/// A row of plain columns: members of dense and sparse unions (flightsql-dbapi) and words of dictionaries in their place.
/// kInvalidArgument unless the batch, whose bytes a client made, is well-formed and has one row.
Result<std::shared_ptr<arrow::RecordBatch>> PlainParameterRow(const arrow::RecordBatch& batch);

}  // namespace gigapi::flight
