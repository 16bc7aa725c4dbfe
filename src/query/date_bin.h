// date_bin(width, time[, origin]): the start of the bin that an instant lies in, as InfluxDB 3 and PostgreSQL have it. Bins
// are counted from `origin`, 1970-01-01 unless given. The type stays that of `time`: TIMESTAMP_NS, TIMESTAMP or TIMESTAMPTZ.
// Widths are a fixed time or whole months (calendar months, UTC), not a mix.
#pragma once

#include "query/duckdb_headers.h"

namespace gigapi {

void RegisterDateBin(duckdb::ExtensionLoader* loader);

}  // namespace gigapi
