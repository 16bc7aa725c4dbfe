// What a table's columns are in a Parquet file, and the statistics that a file carries of them.
#pragma once

#include <parquet/schema.h>

#include <memory>
#include <vector>

#include "model/schema.h"
#include "storage/data_file.h"

namespace gigapi {

/// A column of a file. `nullable` false: no row of the file is NULL.
struct ParquetColumn {
  ColumnSchema schema;
  bool nullable = true;
};

/// `time` first, then the columns:
///   time            INT64, TIMESTAMP(NANOS, isAdjustedToUTC=false)
///   tag, string     BYTE_ARRAY, STRING
///   float           DOUBLE
///   integer         INT64
///   unsigned        INT64, INT(64, unsigned)
///   boolean         BOOLEAN
std::shared_ptr<parquet::schema::GroupNode> MakeParquetSchema(const std::vector<ParquetColumn>& columns);

}  // namespace gigapi
