// SHOW DATABASES, SHOW TABLES [FROM database] and information_schema: the lake and nothing of DuckDB's own catalogs, with
// the column names that clients of GigAPI know (database_name, table_name).
#pragma once

#include <string>

#include "query/duckdb_headers.h"

namespace gigapi {

/// Replaces such references in the tree by queries of the catalog. `database`: what SHOW TABLES lists; empty: all are
/// refused.
void RewriteShowStatements(duckdb::QueryNode& node, const std::string& database);

}  // namespace gigapi
