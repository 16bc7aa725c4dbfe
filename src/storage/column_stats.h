// Bounds and NULL counts of columns: what the catalog prunes files by, and a Parquet reader row groups and pages.
#pragma once

#include <cstddef>

#include "model/column_batch.h"
#include "storage/data_file.h"

namespace gigapi {

/// Of rows [begin, end). The dictionary of a tag must be in order (SortChunks makes it so).
ColumnStats ComputeStats(const Column& column, size_t begin, size_t end);

/// Widens `stats` to cover the rows of `more`, a part of the same column.
void MergeStats(const ColumnStats& more, ColumnStats* stats);

/// At most max_bytes of the start of `value`, cut between two characters: not greater than value.
std::string LowerBound(std::string_view value, size_t max_bytes);
/// A text of at most max_bytes that is not less than `value`, well-formed where value is; nullopt where there is none.
std::optional<std::string> UpperBound(std::string_view value, size_t max_bytes);

}  // namespace gigapi
