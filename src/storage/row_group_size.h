// How many rows a row group of a merged file has.
#pragma once

#include <cstddef>

#include "model/column_batch.h"

namespace gigapi {

/// DuckDB's own size: it skips and shares out work by row groups.
inline constexpr size_t kRowGroupRows = 122'880;
/// Where columns have many values that repeat, one dictionary for more rows is what makes a file small.
inline constexpr size_t kLargeRowGroupRows = 4 * kRowGroupRows;

/// Chooses by a sample: the first kRowGroupRows rows of the file.
size_t ChooseRowGroupRows(const ColumnBatch& sample);

}  // namespace gigapi
