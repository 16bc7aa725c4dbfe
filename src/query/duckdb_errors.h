// DuckDB's exceptions stop in this folder: what they become for those outside.
#pragma once

#include <string>

#include "base/error.h"
#include "query/duckdb_headers.h"

namespace gigapi {

/// In the extra info of an exception: a store did not answer, which may pass.
inline constexpr const char* kStoreIsAwayMark = "gigapi_store_is_away";

/// The status of an error in a query. `sql` (may be empty) is what positions refer to. Errors that are ours and not the
/// query's are logged whole and shown without detail.
Status ToStatus(duckdb::ErrorData error, const std::string& sql);
/// Must be called in a catch block.
Status StatusOfCurrentException(const std::string& sql);

}  // namespace gigapi
