#include "server/api/influx/v3_query_routes.h"

#include <arrow/scalar.h>
#include <simdjson.h>

#include "server/api/influx/bound_parameters.h"
#include "server/api/influx/influxql_batches.h"
#include "server/api/influx/influxql_parser.h"
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
  std::string text;
  std::string format;
  std::string parameters;  // a JSON object, or nothing
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

using NamedValues = std::vector<std::pair<std::string, std::shared_ptr<arrow::Scalar>>>;

Result<NamedValues> ReadSqlParameters(const std::string& json) {
  NamedValues values;
  if (json.empty()) return values;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(json).get_object().get(object) != simdjson::SUCCESS) {
    return Error(ErrorKind::kInvalidArgument, "params is no JSON object");
  }
  for (const auto [name, value] : object) {
    ARROW_ASSIGN_OR_RAISE(auto scalar, ScalarOf(name, value));
    values.emplace_back(std::string(name), std::move(scalar));
  }
  return values;
}

Result<Asked> ReadGet(const Request& request) {
  const auto text = [&](std::string_view name) { return std::string(request.Query(name).value_or("")); };
  return Asked{text("db"), text("q"), text("format"), text("params")};
}

Result<Asked> ReadPost(const Request& request) {
  ARROW_ASSIGN_OR_RAISE(const JsonBody body, JsonBody::Read(request, kBodyBytesMax));
  Asked asked;
  ARROW_ASSIGN_OR_RAISE(asked.database, body.Text("db"));
  ARROW_ASSIGN_OR_RAISE(asked.text, body.Text("q"));
  ARROW_ASSIGN_OR_RAISE(asked.format, body.Text("format"));
  simdjson::dom::element parameters;
  if (body.object()["params"].get(parameters) == simdjson::SUCCESS && !parameters.is_null()) {
    asked.parameters = simdjson::minify(parameters);
  }
  return asked;
}

/// What SQL and InfluxQL share: which database, and in which form the rows go out.
Result<QueryCall> BeginCall(const Asked& asked, const Request& request, Lake* lake) {
  if (asked.text.empty()) return Error(ErrorKind::kInvalidArgument, "missing query parameter 'q'");
  if (!asked.database.empty() && !lake->Snapshot()->databases.contains(asked.database)) {
    return Errorf(ErrorKind::kNotFound, "database not found: {}", asked.database);
  }
  QueryCall call;
  ARROW_ASSIGN_OR_RAISE(call.encoder, ReadV3Format(asked.format, request));
  call.request.sql = asked.text;
  call.request.database = asked.database;
  return call;
}

Result<QueryCall> SqlCall(const Asked& asked, const Request& request, Lake* lake, QueryEngine*) {
  if (asked.database.empty()) return Error(ErrorKind::kInvalidArgument, "missing query parameter 'db'");
  ARROW_ASSIGN_OR_RAISE(QueryCall call, BeginCall(asked, request, lake));
  ARROW_ASSIGN_OR_RAISE(call.request.named_parameters, ReadSqlParameters(asked.parameters));
  return call;
}

/// The database may also be named in the statement.
Result<QueryCall> InfluxQlCall(const Asked& asked, const Request& request, Lake* lake, QueryEngine* engine) {
  ARROW_ASSIGN_OR_RAISE(QueryCall call, BeginCall(asked, request, lake));
  ARROW_ASSIGN_OR_RAISE(const BoundParameters parameters, ParseBoundParameters(asked.parameters));
  ARROW_ASSIGN_OR_RAISE(auto statements, ParseInfluxQl(asked.text, parameters));
  if (statements.size() != 1) return Error(ErrorKind::kInvalidArgument, "q must be one statement");
  const auto statement = std::make_shared<const Statement>(std::move(statements[0]));
  call.open = [=](const QueryRequest& asked_for, QueryCancel cancel) {
    return OpenInfluxQl(lake, engine, statement, asked_for.database, cancel);
  };
  return call;
}

/// A query that cannot be answered is the client's mistake, a table that is not there included.
http::Response QueryError(const Status& status) {
  http::Response response = ErrorResponse(status);
  const bool own_status = response.status >= 500 || response.status == 499 || response.status == 413;
  if (!own_status || KindOf(status) == ErrorKind::kUnsupported) response.status = 400;
  return response;
}

using Reader = Result<Asked> (*)(const Request&);
using CallMaker = Result<QueryCall> (*)(const Asked&, const Request&, Lake*, QueryEngine*);

http::Handler Runner(QueryService* queries, Lake* lake, QueryEngine* engine, Reader read, CallMaker make_call) {
  return [=](ExchangePtr exchange) {
    const Request& request = exchange->request();
    const Result<Asked> asked = read(request);
    if (!asked.ok()) return exchange->Respond(ErrorResponse(asked.status()));
    Result<QueryCall> call = make_call(*asked, request, lake, engine);
    if (!call.ok()) {
      const bool absent = KindOf(call.status()) == ErrorKind::kNotFound;
      return exchange->Respond(absent ? ErrorResponse(call.status()) : QueryError(call.status()));
    }
    queries->Run(std::move(exchange), *std::move(call), QueryError);
  };
}

}  // namespace

void AddV3QueryRoutes(QueryService* queries, Lake* lake, QueryEngine* engine, http::Router* router) {
  router->Add("GET", "/api/v3/query_sql", Runner(queries, lake, engine, ReadGet, SqlCall));
  router->Add("POST", "/api/v3/query_sql", Runner(queries, lake, engine, ReadPost, SqlCall));
  router->Add("GET", "/api/v3/query_influxql", Runner(queries, lake, engine, ReadGet, InfluxQlCall));
  router->Add("POST", "/api/v3/query_influxql", Runner(queries, lake, engine, ReadPost, InfluxQlCall));
}

}  // namespace gigapi::influx
