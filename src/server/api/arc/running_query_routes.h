// The queries that run, and the last that ran, of all HTTP dialects.
//
//   GET    /api/v1/queries/active
//   GET    /api/v1/queries/history?limit=50
//   GET    /api/v1/queries/{id}
//   DELETE /api/v1/queries/{id}               stops it
#pragma once

#include "server/http/router.h"
#include "server/query_registry.h"

namespace gigapi::arc {

/// The registry must outlive the router.
void AddRunningQueryRoutes(QueryRegistry* registry, http::Router* router);

}  // namespace gigapi::arc
