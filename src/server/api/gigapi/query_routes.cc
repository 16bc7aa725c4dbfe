#include "server/api/gigapi/query_routes.h"

#include "server/api/gigapi/query_request.h"
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
  if (kind == ErrorKind::kNotFound || kind == ErrorKind::kUnsupported || kind == ErrorKind::kForbidden ||
      kind == ErrorKind::kConflict) {
    response.status = 400;
  }
  return response;
}

/// InfluxDB 1's clients send parameters in the URL or as a form.
http::Params FormOf(const Request& request, std::string_view body) {
  if (!request.Header("Content-Type").starts_with("application/x-www-form-urlencoded")) return {};
  return http::ParseQueryString(body);
}

class QueryRoutes {
 public:
  QueryRoutes(QueryService* service, influx::V1Query* influx, std::string default_database)
      : service_(service), influx_(influx), default_database_(std::move(default_database)) {}

  void Get(ExchangePtr exchange) const {
    const Request& request = exchange->request();
    const auto q = request.Query("q");
    if (!q) {
      http::Response response =
          ErrorResponse(Error(ErrorKind::kMethodNotAllowed, "Method not allowed: POST a query, or give q="));
      response.headers.emplace_back("Allow", "GET, POST, OPTIONS");
      return exchange->Respond(std::move(response));
    }
    if (influx::MeansInfluxQl(request, *q)) return influx_->Run(std::move(exchange), {}, /*read_only=*/true);
    Start(exchange, ReadQueryGet(request, *q, default_database_));
  }

  void Post(ExchangePtr exchange) const {
    const Request& request = exchange->request();
    const Result<DecodedBody> body = DecodeContent(request.Header("Content-Encoding"), request.body, kSqlBytesMax);
    if (!body.ok()) return exchange->Respond(ErrorResponse(body.status()));
    if (static_cast<int64_t>(body->bytes.size()) > kSqlBytesMax) {
      return exchange->Respond(ErrorResponse(Errorf(ErrorKind::kTooLarge, "a query may have {} bytes", kSqlBytesMax)));
    }
    const http::Params form = FormOf(request, body->bytes);
    if (http::FindParameter("q", request, form)) return influx_->Run(std::move(exchange), form, /*read_only=*/false);
    Start(exchange, ReadQueryPost(request, body->bytes, default_database_));
  }

 private:
  void Start(const ExchangePtr& exchange, Result<QueryCall> call) const {
    if (!call.ok()) return exchange->Respond(QueryError(call.status()));
    service_->Run(exchange, *std::move(call), QueryError);
  }

  QueryService* const service_;
  influx::V1Query* const influx_;
  const std::string default_database_;
};

}  // namespace

void AddQueryRoutes(QueryService* service, influx::V1Query* influx, std::string default_database, http::Router* router) {
  auto routes = std::make_shared<const QueryRoutes>(service, influx, std::move(default_database));
  router->Add("GET", "/query", [routes](ExchangePtr exchange) { routes->Get(std::move(exchange)); });
  router->Add("POST", "/query", [routes](ExchangePtr exchange) { routes->Post(std::move(exchange)); });
}

}  // namespace gigapi
