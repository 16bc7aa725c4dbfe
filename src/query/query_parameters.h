// Values of $1, $2... as DuckDB's.
#pragma once

#include <arrow/scalar.h>

#include <memory>
#include <vector>

#include "base/error.h"
#include "query/duckdb_headers.h"

namespace gigapi {

using BoundParameters = duckdb::case_insensitive_map_t<duckdb::BoundParameterData>;

/// Text, numbers, booleans, timestamps and NULL; other types are kInvalidArgument.
Result<BoundParameters> BindParameters(const std::vector<std::shared_ptr<arrow::Scalar>>& parameters);

}  // namespace gigapi
