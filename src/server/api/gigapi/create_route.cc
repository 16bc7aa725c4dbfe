#include "server/api/gigapi/create_route.h"

#include <simdjson.h>

#include <algorithm>

#include "model/names.h"
#include "server/error_table.h"

namespace gigapi {
namespace {

struct CreateParameters {
  std::string database;
  std::string table;
};

Status ReadBody(std::string_view body, CreateParameters* parameters) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body.data(), body.size()).get_object().get(object) != simdjson::SUCCESS) {
    return Error(ErrorKind::kInvalidArgument, "Invalid request body");
  }
  std::string_view text;
  for (const char* key : {"db", "database"}) {
    if (object[key].get_string().get(text) == simdjson::SUCCESS) parameters->database = text;
  }
  for (const char* key : {"table", "name"}) {
    if (object[key].get_string().get(text) == simdjson::SUCCESS) parameters->table = text;
  }
  return Status::OK();
}

Result<CreateParameters> ReadParameters(const http::Request& request) {
  CreateParameters parameters;
  if (const auto database = request.Query("db")) parameters.database = *database;
  else if (const auto long_name = request.Query("database")) parameters.database = *long_name;
  if (const auto table = request.Query("table")) parameters.table = *table;
  if (!request.body.empty()) ARROW_RETURN_NOT_OK(ReadBody(request.body, &parameters));
  if (parameters.database.empty()) return Error(ErrorKind::kInvalidArgument, "db is required");
  ARROW_RETURN_NOT_OK(ValidateDatabaseName(parameters.database));
  if (!parameters.table.empty()) ARROW_RETURN_NOT_OK(ValidateTableName(parameters.table));
  return parameters;
}

Status Create(const http::Request& request, Lake* lake) {
  ARROW_ASSIGN_OR_RAISE(const CreateParameters parameters, ReadParameters(request));
  return lake->CreateDatabase(parameters.database);
}

/// Whether an object says what is to be made, rather than being a row: it names a database, or a table and nothing else.
bool IsCreation(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(body.data(), body.size()).get_object().get(object) != simdjson::SUCCESS) return false;
  if (object["db"].is_string() || object["database"].is_string()) return true;
  return std::ranges::all_of(object, [](const auto& member) { return member.key == "table" || member.key == "name"; });
}

bool HasRows(const http::Request& request) {
  if (!request.Header("Content-Encoding").empty()) return true;
  const size_t first = request.body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (request.body[first] != '{' || !IsCreation(request.body));
}

}  // namespace

void AddCreateRoute(Lake* lake, http::Handler write, http::Router* router) {
  router->Add("POST", "/gigapi/create", [lake, write = std::move(write)](http::ExchangePtr exchange) {
    if (HasRows(exchange->request())) return write(std::move(exchange));
    const Status status = Create(exchange->request(), lake);
    exchange->Respond(status.ok() ? http::Response{204, {}, {}} : ErrorResponse(status));
  });
}

}  // namespace gigapi
