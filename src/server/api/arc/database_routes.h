// Arc's databases, of which a measurement is a table.
//
//   GET    /api/v1/databases                      {"databases": [{"name", "measurement_count"}], "count"}
//   POST   /api/v1/databases                      {"name"} -> 201
//   GET    /api/v1/databases/{name}
//   GET    /api/v1/databases/{name}/measurements
//   DELETE /api/v1/databases/{name}?confirm=true  with all its rows
#pragma once

#include "lake/lake.h"
#include "server/http/router.h"
#include "server/http/worker_pool.h"

namespace gigapi::arc {

/// Both must outlive the router.
void AddDatabaseRoutes(Lake* lake, http::WorkerPool* pool, http::Router* router);

}  // namespace gigapi::arc
