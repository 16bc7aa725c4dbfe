#include "server/api/influx/v1_query.h"

#include "server/api/influx/influxql_lexer.h"
#include "server/api/influx/influxql_parser.h"
#include "server/error_table.h"

namespace gigapi::influx {
namespace {

/// Statements of one request: one after the other on one thread.
constexpr size_t kStatementsMax = 1'000;

/// CREATE DATABASE, SHOW TAG ...: no SQL begins like this, whatever follows. SHOW TABLES and SHOW ALL TABLES are SQL.
bool BeginsAsInfluxQl(std::string_view text) {
  Lexer lexer(text);
  const Token first = lexer.Next(false), second = lexer.Next(false);
  if (second.kind != TokenKind::kKeyword) return false;
  if (first.IsKeyword("CREATE") || first.IsKeyword("DROP")) {
    return second.text == "DATABASE" || second.text == "MEASUREMENT" || second.text == "RETENTION" ||
           second.text == "CONTINUOUS" || second.text == "USER" || second.text == "SERIES" ||
           second.text == "SUBSCRIPTION" || second.text == "SHARD";
  }
  return first.IsKeyword("SHOW") && second.text != "ALL";
}

bool ComesFromInfluxClient(const http::Request& request) {
  if (request.Query("epoch") || request.Query("chunked") || request.Query("rp")) return true;
  if (request.Header("Accept").starts_with("application/x-msgpack")) return true;
  const std::string_view agent = request.Header("User-Agent");
  return agent.starts_with("InfluxDB") || agent.starts_with("influxdb-");
}

}  // namespace

http::Headers IdentityHeaders(std::string_view version) {
  return {{"X-Influxdb-Version", std::string(version)}, {"X-Influxdb-Build", "GigAPI"}};
}

bool MeansInfluxQl(const http::Request& request, std::string_view text) {
  return BeginsAsInfluxQl(text) || ComesFromInfluxClient(request);
}

http::Response V1Query::Refusal(const Status& status) const {
  http::Response response = ErrorResponse(status);
  if (KindOf(status) == ErrorKind::kUnsupported) response.status = 400;
  response.headers.insert(response.headers.end(), identity_.begin(), identity_.end());
  return response;
}

http::Response V1Query::Answer(const std::string& text, const std::string& database, bool read_only,
                               const QueryCancel& cancel) {
  const auto statements = ParseInfluxQl(text);
  if (!statements.ok()) {
    return Refusal(Errorf(KindOf(statements.status()), "error parsing query: {}", statements.status().message()));
  }
  if (statements->size() > kStatementsMax)
    return Refusal(Errorf(ErrorKind::kTooLarge, "more than {} statements", kStatementsMax));
  std::string json = "{\"results\":[";
  for (size_t i = 0; i < statements->size(); ++i) {
    if (i > 0) json += ',';
    json += executor_.Run((*statements)[i], i, database, read_only, cancel);
  }
  http::Response response = JsonResponse(200, json += "]}\n");
  response.headers.insert(response.headers.end(), identity_.begin(), identity_.end());
  return response;
}

void V1Query::Run(http::ExchangePtr exchange, std::string text, std::string database, bool read_only) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return exchange->Respond(Refusal(Error(ErrorKind::kInvalidArgument, "missing required parameter \"q\"")));
  }
  QueryCancel cancel;
  exchange->OnDisconnect([cancel]() mutable { cancel.Cancel(); });
  const bool accepted = pool_->Submit([this, exchange, text = std::move(text), database = std::move(database), read_only,
                                       cancel] { exchange->Respond(Answer(text, database, read_only, cancel)); });
  if (!accepted) exchange->Respond(Refusal(Error(ErrorKind::kUnavailable, "too many queries are waiting")));
}

}  // namespace gigapi::influx
