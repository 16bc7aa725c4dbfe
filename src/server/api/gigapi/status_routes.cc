#include "server/api/gigapi/status_routes.h"

#include "base/json_writer.h"
#include "server/error_table.h"

namespace gigapi {
namespace {

/// GigAPI's keys; InfluxDB 2 clients read name, status and message, and know "pass" and "fail".
std::string HealthJson(const Status& writable, std::string_view version, std::string_view commit) {
  std::string json = "{\"checks\":[";
  if (!writable.ok()) {
    json += "{\"name\":\"wal\",\"status\":\"fail\",\"message\":";
    AppendJsonString(ClientMessage(writable), &json);
    json += '}';
  }
  json += "],\"commit\":";
  AppendJsonString(commit, &json);
  json += ",\"message\":";
  AppendJsonString(writable.ok() ? "Service is healthy" : ClientMessage(writable), &json);
  json += writable.ok() ? ",\"name\":\"GigAPI\",\"status\":\"pass\"" : ",\"name\":\"GigAPI\",\"status\":\"fail\"";
  json += ",\"version\":";
  AppendJsonString(version, &json);
  return json += "}\n";
}

std::string ReadyJson(const Status& writable) {
  if (writable.ok()) return "{\"status\":\"ready\"}\n";
  std::string json = "{\"status\":\"not ready\",\"message\":";
  AppendJsonString(ClientMessage(writable), &json);
  return json += "}\n";
}

std::string RootJson(std::string_view version) {
  std::string json = "{\"name\":\"GigAPI\",\"version\":";
  AppendJsonString(version, &json);
  return json += ",\"links\":{\"health\":\"/health\",\"metrics\":\"/metrics\",\"query\":\"/query\",\"write\":\"/write\"}}\n";
}

}  // namespace

void AddStatusRoutes(std::string version, std::string commit, const Lake* lake, http::Router* router) {
  router->Add("GET", "/health", [lake, version, commit](http::ExchangePtr exchange) {
    const Status writable = lake->CheckHealth();
    exchange->Respond(JsonResponse(writable.ok() ? 200 : 503, HealthJson(writable, version, commit)));
  });
  router->Add("GET", "/ready", [lake](http::ExchangePtr exchange) {
    const Status writable = lake->CheckHealth();
    exchange->Respond(JsonResponse(writable.ok() ? 200 : 503, ReadyJson(writable)));
  });
  router->Add("GET", "/",
              [json = RootJson(version)](http::ExchangePtr exchange) { exchange->Respond(JsonResponse(200, json)); });
}

}  // namespace gigapi
