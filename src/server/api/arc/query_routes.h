// Arc's query endpoints.
//
//   POST /api/v1/query          {"sql"} -> {"success", "columns", "data", "row_count", "execution_time_ms", "timestamp"}
//   POST /api/v1/query/arrow    an Arrow IPC stream; x-arc-arrow-compression: zstd or lz4
//   POST /api/v1/query/msgpack  the same map in MessagePack, by columns
//   POST /api/v1/query/stream   CSV
//   POST /api/v1/query/estimate how many rows there would be
//   GET  /api/v1/query/{measurement}[/csv]
//   GET  /api/v1/measurements
#pragma once

#include "lake/lake.h"
#include "server/http/router.h"
#include "server/query_service.h"

namespace gigapi::arc {

/// All must outlive the router.
void AddQueryRoutes(QueryService* queries, QueryEngine* engine, Lake* lake, http::Router* router);

}  // namespace gigapi::arc
