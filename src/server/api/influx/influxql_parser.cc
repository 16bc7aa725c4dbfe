#include "server/api/influx/influxql_parser.h"

#include <charconv>

#include "server/api/influx/influxql_expression_parser.h"
#include "server/api/influx/influxql_select_parser.h"

namespace gigapi::influx {
namespace {

class Parser {
 public:
  Parser(std::string_view text, const BoundParameters& parameters) : in_(text, parameters) {}

  Result<std::vector<Statement>> Statements() {
    std::vector<Statement> statements;
    while (true) {
      while (in_.AcceptSymbol(";")) {
      }
      if (in_.token().kind == TokenKind::kEnd) break;
      const size_t begin = in_.token().offset;
      ARROW_ASSIGN_OR_RAISE(Statement statement, OneStatement());
      if (!in_.At(";") && in_.token().kind != TokenKind::kEnd) return in_.Unexpected(";, EOF");
      statement.text = in_.text().substr(begin, in_.token().offset - begin);
      while (!statement.text.empty() && statement.text.back() == ' ') statement.text.pop_back();
      statements.push_back(std::move(statement));
    }
    return statements;
  }

 private:
  // ---- statements ----

  Result<Statement> OneStatement() {
    if (in_.Accept("SHOW")) return Show();
    if (in_.Accept("CREATE")) return Create();
    if (in_.Accept("DROP")) return Drop();
    if (in_.Accept("SELECT")) return ParseSelect(&in_);
    for (const char* known : {"DELETE", "EXPLAIN", "GRANT", "REVOKE", "ALTER", "SET", "KILL"}) {
      if (in_.AtKeyword(known)) return Unsupported(known);
    }
    return in_.Unexpected("SELECT, DELETE, SHOW, CREATE, DROP, EXPLAIN, GRANT, REVOKE, ALTER, SET, KILL");
  }

  static Statement Of(Statement::Kind kind) {
    Statement statement;
    statement.kind = kind;
    return statement;
  }

  Result<Statement> Create() {
    for (const char* known : {"CONTINUOUS", "RETENTION", "SUBSCRIPTION", "USER"}) {
      if (in_.AtKeyword(known)) return Unsupported(std::string("CREATE ") + known);
    }
    if (!in_.Accept("DATABASE")) return in_.Unexpected("CONTINUOUS, DATABASE, USER, RETENTION, SUBSCRIPTION");
    Statement statement = Of(Statement::Kind::kCreateDatabase);
    ARROW_ASSIGN_OR_RAISE(statement.name, in_.Identifier());
    if (in_.Accept("WITH")) ARROW_RETURN_NOT_OK(RetentionOptions());
    return statement;
  }

  /// DURATION 1d REPLICATION 1 SHARD DURATION 1h NAME x: read and of no effect, since rows are kept until they are dropped.
  Status RetentionOptions() {
    bool any = false;
    while (true) {
      if (in_.Accept("DURATION") || (in_.AtKeyword("SHARD") && ShardDuration())) {
        if (in_.token().kind != TokenKind::kDuration && !in_.AtKeyword("INF")) return in_.Unexpected("duration");
        in_.Advance();
      } else if (in_.Accept("REPLICATION")) {
        if (in_.token().kind != TokenKind::kInteger) return in_.Unexpected("integer");
        in_.Advance();
      } else if (in_.Accept("NAME")) {
        ARROW_RETURN_NOT_OK(in_.Identifier().status());
      } else {
        return any ? Status::OK() : in_.Unexpected("DURATION, NAME, REPLICATION, SHARD");
      }
      any = true;
    }
  }
  bool ShardDuration() {
    in_.Advance();
    return in_.Accept("DURATION");
  }

  Result<Statement> Drop() {
    for (const char* known : {"CONTINUOUS", "RETENTION", "SERIES", "SHARD", "SUBSCRIPTION", "USER"}) {
      if (in_.AtKeyword(known)) return Unsupported(std::string("DROP ") + known);
    }
    Statement statement;
    if (in_.Accept("DATABASE")) statement.kind = Statement::Kind::kDropDatabase;
    else if (in_.Accept("MEASUREMENT")) statement.kind = Statement::Kind::kDropMeasurement;
    else return in_.Unexpected("CONTINUOUS, DATABASE, MEASUREMENT, RETENTION, SERIES, SHARD, SUBSCRIPTION, USER");
    ARROW_ASSIGN_OR_RAISE(statement.name, in_.Identifier());
    return statement;
  }

