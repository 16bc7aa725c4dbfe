// What InfluxDB 2's clients ask for before anything else: sessions, and whether the server has been set up.
//
//   POST /api/v2/signin, /api/v2/signout   204, and a cookie that stands for the credentials
//   GET, POST /api/v2/setup                it has: nothing is left to set up
//   POST /api/v2/query                     Flux, which is refused
#pragma once

#include <string>

#include "server/http/router.h"

namespace gigapi::influx {

/// `session_token` is what the server takes for its credentials (Authenticator). Who gets as far as signin has shown them.
void AddSessionRoutes(const std::string& session_token, http::Router* router);

}  // namespace gigapi::influx
