#include "server/api/influx/database_routes.h"

#include <simdjson.h>

#include "base/json_writer.h"
#include "model/names.h"
#include "server/content_encoding.h"
#include "server/error_table.h"
#include "server/lake_handler.h"

namespace gigapi::influx {
namespace {

using http::Request;

constexpr int64_t kBodyBytesMax = 1 << 20;

Result<std::string> Required(const Request& request, std::string_view name) {
  const auto value = request.Query(name);
  if (!value || value->empty()) return Errorf(ErrorKind::kInvalidArgument, "missing query parameter '{}'", name);
  return std::string(*value);
}

Result<std::string> ReadDatabase(const Request& request) {
  ARROW_ASSIGN_OR_RAISE(const DecodedBody body,
                        DecodeContent(request.Header("Content-Encoding"), request.body, kBodyBytesMax));
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  std::string_view name;
  if (parser.parse(body.bytes.data(), body.bytes.size()).get_object().get(object) != simdjson::SUCCESS) {
    return Error(ErrorKind::kInvalidArgument, "the body is no JSON object");
  }
  if (object["db"].get_string().get(name) != simdjson::SUCCESS)
    return Error(ErrorKind::kInvalidArgument, "missing field `db`");
  return std::string(name);
}

Result<http::Response> Create(const Request& request, Lake* lake) {
  ARROW_ASSIGN_OR_RAISE(const std::string name, ReadDatabase(request));
  ARROW_RETURN_NOT_OK(ValidateDatabaseName(name));
  if (lake->Snapshot()->databases.contains(name)) {
    return Errorf(ErrorKind::kConflict, "attempted to create a resource that already exists: {}", name);
  }
  ARROW_RETURN_NOT_OK(lake->CreateDatabase(name));
  return http::Response{200, {}, {}};
}

Result<http::Response> List(const Request& request, Lake* lake) {
  const std::string_view format = request.Query("format").value_or("json");
  const bool csv = format == "csv", lines = format == "jsonl";
  if (!csv && !lines && format != "json") {
    return Errorf(ErrorKind::kInvalidArgument, "unknown format '{}': json, jsonl and csv are known", format);
  }
  std::string body = csv ? "iox::database\n" : lines ? "" : "[";
  const LakeSnapshotPtr snapshot = lake->Snapshot();
  for (const auto& [name, tables] : snapshot->databases) {
    if (csv) {
      body += name + '\n';  // a database's name needs no quotes (model/names.h)
      continue;
    }
    if (!lines && body.size() > 1) body += ',';
    body += "{\"iox::database\":";
    AppendJsonString(name, &body);
    body += lines ? "}\n" : "}";
  }
  if (!csv && !lines) body += ']';
  const char* const type = csv ? "text/csv" : lines ? "application/jsonl" : "application/json";
  return http::Response{200, {{"Content-Type", type}}, std::move(body)};
}

Result<http::Response> DeleteDatabase(const Request& request, Lake* lake) {
  ARROW_ASSIGN_OR_RAISE(const std::string database, Required(request, "db"));
  ARROW_RETURN_NOT_OK(lake->DropDatabase(database));
  return http::Response{200, {}, {}};
}

Result<http::Response> DeleteTable(const Request& request, Lake* lake) {
  ARROW_ASSIGN_OR_RAISE(const std::string database, Required(request, "db"));
  ARROW_ASSIGN_OR_RAISE(const std::string table, Required(request, "table"));
  ARROW_RETURN_NOT_OK(lake->DropTable(database, table));
  return http::Response{200, {}, {}};
}

}  // namespace

void AddDatabaseRoutes(Lake* lake, http::WorkerPool* pool, http::Router* router) {
  const LakeRoutes routes(lake, pool, ErrorResponse, router);
  routes.AddOnPool("POST", "/api/v3/configure/database", Create);
  routes.AddOnPool("GET", "/api/v3/configure/database", List);
  routes.AddOnPool("DELETE", "/api/v3/configure/database", DeleteDatabase);
  routes.AddOnPool("DELETE", "/api/v3/configure/table", DeleteTable);
}

}  // namespace gigapi::influx
