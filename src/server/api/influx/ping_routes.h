// /ping of InfluxDB: is a server there, and which version.
#pragma once

#include <string>

#include "server/http/router.h"

namespace gigapi::influx {

void AddPingRoutes(std::string version, http::Router* router);

}  // namespace gigapi::influx
