#include "server/api/gigapi/query_routes.h"

#include "server/api/gigapi/query_request.h"
#include "server/api/influx/influxql.h"
#include "server/content_encoding.h"
#include "server/error_table.h"
#include "server/http/url.h"

namespace gigapi {
namespace {

using http::ExchangePtr;
using http::Request;

/// SQL is text that people and programs write, not data.
constexpr int64_t kSqlBytesMax = 16 << 20;

/// Whatever is wrong with a query is a 400, as GigAPI answers; what is wrong with the server is not.
http::Response QueryError(const Status& status) {
  http::Response response = ErrorResponse(status);
  const ErrorKind kind = KindOf(status);
  if (kind == ErrorKind::kNotFound || kind == ErrorKind::kUnsupported || kind == ErrorKind::kForbidden || kind == ErrorKind::kConflict) {
    response.status = 400;
  }
  return response;
}

/// The statement of InfluxDB 1's clients, from the URL or from a form.
std::optional<std::string> FindQ(const Request& request, std::string_view body) {
  if (const auto q = request.Query("q")) return std::string(*q);
  if (!request.Header("Content-Type").starts_with("application/x-www-form-urlencoded")) return std::nullopt;
  for (const auto& [name, value] : http::ParseQueryString(body)) {
    if (name == "q") return value;
  }
  return std::nullopt;
}

class QueryRoutes {
 public:
  QueryRoutes(QueryService* service, Lake* lake, std::string default_database)
      : service_(service), lake_(lake), default_database_(std::move(default_database)) {}

  void Get(ExchangePtr exchange) const {
    const auto q = exchange->request().Query("q");
    if (!q) {
      http::Response response = ErrorResponse(Error(ErrorKind::kMethodNotAllowed, "Method not allowed: POST a query, or give q="));
      response.headers.emplace_back("Allow", "GET, POST, OPTIONS");
      return exchange->Respond(std::move(response));
    }
    if (const auto statement = influx::ParseStatement(*q)) return exchange->Respond(influx::Execute(*statement, lake_));
    Start(exchange, ReadQueryGet(exchange->request(), *q, default_database_));
  }

  void Post(ExchangePtr exchange) const {
    const Request& request = exchange->request();
    const Result<DecodedBody> body = DecodeContent(request.Header("Content-Encoding"), request.body, kSqlBytesMax);
    if (!body.ok()) return exchange->Respond(ErrorResponse(body.status()));
    if (static_cast<int64_t>(body->bytes.size()) > kSqlBytesMax) {
      return exchange->Respond(ErrorResponse(Errorf(ErrorKind::kTooLarge, "a query may have {} bytes", kSqlBytesMax)));
    }
    if (const auto q = FindQ(request, body->bytes)) return PostInfluxQl(exchange, *q);
    Start(exchange, ReadQueryPost(request, body->bytes, default_database_));
  }

 private:
  void PostInfluxQl(const ExchangePtr& exchange, const std::string& text) const {
    if (const auto statement = influx::ParseStatement(text)) return exchange->Respond(influx::Execute(*statement, lake_));
    exchange->Respond(ErrorResponse(
        Error(ErrorKind::kInvalidArgument, "unsupported InfluxQL statement: CREATE DATABASE and SHOW DATABASES are known")));
  }

  void Start(const ExchangePtr& exchange, Result<QueryCall> call) const {
    if (!call.ok()) return exchange->Respond(QueryError(call.status()));
    service_->Run(exchange, *std::move(call), QueryError);
  }

  QueryService* const service_;
  Lake* const lake_;
  const std::string default_database_;
};

}  // namespace

void AddQueryRoutes(QueryService* service, Lake* lake, std::string default_database, http::Router* router) {
  auto routes = std::make_shared<const QueryRoutes>(service, lake, std::move(default_database));
  router->Add("GET", "/query", [routes](ExchangePtr exchange) { routes->Get(std::move(exchange)); });
  router->Add("POST", "/query", [routes](ExchangePtr exchange) { routes->Post(std::move(exchange)); });
}

}  // namespace gigapi
