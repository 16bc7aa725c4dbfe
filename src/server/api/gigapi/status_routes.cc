#include "server/api/gigapi/status_routes.h"

#include "base/json_writer.h"
#include "server/error_table.h"

namespace gigapi {
namespace {

/// GigAPI's keys; InfluxDB 2 clients read name and status.
std::string HealthJson(std::string_view version, std::string_view commit) {
  std::string json = "{\"checks\":[],\"commit\":";
  AppendJsonString(commit, &json);
  json += ",\"message\":\"Service is healthy\",\"name\":\"GigAPI\",\"status\":\"pass\",\"version\":";
  AppendJsonString(version, &json);
  return json += "}\n";
}

std::string RootJson(std::string_view version) {
  std::string json = "{\"name\":\"GigAPI\",\"version\":";
  AppendJsonString(version, &json);
  return json += ",\"links\":{\"health\":\"/health\",\"metrics\":\"/metrics\",\"query\":\"/query\",\"write\":\"/write\"}}\n";
}

void AddConstant(std::string_view path, std::string json, http::Router* router) {
  router->Add("GET", path, [json = std::move(json)](http::ExchangePtr exchange) { exchange->Respond(JsonResponse(200, json)); });
}

}  // namespace

void AddStatusRoutes(std::string version, std::string commit, http::Router* router) {
  AddConstant("/health", HealthJson(version, commit), router);
  AddConstant("/ready", "{\"status\":\"ready\"}\n", router);
  AddConstant("/", RootJson(version), router);
}

}  // namespace gigapi
