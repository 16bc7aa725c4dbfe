// What a statement gives and wants, found by binding it, without running it.
#pragma once

#include "query/duckdb_headers.h"
#include "query/query_engine.h"
#include "query/query_parameters.h"

namespace gigapi {

/// `statement` is allowed and rewritten; `scanned` is the table that it may be a plain scan of, which its plan decides. May
/// throw DuckDB's exceptions.
Result<QueryDescription> DescribeStatement(duckdb::unique_ptr<duckdb::SQLStatement> statement, const BoundParameters& values,
                                           const std::optional<QueryDescription::Table>& scanned,
                                           duckdb::ClientContext& context);

}  // namespace gigapi
