// /query: GigAPI's SQL, and InfluxDB 1's InfluxQL, told apart by what is asked and by whom.
//
//   POST /query?db=D[&format=F][&time_format=iso]   {"query": SQL, "db"?, "format"?, "time_format"?}, or SQL as the body
//   GET  /query?q=SQL&db=D                          without q: 405
//   GET  /query?q=SHOW TAG VALUES ...               a statement that only InfluxQL has, or a client of InfluxDB 1: its
//   answers POST /query with q= in the URL or in a form     InfluxQL
#pragma once

#include <string>

#include "server/api/influx/v1_query.h"
#include "server/http/router.h"
#include "server/query_service.h"

namespace gigapi {

/// Both must outlive the router.
void AddQueryRoutes(QueryService* service, influx::V1Query* influx, std::string default_database, http::Router* router);

}  // namespace gigapi
