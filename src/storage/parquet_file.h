// Writing one Parquet file of a table: the schema that every file has, the encodings chosen, and the statistics that the
// catalog keeps (docs/lake_layout.md, docs/decisions/). Used by flush (sorted rows from memory) and merge.
//
// Rows come sorted by the table's tags in schema order, NULL first, then time. A file is there, whole and durable,
// when it is finished; the caller commits it to the catalog.
//
// `time` is INT64 TIMESTAMP(NANOS, isAdjustedToUTC=false): DuckDB reads that as TIMESTAMP_NS and Arrow as timestamp[ns];
// with isAdjustedToUTC=true DuckDB makes TIMESTAMPTZ of it, in microseconds.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/column_batch.h"
#include "model/schema.h"
#include "object_store/object_store.h"
#include "storage/data_file.h"
#include "storage/file_provenance.h"

namespace gigapi {

/// How hard to work for a small file.
enum class ParquetEffort {
  kFast,     // level 1: rewritten soon, so as cheap as possible
  kCompact,  // merged: read often and kept
};

struct ParquetOptions {
  ParquetEffort effort = ParquetEffort::kCompact;
  int64_t row_group_rows = 122'880;  // DuckDB's own: it skips and shares out work by row groups
  /// For the footer, without the types of the columns; may be none.
  const FileProvenance* provenance = nullptr;
};

/// Rows of one partition, sorted; columns are the table's in schema order, those without a value left out.
/// Several chunks become one batch with one dictionary a tag, whose codes are ranks (code order = byte order of values).
/// Later duplicates stay: nothing is dropped.
Result<ColumnBatch> SortChunks(const TableSchema& schema, const std::vector<ColumnBatchPtr>& chunks);

/// Writes sorted rows as an object and commits it. The answer has size, rows, times and column statistics set; layer, key,
/// partition, level, sequences and id are the caller's to fill.
Result<DataFile> WriteParquet(std::unique_ptr<ObjectWriter> object, const TableSchema& schema, const ColumnBatch& sorted,
                              const ParquetOptions& options);

}  // namespace gigapi
