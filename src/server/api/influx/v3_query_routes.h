// InfluxDB 3's query endpoint.
//
//   GET  /api/v3/query_sql?db&q&format&params   params: a JSON object
//   POST /api/v3/query_sql                      {"db", "q", "format"?, "params"?}
#pragma once

#include "lake/lake.h"
#include "server/http/router.h"
#include "server/query_service.h"

namespace gigapi::influx {

/// Both must outlive the router.
void AddV3QueryRoutes(QueryService* queries, Lake* lake, http::Router* router);

}  // namespace gigapi::influx
