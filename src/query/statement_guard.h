// What SQL may do here: read tables of the lake. Everything else is refused on the parsed statement, before DuckDB binds it.
//
// Allowed is what is listed: one SELECT (WITH, VALUES, set operations, SHOW, DESCRIBE, SUMMARIZE and PIVOT parse as one) or
// an EXPLAIN of one; table functions by name. Scalar functions are DuckDB's, but for a few that look outside or have
// effects.
#pragma once

#include <string>

#include "query/duckdb_headers.h"

namespace gigapi {

/// Parses `sql`, which must be one allowed statement. Throws DuckDB's exceptions: ParserException, PermissionException.
duckdb::unique_ptr<duckdb::SQLStatement> ParseGuarded(const std::string& sql, const duckdb::ParserOptions& options);

/// The query inside an allowed statement.
duckdb::QueryNode& QueryOf(duckdb::SQLStatement& statement);

}  // namespace gigapi
