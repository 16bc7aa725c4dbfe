#include "server/api/influx/v1_query.h"

#include <charconv>
#include <optional>

#include "base/guarded.h"
#include "server/api/influx/bound_parameters.h"
#include "server/api/influx/influxql_lexer.h"
#include "server/api/influx/influxql_parser.h"
#include "server/api/influx/json_indenter.h"
#include "server/api/influx/select_run.h"
#include "server/api/influx/series_writer.h"
#include "server/error_table.h"
#include "server/http/first_piece.h"
#include "server/http/url.h"
#include "server/query_service.h"

namespace gigapi::influx {
namespace {

/// Statements of one request: one after the other on one thread.
constexpr size_t kStatementsMax = 1'000;

constexpr size_t kPieceBytes = 256 << 10;
constexpr int64_t kChunkRowsDefault = 10'000;

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

/// Durations and matches of regular expressions: SQL writes them otherwise.
bool HasWhatSqlHasNot(std::string_view text) {
  Lexer lexer(text);
  for (Token token = lexer.Next(false); token.kind != TokenKind::kEnd && token.kind != TokenKind::kBad;) {
    if (token.kind == TokenKind::kDuration && ParseInfluxDuration(token.text).ok()) return true;
    const bool match = token.IsSymbol("=~") || token.IsSymbol("!~");
    token = lexer.Next(match);
    if (match && token.kind == TokenKind::kRegex) return true;
  }
  return false;
}

bool ComesFromInfluxClient(const http::Request& request) {
  for (const char* own : {"epoch", "chunked", "chunk_size", "rp", "pretty", "params"}) {
    if (request.Query(own)) return true;
  }
  if (request.Header("Accept").starts_with("application/x-msgpack")) return true;
  const std::string_view agent = request.Header("User-Agent");
  return agent.starts_with("InfluxDB") || agent.starts_with("influxdb-");
}

}  // namespace

/// What one request asks.
struct V1Query::Call {
  std::string text;
  std::string database;
  bool read_only = false;
  bool pretty = false;
  SeriesFormat format;
  std::vector<Statement> statements;
};

namespace {

/// The answer to a request, made statement by statement while it is sent.
class Results final : public http::BodySource {
 public:
  Results(Lake* lake, QueryEngine* engine, std::vector<Statement> statements, std::string database, bool read_only,
          bool pretty, SeriesFormat format, QueryCancel cancel, std::unique_ptr<QueryRegistry::Ticket> ticket)
      : ticket_(std::move(ticket)),
        lake_(lake),
        engine_(engine),
        statements_(std::move(statements)),
        database_(std::move(database)),
        read_only_(read_only),
        cancel_(std::move(cancel)),
        executor_(lake, engine),
        writer_(format, &buffer_) {
    if (pretty) indenter_.emplace();
    writer_.BeginDocument();
  }

  Result<std::string> Next(std::string spare) override {
    if (buffer_.size() == 0) buffer_.Use(std::move(spare));
    while (!ended_ && buffer_.size() < kPieceBytes) Step();
    std::string piece = buffer_.Take();
    return indenter_ ? indenter_->Indent(piece) : piece;
  }

  bool ended() const { return ended_; }

 private:
  /// Nodes that a statement before has missed count: it was asked at the same instant or so.
  std::string Warning() const {
    const auto missing = cancel_.notes()->missing_nodes();
    if (missing.empty()) return {};
    return fmt::format("rows are missing: these nodes did not answer: {}", fmt::join(missing, ", "));
  }

  void Step() {
    if (next_ == statements_.size()) {
      writer_.EndDocument();
      ticket_->End(Status::OK());
      ended_ = true;
      return;
    }
    const Statement& statement = statements_[next_];
    const std::string& database = statement.database.empty() ? database_ : statement.database;
    if (statement.kind != Statement::Kind::kSelect) {
      const std::string result = executor_.Run(statement, next_, database, read_only_, cancel_);
      writer_.WholeStatement(result, Warning());
      ++next_;
      return;
    }
    if (!select_) {
      select_.emplace(lake_, engine_, statement, database, cancel_, &writer_);
      writer_.BeginStatement(next_);
    }
    const Result<bool> done = select_->Step();
    if (done.ok() && !*done) return;
    writer_.EndStatement(Warning(), done.ok() ? std::string() : ClientMessage(done.status()));
    select_.reset();
    ++next_;
  }

