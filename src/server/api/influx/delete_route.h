// InfluxDB 2's delete: POST /api/v2/delete?bucket= {"start", "stop", "predicate"}.
//
// Whole tables can be deleted so that nothing brings them back: a request that leaves rows of a table in place is refused.
#pragma once

#include <optional>
#include <string>

#include "lake/lake.h"
#include "server/http/router.h"
#include "server/http/worker_pool.h"

namespace gigapi::influx {

/// The lake and the pool must outlive the router.
void AddDeleteRoute(Lake* lake, http::WorkerPool* pool, http::Router* router);

/// The measurement of a predicate, `_measurement="cpu"`; nullopt where the predicate is empty. Pure. A predicate that names
/// tags is kUnsupported.
Result<std::optional<std::string>> MeasurementOfPredicate(std::string_view predicate);

}  // namespace gigapi::influx
