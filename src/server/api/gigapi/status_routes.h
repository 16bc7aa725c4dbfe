// /health, /ready, and / with a few words about the server.
#pragma once

#include <string>

#include "lake/lake.h"
#include "server/http/router.h"

namespace gigapi {

/// `lake` must outlive the router. When it takes no write any more, /health and /ready answer 503 and say why: a server
/// that only reads on is not what a load balancer should send writes to, and a restart helps.
void AddStatusRoutes(std::string version, std::string commit, const Lake* lake, http::Router* router);

}  // namespace gigapi
