// Functions that SQL of Arc, GigAPI and InfluxDB 3 uses and DuckDB has under other names: rewritten in the parsed tree.
// docs/sql_functions.md lists them.
#pragma once

#include "query/duckdb_headers.h"

namespace gigapi {

/// The name under which GigAPI's SQL reads a table: read_parquet_mergetree('db.table'[, 'column to order by']).
inline constexpr const char* kMergeTreeFunction = "read_parquet_mergetree";

/// May throw DuckDB's exceptions.
void RewriteDialectFunctions(duckdb::QueryNode& node);

}  // namespace gigapi