  const std::unique_ptr<QueryRegistry::Ticket> ticket_;  // goes last
  Lake* const lake_;
  QueryEngine* const engine_;
  const std::vector<Statement> statements_;
  const std::string database_;
  const bool read_only_;
  const QueryCancel cancel_;
  InfluxQlExecutor executor_;
  OutputBuffer buffer_;
  SeriesWriter writer_;
  std::optional<JsonIndenter> indenter_;
  std::optional<SelectRun> select_;  // of the statement that is being answered
  size_t next_ = 0;                  // statement
  bool ended_ = false;
};

}  // namespace

http::Headers IdentityHeaders(std::string_view version) {
  return {{"X-Influxdb-Version", std::string(version)}, {"X-Influxdb-Build", "GigAPI"}};
}

bool MeansInfluxQl(const http::Request& request, std::string_view text) {
  return BeginsAsInfluxQl(text) || ComesFromInfluxClient(request) || HasWhatSqlHasNot(text);
}

http::Response V1Query::Refusal(const Status& status) const {
  http::Response response = ErrorResponse(status);
  if (KindOf(status) == ErrorKind::kUnsupported) response.status = 400;
  response.headers.insert(response.headers.end(), identity_.begin(), identity_.end());
  return response;
}

Result<V1Query::Call> V1Query::ReadCall(const http::Request& request, const http::Params& form) const {
  const auto parameter = [&](std::string_view name) { return http::FindParameter(name, request, form).value_or(""); };
  Call call;
  call.text = parameter("q");
  if (call.text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Error(ErrorKind::kInvalidArgument, "missing required parameter \"q\"");
  }
  call.database = parameter("db");
  call.pretty = parameter("pretty") == "true";
  ARROW_ASSIGN_OR_RAISE(call.format.epoch_unit_ns, ParseEpoch(parameter("epoch")));
  if (parameter("chunked") == "true") {
    const std::string size = parameter("chunk_size");
    call.format.chunk_rows = kChunkRowsDefault;
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), call.format.chunk_rows);
    if (error != std::errc() || call.format.chunk_rows <= 0) call.format.chunk_rows = kChunkRowsDefault;
  }
  ARROW_ASSIGN_OR_RAISE(const BoundParameters parameters, ParseBoundParameters(parameter("params")));
  auto statements = ParseInfluxQl(call.text, parameters);
  if (!statements.ok()) {
    return Errorf(KindOf(statements.status()), "error parsing query: {}", statements.status().message());
  }
  if (statements->size() > kStatementsMax) return Errorf(ErrorKind::kTooLarge, "more than {} statements", kStatementsMax);
  call.statements = *std::move(statements);
  return call;
}

void V1Query::Run(http::ExchangePtr exchange, const http::Params& form, bool read_only) {
  Result<Call> read = ReadCall(exchange->request(), form);
  if (!read.ok()) return exchange->Respond(Refusal(read.status()));
  read->read_only = read_only;
  QueryCancel cancel;
  exchange->OnDisconnect([cancel]() mutable { cancel.Cancel(); });
  const auto call = std::make_shared<Call>(*std::move(read));
  const bool accepted = pool_->Submit([this, exchange, call, cancel] {
    const Status status = Guarded([&] { return Answer(call.get(), cancel, exchange.get()); });
    if (!status.ok()) exchange->Respond(Refusal(status));
  });
  if (!accepted) exchange->Respond(Refusal(Error(ErrorKind::kUnavailable, "too many queries are waiting")));
}

Status V1Query::Answer(Call* call, const QueryCancel& cancel, http::Exchange* exchange) {
  QueryRequest noted;
  noted.sql = call->text;
  noted.database = call->database;
  auto ticket = registry_->Begin(noted, exchange->request().remote_address, cancel);
  auto results = std::make_unique<Results>(lake_, engine_, std::move(call->statements), call->database, call->read_only,
                                           call->pretty, call->format, cancel, std::move(ticket));
  http::Headers headers{{"Content-Type", "application/json"}};
  headers.insert(headers.end(), identity_.begin(), identity_.end());
  const auto say_what_is_missing = [&](const Results&, http::Headers* more) { AddIncompleteHeader(*cancel.notes(), more); };
  return http::RespondFromFirstPiece(exchange, std::move(headers), std::move(results), say_what_is_missing);
}

}  // namespace gigapi::influx
