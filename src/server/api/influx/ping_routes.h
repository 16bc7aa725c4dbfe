// /ping of InfluxDB: is a server there, and which version.
#pragma once

#include <string>

#include "server/http/router.h"

namespace gigapi::influx {

/// `identity` are the headers that name the version.
void AddPingRoutes(std::string version, http::Headers identity, http::Router* router);

}  // namespace gigapi::influx
