// /health, /ready, and / with a few words about the server.
#pragma once

#include <string>

#include "server/http/router.h"

namespace gigapi {

void AddStatusRoutes(std::string version, std::string commit, http::Router* router);

}  // namespace gigapi
