// GET /api/v1/cluster: the nodes that share the lake, and DELETE /api/v1/cluster/nodes/{node}: one that will not come back.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "server/http/router.h"
#include "server/http/worker_pool.h"

namespace gigapi {

/// What the routes ask; called on threads of the pool. `forget` is empty where the node has its lake alone.
struct ClusterCalls {
  std::function<std::string()> describe;  // a JSON object
  std::function<Status(const std::string& node)> forget;
};

/// `pool` must outlive the router.
void AddClusterRoutes(ClusterCalls calls, http::WorkerPool* pool, http::Router* router);

}  // namespace gigapi
