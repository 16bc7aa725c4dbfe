#include "server/api/influx/ping_routes.h"

#include "base/json_writer.h"

namespace gigapi::influx {

void AddPingRoutes(std::string version, http::Headers identity, http::Router* router) {
  const http::Handler handler = [version = std::move(version), identity = std::move(identity)](http::ExchangePtr exchange) {
    http::Response response{204, identity, {}};
    // InfluxDB 1: verbose=true asks for a body.
    if (exchange->request().Query("verbose").value_or("false") == "true") {
      response.status = 200;
      response.headers.emplace_back("Content-Type", "application/json");
      response.body = "{\"version\":";
      AppendJsonString(version, &response.body);
      response.body += "}\n";
    }
    exchange->Respond(std::move(response));
  };
  router->Add("GET", "/ping", handler);
  router->Add("POST", "/ping", handler);
}

}  // namespace gigapi::influx
