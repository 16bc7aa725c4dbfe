// What a statement gives and wants, found by binding it, without running it.
#pragma once

#include "query/duckdb_headers.h"
#include "query/query_engine.h"
#include "query/query_parameters.h"

namespace gigapi {

/// `statement` is allowed and rewritten. May throw DuckDB's exceptions.
Result<QueryDescription> DescribeStatement(duckdb::unique_ptr<duckdb::SQLStatement> statement, const BoundParameters& values,
                                           duckdb::ClientContext& context);

}  // namespace gigapi
