// SELECT ... LIMIT n of a large n, without ORDER BY: DuckDB would find the row numbers of the first n rows and then read the
// same rows again by a join with them. That pays where few of the rows read are kept (LIMIT with ORDER BY or OFFSET, which
// are left alone); where all are kept, it reads everything twice (measured: 566 instead of 344 ms for a million rows).
#pragma once

namespace duckdb {
class DatabaseInstance;
}

namespace gigapi {

/// Has plans of such statements read a table of the lake once.
void ReadLargeLimitsOnce(duckdb::DatabaseInstance& db);

}  // namespace gigapi
