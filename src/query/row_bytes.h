// How large the rows of a chunk of DuckDB are once each has its own copy of its values.
#pragma once

#include <vector>

#include "query/duckdb_headers.h"

namespace gigapi {

/// Bytes of each row: a constant, a dictionary and what lists share counts for every row that has it.
std::vector<duckdb::idx_t> RowBytes(duckdb::DataChunk& chunk);

}  // namespace gigapi