  Result<Statement> Show() {
    for (const char* known :
         {"CONTINUOUS", "DIAGNOSTICS", "GRANTS", "QUERIES", "SHARD", "SHARDS", "STATS", "SUBSCRIPTIONS", "USERS"}) {
      if (in_.AtKeyword(known)) return Unsupported(std::string("SHOW ") + known);
    }
    if (in_.Accept("DATABASES")) return Of(Statement::Kind::kShowDatabases);
    if (in_.Accept("RETENTION")) {
      ARROW_RETURN_NOT_OK(in_.Expect("POLICIES"));
      return Clauses(Of(Statement::Kind::kShowRetentionPolicies), {.on = true});
    }
    if (in_.Accept("MEASUREMENTS"))
      return Clauses(Of(Statement::Kind::kShowMeasurements),
                     {.on = true, .with_measurement = true, .where = true, .limit = true});
    if (in_.Accept("FIELD")) {
      ARROW_RETURN_NOT_OK(in_.Expect("KEYS"));
      return Clauses(Of(Statement::Kind::kShowFieldKeys), {.on = true, .from = true, .limit = true});
    }
    if (in_.Accept("SERIES"))
      return Clauses(Of(Statement::Kind::kShowSeries), {.on = true, .from = true, .where = true, .limit = true});
    if (!in_.Accept("TAG"))
      return in_.Unexpected(
          "CONTINUOUS, DATABASES, DIAGNOSTICS, FIELD, GRANTS, MEASUREMENT, MEASUREMENTS, QUERIES, RETENTION, SERIES, SHARD, "
          "SHARDS, STATS, SUBSCRIPTIONS, TAG, USERS");
    if (in_.Accept("KEYS"))
      return Clauses(Of(Statement::Kind::kShowTagKeys), {.on = true, .from = true, .where = true, .limit = true});
    if (!in_.Accept("VALUES")) return in_.Unexpected("KEYS, VALUES");
    return Clauses(Of(Statement::Kind::kShowTagValues),
                   {.on = true, .from = true, .with_key = true, .where = true, .limit = true});
  }

  /// Which clauses a statement may have, in this order.
  struct Allowed {
    bool on = false;
    bool with_measurement = false;
    bool from = false;
    bool with_key = false;
    bool where = false;
    bool limit = false;
  };
  Result<Statement> Clauses(Statement statement, Allowed allowed) {
    if (allowed.on && in_.Accept("ON")) {
      ARROW_ASSIGN_OR_RAISE(statement.database, in_.Identifier());
    }
    if (allowed.with_measurement && in_.Accept("WITH")) {
      ARROW_RETURN_NOT_OK(in_.Expect("MEASUREMENT"));
      ARROW_ASSIGN_OR_RAISE(statement.with, Match(/*may_be_list=*/false));
    }
    if (allowed.from && in_.AtKeyword("FROM")) ARROW_RETURN_NOT_OK(ParseSources(&in_, &statement.sources));
    if (allowed.with_key) {
      ARROW_RETURN_NOT_OK(in_.Expect("WITH"));
      ARROW_RETURN_NOT_OK(in_.Expect("KEY"));
      ARROW_ASSIGN_OR_RAISE(statement.with, Match(/*may_be_list=*/true));
    }
    if (in_.AtKeyword("WHERE")) {
      if (!allowed.where) return Unsupported("WHERE in this statement");
      in_.Advance();
      ARROW_ASSIGN_OR_RAISE(statement.condition, ParseCondition(&in_));
    }
    if (allowed.limit) {
      if (in_.Accept("LIMIT")) {
        ARROW_ASSIGN_OR_RAISE(statement.limit, in_.Integer());
      }
      if (in_.Accept("OFFSET")) {
        ARROW_ASSIGN_OR_RAISE(statement.offset, in_.Integer());
      }
    }
    return statement;
  }

  Result<NameMatch> Match(bool may_be_list) {
    NameMatch match;
    if (may_be_list && in_.Accept("IN")) {
      match.op = NameMatch::Operator::kIn;
      ARROW_RETURN_NOT_OK(in_.ExpectSymbol("("));
      do {
        ARROW_ASSIGN_OR_RAISE(std::string name, in_.Identifier());
        match.names.push_back(std::move(name));
      } while (in_.AcceptSymbol(","));
      ARROW_RETURN_NOT_OK(in_.ExpectSymbol(")"));
      return match;
    }
    if (in_.At("=~") || in_.At("!~")) {
      match.op = in_.token().text == "=~" ? NameMatch::Operator::kMatches : NameMatch::Operator::kNotMatches;
      in_.Advance(/*regex_allowed=*/true);
      if (in_.token().kind != TokenKind::kRegex) return in_.Unexpected("regex");
      match.names.push_back(in_.token().text);
      in_.Advance();
      return match;
    }
    if (in_.AcceptSymbol("!=") || in_.AcceptSymbol("<>")) match.op = NameMatch::Operator::kNotEqual;
    else ARROW_RETURN_NOT_OK(in_.ExpectSymbol("="));
    ARROW_ASSIGN_OR_RAISE(std::string name, in_.Identifier());
    match.names.push_back(std::move(name));
    return match;
  }

  TokenReader in_;
};

int64_t NanosOfUnit(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "u" || unit == "us") return 1'000;
  if (unit == "ms") return 1'000'000;
  if (unit == "s") return 1'000'000'000;
  if (unit == "m") return 60'000'000'000;
  if (unit == "h") return 3'600'000'000'000;
  if (unit == "d") return 24 * 3'600'000'000'000;
  if (unit == "w") return 7 * 24 * 3'600'000'000'000;
  return 0;
}

}  // namespace

Result<std::vector<Statement>> ParseInfluxQl(std::string_view text, const BoundParameters& parameters) {
  return Parser(text, parameters).Statements();
}

Result<int64_t> ParseInfluxDuration(std::string_view text) {
  const auto invalid = [&] { return Errorf(ErrorKind::kInvalidArgument, "invalid duration: {}", text); };
  int64_t total = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    int64_t count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    const std::string_view unit = rest.substr(0, rest.find_first_of("0123456789"));
    rest.remove_prefix(unit.size());
    int64_t nanos = 0;
    if (error != std::errc() || NanosOfUnit(unit) == 0 || __builtin_mul_overflow(count, NanosOfUnit(unit), &nanos) ||
        __builtin_add_overflow(total, nanos, &total)) {
      return invalid();
    }
  }
  return total;
}

}  // namespace gigapi::influx
