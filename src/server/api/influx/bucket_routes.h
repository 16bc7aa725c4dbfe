// InfluxDB 2's /api/v2/buckets and /api/v2/orgs, as its clients use them before they write. A bucket is a database. There is
// one organization, which answers to every name, since nothing here belongs to one rather than to another.
#pragma once

#include "lake/lake.h"
#include "server/http/router.h"
#include "server/http/worker_pool.h"

namespace gigapi::influx {

/// Both must outlive the router. Drops run on the pool.
void AddBucketRoutes(Lake* lake, http::WorkerPool* pool, http::Router* router);

}  // namespace gigapi::influx
