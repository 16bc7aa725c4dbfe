#include "server/api/influx/v3_query_routes.h"

#include <arrow/scalar.h>
#include <simdjson.h>

#include "server/api/influx/v3_formats.h"
#include "server/error_table.h"
#include "server/json_body.h"

namespace gigapi::influx {
namespace {

using http::ExchangePtr;
using http::Request;
using simdjson::dom::element_type;

constexpr int64_t kBodyBytesMax = 16 << 20;

struct Asked {
  std::string database;
  std::string sql;
  std::string format;
  std::vector<std::pair<std::string, std::shared_ptr<arrow::Scalar>>> parameters;
};

Result<std::shared_ptr<arrow::Scalar>> ScalarOf(std::string_view name, const simdjson::dom::element& value) {
  switch (value.type()) {
    case element_type::NULL_VALUE: return std::make_shared<arrow::NullScalar>();
    case element_type::BOOL: return std::make_shared<arrow::BooleanScalar>(bool(value));
    case element_type::INT64: return std::make_shared<arrow::Int64Scalar>(int64_t(value));
    case element_type::UINT64: return std::make_shared<arrow::UInt64Scalar>(uint64_t(value));
    case element_type::DOUBLE: return std::make_shared<arrow::DoubleScalar>(double(value));
    case element_type::STRING: return std::make_shared<arrow::StringScalar>(std::string(std::string_view(value)));
    default:
      return Errorf(ErrorKind::kInvalidArgument, "the parameter '{}' is neither text, number, boolean nor null", name);
  }
}

Status ReadParameters(const simdjson::dom::object& object, Asked* asked) {
  for (const auto [name, value] : object) {
    ARROW_ASSIGN_OR_RAISE(auto scalar, ScalarOf(name, value));
    asked->parameters.emplace_back(std::string(name), std::move(scalar));
  }
  return Status::OK();
}

Result<Asked> ReadGet(const Request& request) {
  const auto text = [&](std::string_view name) { return std::string(request.Query(name).value_or("")); };
  Asked asked{text("db"), text("q"), text("format"), {}};
  const std::string params = text("params");
  if (params.empty()) return asked;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(params).get_object().get(object) != simdjson::SUCCESS) {
    return Error(ErrorKind::kInvalidArgument, "params is no JSON object");
  }
  ARROW_RETURN_NOT_OK(ReadParameters(object, &asked));
  return asked;
}

Result<Asked> ReadPost(const Request& request) {
  ARROW_ASSIGN_OR_RAISE(const JsonBody body, JsonBody::Read(request, kBodyBytesMax));
  Asked asked;
  ARROW_ASSIGN_OR_RAISE(asked.database, body.Text("db"));
  ARROW_ASSIGN_OR_RAISE(asked.sql, body.Text("q"));
  ARROW_ASSIGN_OR_RAISE(asked.format, body.Text("format"));
  simdjson::dom::object object;
  if (body.object()["params"].get_object().get(object) == simdjson::SUCCESS) {
    ARROW_RETURN_NOT_OK(ReadParameters(object, &asked));
  }
  return asked;
}

Result<QueryCall> MakeCall(Asked asked, const Request& request, Lake* lake) {
  if (asked.database.empty()) return Error(ErrorKind::kInvalidArgument, "missing query parameter 'db'");
  if (asked.sql.empty()) return Error(ErrorKind::kInvalidArgument, "missing query parameter 'q'");
  if (!lake->Snapshot()->databases.contains(asked.database)) {
    return Errorf(ErrorKind::kNotFound, "database not found: {}", asked.database);
  }
  QueryCall call;
  ARROW_ASSIGN_OR_RAISE(call.encoder, ReadV3Format(asked.format, request));
  call.request.sql = std::move(asked.sql);
  call.request.database = std::move(asked.database);
  call.request.named_parameters = std::move(asked.parameters);
  return call;
}

/// A query that cannot be answered is the client's mistake, a table that is not there included.
http::Response QueryError(const Status& status) {
  http::Response response = ErrorResponse(status);
  if (response.status < 500 && response.status != 499 && response.status != 413) response.status = 400;
  return response;
}

http::Handler Runner(QueryService* queries, Lake* lake, Result<Asked> (*read)(const Request&)) {
  return [=](ExchangePtr exchange) {
    const Request& request = exchange->request();
    Result<Asked> asked = read(request);
    if (!asked.ok()) return exchange->Respond(ErrorResponse(asked.status()));
    Result<QueryCall> call = MakeCall(*std::move(asked), request, lake);
    if (!call.ok()) return exchange->Respond(ErrorResponse(call.status()));
    queries->Run(std::move(exchange), *std::move(call), QueryError);
  };
}

}  // namespace

void AddV3QueryRoutes(QueryService* queries, Lake* lake, http::Router* router) {
  router->Add("GET", "/api/v3/query_sql", Runner(queries, lake, ReadGet));
  router->Add("POST", "/api/v3/query_sql", Runner(queries, lake, ReadPost));
}

}  // namespace gigapi::influx
