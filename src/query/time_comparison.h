// Lets `time` be compared with what clients compare it with: TIMESTAMPTZ (now() - INTERVAL '1 hour'), TIMESTAMP, DATE, and
// BIGINT nanoseconds (epoch_ns(...)). DuckDB binds TIMESTAMP_NS against neither TIMESTAMPTZ nor BIGINT.
//
// The parsed tree is rewritten: the other side x of a comparison with `time` becomes lake_time(time, x). When DuckDB binds
// it, the function looks at both types and gives way to x as TIMESTAMP_NS, or to x itself where `time` is not the lake's. So
// a constant stays one, and the comparison prunes files. Text literals are left alone: DuckDB casts them. A number that is no
// whole nanosecond becomes the next above or below, as the comparison needs it: that is lake_time_up, or lake_time_exact.
#pragma once

#include "query/duckdb_headers.h"

namespace gigapi {

void RewriteTimeComparisons(duckdb::QueryNode& node);
void RegisterTimeComparison(duckdb::ExtensionLoader* loader);

}  // namespace gigapi
