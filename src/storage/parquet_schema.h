// What a table's columns are in a Parquet file.
#pragma once

#include <parquet/schema.h>

#include <memory>
#include <vector>

#include "model/schema.h"

namespace gigapi {

/// `time` first (required), then the columns, all optional: a table's files must agree on that, though each may hold no
/// NULL.
///   time            INT64, TIMESTAMP(NANOS, isAdjustedToUTC=false)
///   tag, string     BYTE_ARRAY, STRING
///   float           DOUBLE
///   integer         INT64
///   unsigned        INT64, INT(64, unsigned)
///   boolean         BOOLEAN
std::shared_ptr<parquet::schema::GroupNode> MakeParquetSchema(const std::vector<ColumnSchema>& columns);

}  // namespace gigapi
