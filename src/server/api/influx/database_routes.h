// InfluxDB 3's /api/v3/configure/database and /table: databases are made, listed and deleted, tables are deleted.
#pragma once

#include "lake/lake.h"
#include "server/http/router.h"
#include "server/http/worker_pool.h"

namespace gigapi::influx {

/// Both must outlive the router. What touches the disk runs on the pool.
void AddDatabaseRoutes(Lake* lake, http::WorkerPool* pool, http::Router* router);

}  // namespace gigapi::influx
