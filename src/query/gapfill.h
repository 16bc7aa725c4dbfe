// date_bin_gapfill(width, time[, origin]) of InfluxDB 3 and time_bucket_gapfill(width, time) of TimescaleDB: a bin for every
// step between the bounds of time in WHERE, for each group, with rows or without; locf(x) and interpolate(x) say what stands
// in the bins without.
//
// A SELECT that has such a column is rewritten: the query without gaps becomes a CTE, which is joined to all bins of all its
// groups. Bounds that WHERE does not give are those of the rows.
#pragma once

#include "query/duckdb_headers.h"

namespace gigapi {

/// May throw DuckDB's exceptions.
void RewriteGapfill(duckdb::SQLStatement& statement);

}  // namespace gigapi
