// The write endpoints of InfluxDB 1, 2 and 3, and GigAPI's, which takes InfluxDB 1's parameters.
#pragma once

#include <string>

#include "server/http/router.h"
#include "server/write_service.h"

namespace gigapi::influx {

/// `service` must outlive the router. `default_database` is written to by requests that name none on InfluxDB 1's and
/// GigAPI's routes; those of InfluxDB 2 and 3 refuse such a request. `identity` are
/// the headers that name the version.
void AddWriteRoutes(WriteService* service, std::string default_database, const http::Headers& identity,
                    http::Router* router);

/// The handler of InfluxDB 1's /write, for a route of another dialect that takes rows the same way.
http::Handler V1Writer(WriteService* service, std::string default_database, http::Headers identity);

}  // namespace gigapi::influx
