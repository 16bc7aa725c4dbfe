#include "server/api/arc/database_routes.h"

#include "base/json_writer.h"
#include "model/names.h"
#include "server/api/arc/query_answer.h"
#include "server/error_table.h"
#include "server/json_body.h"
#include "server/lake_handler.h"

namespace gigapi::arc {
namespace {

using http::Request;

constexpr int64_t kBodyBytesMax = 1 << 20;

void WriteDatabase(std::string_view name, size_t tables, JsonWriter* json) {
  json->Key("name").String(name).Key("measurement_count").Integer(static_cast<int64_t>(tables));
}

Status NotFound(std::string_view name) { return Errorf(ErrorKind::kNotFound, "Database '{}' not found", name); }

Result<http::Response> List(const Request&, Lake* lake) {
  const LakeSnapshotPtr snapshot = lake->Snapshot();
  JsonWriter json;
  json.BeginObject().Key("databases").BeginArray();
  for (const auto& [name, tables] : snapshot->databases) {
    json.BeginObject();
    WriteDatabase(name, tables.size(), &json);
    json.EndObject();
  }
  json.EndArray().Key("count").Integer(static_cast<int64_t>(snapshot->databases.size())).EndObject();
  return JsonResponse(200, json.Take());
}

Result<http::Response> Create(const Request& request, Lake* lake) {
  ARROW_ASSIGN_OR_RAISE(const JsonBody body, JsonBody::Read(request, kBodyBytesMax));
  ARROW_ASSIGN_OR_RAISE(const std::string name, body.Text("name"));
  if (name.empty()) return Error(ErrorKind::kInvalidArgument, "Database name is required");
  ARROW_RETURN_NOT_OK(ValidateDatabaseName(name));
  if (lake->Snapshot()->databases.contains(name)) {
    return Errorf(ErrorKind::kConflict, "Database '{}' already exists", name);
  }
  ARROW_RETURN_NOT_OK(lake->CreateDatabase(name));
  JsonWriter json;
  json.BeginObject();
  WriteDatabase(name, 0, &json);
  json.Key("created_at").String(Arrival::Now().Timestamp()).EndObject();
  return JsonResponse(201, json.Take());
}

Result<http::Response> Show(const Request& request, Lake* lake) {
  const LakeSnapshotPtr snapshot = lake->Snapshot();
  const auto found = snapshot->databases.find(std::string(request.PathParam("name")));
  if (found == snapshot->databases.end()) return NotFound(request.PathParam("name"));
  JsonWriter json;
  json.BeginObject();
  WriteDatabase(found->first, found->second.size(), &json);
  json.EndObject();
  return JsonResponse(200, json.Take());
}

Result<http::Response> ListMeasurements(const Request& request, Lake* lake) {
  const LakeSnapshotPtr snapshot = lake->Snapshot();
  const auto found = snapshot->databases.find(std::string(request.PathParam("name")));
  if (found == snapshot->databases.end()) return NotFound(request.PathParam("name"));
  JsonWriter json;
  json.BeginObject().Key("database").String(found->first).Key("measurements").BeginArray();
  for (const auto& [name, table] : found->second) {
    json.BeginObject().Key("name").String(name);
    if (!table->files.empty()) json.Key("file_count").Integer(static_cast<int64_t>(table->files.size()));
    json.EndObject();
  }
  json.EndArray().Key("count").Integer(static_cast<int64_t>(found->second.size())).EndObject();
  return JsonResponse(200, json.Take());
}

Result<http::Response> Delete(const Request& request, Lake* lake) {
  const std::string name(request.PathParam("name"));
  if (request.Query("confirm").value_or("") != "true") {
    return Error(ErrorKind::kInvalidArgument, "Confirmation required. Add ?confirm=true to delete the database.");
  }
  const LakeSnapshotPtr snapshot = lake->Snapshot();
  const auto found = snapshot->databases.find(name);
  if (found == snapshot->databases.end()) return NotFound(name);
  size_t files = 0;
  for (const auto& [table_name, table] : found->second) files += table->files.size();
  ARROW_RETURN_NOT_OK(lake->DropDatabase(name));
  JsonWriter json;
  json.BeginObject().Key("message").String("Database '" + name + "' deleted successfully");
  json.Key("files_deleted").Integer(static_cast<int64_t>(files)).EndObject();
  return JsonResponse(200, json.Take());
}

}  // namespace

void AddDatabaseRoutes(Lake* lake, http::WorkerPool* pool, http::Router* router) {
  const LakeRoutes routes(lake, pool, ErrorResponse, router);
  routes.AddAtOnce("GET", "/api/v1/databases", List);
  routes.AddOnPool("POST", "/api/v1/databases", Create);
  routes.AddAtOnce("GET", "/api/v1/databases/{name}", Show);
  routes.AddAtOnce("GET", "/api/v1/databases/{name}/measurements", ListMeasurements);
  routes.AddOnPool("DELETE", "/api/v1/databases/{name}", Delete);
}

}  // namespace gigapi::arc
