// The SQL functions that the lake adds to DuckDB's.
#pragma once

#include "query/duckdb_headers.h"

namespace gigapi {

void RegisterSqlFunctions(duckdb::DatabaseInstance& db);

}  // namespace gigapi
