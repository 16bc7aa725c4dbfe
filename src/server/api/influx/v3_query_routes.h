// InfluxDB 3's query endpoints.
//
//   GET  /api/v3/query_sql?db&q&format&params   params: a JSON object
//   POST /api/v3/query_sql                      {"db", "q", "format"?, "params"?}
//   GET, POST /api/v3/query_influxql            the same; db may be left out where the statement names it
#pragma once

#include "lake/lake.h"
#include "server/http/router.h"
#include "server/query_service.h"

namespace gigapi::influx {

/// All must outlive the router.
void AddV3QueryRoutes(QueryService* queries, Lake* lake, QueryEngine* engine, http::Router* router);

}  // namespace gigapi::influx
