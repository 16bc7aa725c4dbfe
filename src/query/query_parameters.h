// Values of $1, $2... as DuckDB's.
#pragma once

#include "base/error.h"
#include "query/duckdb_headers.h"
#include "query/query_engine.h"

namespace gigapi {

using BoundParameters = duckdb::case_insensitive_map_t<duckdb::BoundParameterData>;

/// The positional and named ones of a request. Text, bytes, numbers, booleans, dates, timestamps and NULL; other types are
/// kInvalidArgument.
Result<BoundParameters> BindParameters(const QueryRequest& request);

/// Puts the values in the place of the parameters, so that the types of a result are known without running it.
void ReplaceParameters(duckdb::QueryNode& node, const BoundParameters& values);

}  // namespace gigapi
