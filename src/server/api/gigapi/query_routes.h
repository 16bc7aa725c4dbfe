// /query: GigAPI's SQL, and the statements of InfluxQL that clients send while they connect.
//
//   POST /query?db=D[&format=F][&time_format=iso]   {"query": SQL, "db"?, "format"?, "time_format"?}, or SQL as the body
//   GET  /query?q=SQL&db=D                          without q: 405
//   q=CREATE DATABASE x, q=SHOW DATABASES           in the URL or in a form: InfluxDB 1's answers
#pragma once

#include <string>

#include "lake/lake.h"
#include "server/http/router.h"
#include "server/query_service.h"

namespace gigapi {

/// Both must outlive the router.
void AddQueryRoutes(QueryService* service, Lake* lake, std::string default_database, http::Router* router);

}  // namespace gigapi
