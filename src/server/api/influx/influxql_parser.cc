#include "server/api/influx/influxql_parser.h"

#include <charconv>

#include "server/api/influx/influxql_lexer.h"

namespace gigapi::influx {
namespace {

/// Deeper conditions are nobody's, and recursion has to end somewhere.
constexpr int kDepthMax = 200;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), lexer_(text) { Advance(); }

  Result<std::vector<Statement>> Statements() {
    std::vector<Statement> statements;
    while (true) {
      while (AcceptSymbol(";")) {
      }
      if (token_.kind == TokenKind::kEnd) break;
      const size_t begin = token_.offset;
      ARROW_ASSIGN_OR_RAISE(Statement statement, OneStatement());
      if (!token_.IsSymbol(";") && token_.kind != TokenKind::kEnd) return Unexpected(";, EOF");
      statement.text = text_.substr(begin, token_.offset - begin);
      while (!statement.text.empty() && statement.text.back() == ' ') statement.text.pop_back();
      statements.push_back(std::move(statement));
    }
    return statements;
  }

 private:
  // ---- tokens ----

  void Advance(bool regex_allowed = false) { token_ = lexer_.Next(regex_allowed); }

  bool Accept(std::string_view keyword) {
    if (!token_.IsKeyword(keyword)) return false;
    Advance();
    return true;
  }
  bool AcceptSymbol(std::string_view symbol) {
    if (!token_.IsSymbol(symbol)) return false;
    Advance();
    return true;
  }
  Status Expect(std::string_view keyword) { return Accept(keyword) ? Status::OK() : Unexpected(keyword); }
  Status ExpectSymbol(std::string_view symbol) { return AcceptSymbol(symbol) ? Status::OK() : Unexpected(symbol); }

  Status Unexpected(std::string_view expected) const {
    return Errorf(ErrorKind::kInvalidArgument, "found {}, expected {} at {}", token_.text, expected,
                  PositionText(text_, token_.offset));
  }
  Status Unsupported(std::string_view what) const { return Errorf(ErrorKind::kUnsupported, "{} is not supported", what); }

  Result<std::string> Identifier() {
    if (token_.kind != TokenKind::kIdentifier) return Unexpected("identifier");
    std::string name = std::move(token_.text);
    Advance();
    return name;
  }

  // ---- statements ----

  Result<Statement> OneStatement() {
    if (Accept("SHOW")) return Show();
    if (Accept("CREATE")) return Create();
    if (Accept("DROP")) return Drop();
    if (token_.IsKeyword("SELECT")) {
      while (token_.kind != TokenKind::kEnd && !token_.IsSymbol(";")) Advance();
      return Of(Statement::Kind::kSelect);
    }
    for (const char* known : {"DELETE", "EXPLAIN", "GRANT", "REVOKE", "ALTER", "SET", "KILL"}) {
      if (token_.IsKeyword(known)) return Unsupported(known);
    }
    return Unexpected("SELECT, DELETE, SHOW, CREATE, DROP, EXPLAIN, GRANT, REVOKE, ALTER, SET, KILL");
  }

  static Statement Of(Statement::Kind kind) {
    Statement statement;
    statement.kind = kind;
    return statement;
  }

  Result<Statement> Create() {
    for (const char* known : {"CONTINUOUS", "RETENTION", "SUBSCRIPTION", "USER"}) {
      if (token_.IsKeyword(known)) return Unsupported(std::string("CREATE ") + known);
    }
    if (!Accept("DATABASE")) return Unexpected("CONTINUOUS, DATABASE, USER, RETENTION, SUBSCRIPTION");
    Statement statement = Of(Statement::Kind::kCreateDatabase);
    ARROW_ASSIGN_OR_RAISE(statement.name, Identifier());
    if (Accept("WITH")) ARROW_RETURN_NOT_OK(RetentionOptions());
    return statement;
  }

  /// DURATION 1d REPLICATION 1 SHARD DURATION 1h NAME x: read and of no effect, since rows are kept until they are dropped.
  Status RetentionOptions() {
    bool any = false;
    while (true) {
      if (Accept("DURATION") || (token_.IsKeyword("SHARD") && ShardDuration())) {
        if (token_.kind != TokenKind::kDuration && !token_.IsKeyword("INF")) return Unexpected("duration");
        Advance();
      } else if (Accept("REPLICATION")) {
        if (token_.kind != TokenKind::kInteger) return Unexpected("integer");
        Advance();
      } else if (Accept("NAME")) {
        ARROW_RETURN_NOT_OK(Identifier().status());
      } else {
        return any ? Status::OK() : Unexpected("DURATION, NAME, REPLICATION, SHARD");
      }
      any = true;
    }
  }
  bool ShardDuration() {
    Advance();
    return Accept("DURATION");
  }

  Result<Statement> Drop() {
    for (const char* known : {"CONTINUOUS", "RETENTION", "SERIES", "SHARD", "SUBSCRIPTION", "USER"}) {
      if (token_.IsKeyword(known)) return Unsupported(std::string("DROP ") + known);
    }
    Statement statement;
    if (Accept("DATABASE")) statement.kind = Statement::Kind::kDropDatabase;
    else if (Accept("MEASUREMENT")) statement.kind = Statement::Kind::kDropMeasurement;
    else return Unexpected("CONTINUOUS, DATABASE, MEASUREMENT, RETENTION, SERIES, SHARD, SUBSCRIPTION, USER");
    ARROW_ASSIGN_OR_RAISE(statement.name, Identifier());
    return statement;
  }

  Result<Statement> Show() {
    for (const char* known :
         {"CONTINUOUS", "DIAGNOSTICS", "GRANTS", "QUERIES", "SHARD", "SHARDS", "STATS", "SUBSCRIPTIONS", "USERS"}) {
      if (token_.IsKeyword(known)) return Unsupported(std::string("SHOW ") + known);
    }
    if (Accept("DATABASES")) return Of(Statement::Kind::kShowDatabases);
    if (Accept("RETENTION")) {
      ARROW_RETURN_NOT_OK(Expect("POLICIES"));
      return Clauses(Of(Statement::Kind::kShowRetentionPolicies), {.on = true});
    }
    if (Accept("MEASUREMENTS"))
      return Clauses(Of(Statement::Kind::kShowMeasurements), {.on = true, .with_measurement = true, .limit = true});
    if (Accept("FIELD")) {
      ARROW_RETURN_NOT_OK(Expect("KEYS"));
      return Clauses(Of(Statement::Kind::kShowFieldKeys), {.on = true, .from = true, .limit = true});
    }
    if (Accept("SERIES"))
      return Clauses(Of(Statement::Kind::kShowSeries), {.on = true, .from = true, .where = true, .limit = true});
    if (!Accept("TAG"))
      return Unexpected(
          "CONTINUOUS, DATABASES, DIAGNOSTICS, FIELD, GRANTS, MEASUREMENT, MEASUREMENTS, QUERIES, RETENTION, SERIES, SHARD, "
          "SHARDS, STATS, SUBSCRIPTIONS, TAG, USERS");
    if (Accept("KEYS")) return Clauses(Of(Statement::Kind::kShowTagKeys), {.on = true, .from = true, .limit = true});
    if (!Accept("VALUES")) return Unexpected("KEYS, VALUES");
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
    if (allowed.on && Accept("ON")) {
      ARROW_ASSIGN_OR_RAISE(statement.database, Identifier());
    }
    if (allowed.with_measurement && Accept("WITH")) {
      ARROW_RETURN_NOT_OK(Expect("MEASUREMENT"));
      ARROW_ASSIGN_OR_RAISE(statement.with, Match(/*may_be_list=*/false));
    }
    if (allowed.from && token_.IsKeyword("FROM")) ARROW_RETURN_NOT_OK(Sources(&statement.sources));
    if (allowed.with_key) {
      ARROW_RETURN_NOT_OK(Expect("WITH"));
      ARROW_RETURN_NOT_OK(Expect("KEY"));
      ARROW_ASSIGN_OR_RAISE(statement.with, Match(/*may_be_list=*/true));
    }
    if (token_.IsKeyword("WHERE")) {
      if (!allowed.where) return Unsupported("WHERE in this statement");
      Advance();
      ARROW_ASSIGN_OR_RAISE(statement.condition, Disjunction(0));
    }
    if (allowed.limit) {
      if (Accept("LIMIT")) {
        ARROW_ASSIGN_OR_RAISE(statement.limit, Integer());
      }
      if (Accept("OFFSET")) {
        ARROW_ASSIGN_OR_RAISE(statement.offset, Integer());
      }
    }
    return statement;
  }

  Result<NameMatch> Match(bool may_be_list) {
    NameMatch match;
    if (may_be_list && Accept("IN")) {
      match.op = NameMatch::Operator::kIn;
      ARROW_RETURN_NOT_OK(ExpectSymbol("("));
      do {
        ARROW_ASSIGN_OR_RAISE(std::string name, Identifier());
        match.names.push_back(std::move(name));
      } while (AcceptSymbol(","));
      ARROW_RETURN_NOT_OK(ExpectSymbol(")"));
      return match;
    }
    if (token_.IsSymbol("=~") || token_.IsSymbol("!~")) {
      match.op = token_.text == "=~" ? NameMatch::Operator::kMatches : NameMatch::Operator::kNotMatches;
      Advance(/*regex_allowed=*/true);
      if (token_.kind != TokenKind::kRegex) return Unexpected("regex");
      match.names.push_back(token_.text);
      Advance();
      return match;
    }
    if (AcceptSymbol("!=") || AcceptSymbol("<>")) match.op = NameMatch::Operator::kNotEqual;
    else ARROW_RETURN_NOT_OK(ExpectSymbol("="));
    ARROW_ASSIGN_OR_RAISE(std::string name, Identifier());
    match.names.push_back(std::move(name));
    return match;
  }

  Status Sources(std::vector<Source>* sources) {
    do {
      Advance(/*regex_allowed=*/true);  // over FROM, or over the comma
      ARROW_ASSIGN_OR_RAISE(Source source, OneSource());
      sources->push_back(std::move(source));
    } while (token_.IsSymbol(","));
    return Status::OK();
  }

  Result<Source> OneSource() {
    Source source;
    std::vector<std::string> parts;
    while (true) {
      if (token_.kind == TokenKind::kRegex) {
        source.is_regex = true;
        parts.push_back(token_.text);
        Advance();
        break;
      }
      if (token_.IsSymbol(".") && !parts.empty()) parts.emplace_back();  // db..name
      else {
        ARROW_ASSIGN_OR_RAISE(std::string part, Identifier());
        parts.push_back(std::move(part));
      }
      if (!token_.IsSymbol(".") || parts.size() == 3) break;
      Advance(/*regex_allowed=*/true);
    }
    source.name = parts.back();
    if (parts.size() > 1) source.retention_policy = parts[parts.size() - 2];
    if (parts.size() > 2) source.database = parts[0];
    return source;
  }

  Result<int64_t> Integer() {
    int64_t value = 0;
    const char* const end = token_.text.data() + token_.text.size();
    if (token_.kind != TokenKind::kInteger || std::from_chars(token_.text.data(), end, value).ec != std::errc()) {
      return Unexpected("integer");
    }
    Advance();
    return value;
  }

  // ---- conditions, by falling precedence: OR, AND, comparison, + -, * ----

  static ExpressionPtr Binary(std::string op, ExpressionPtr left, ExpressionPtr right) {
    auto node = std::make_unique<Expression>();
    node->kind = Expression::Kind::kBinary;
    node->text = std::move(op);
    node->left = std::move(left);
    node->right = std::move(right);
    return node;
  }

  // A chain of operators makes a tree that leans to the left; its length counts as depth, since whoever walks it recurses.
  Result<ExpressionPtr> Disjunction(int depth) {
    ARROW_ASSIGN_OR_RAISE(ExpressionPtr left, Conjunction(depth));
    while (Accept("OR")) {
      if (++depth > kDepthMax) return TooDeep();
      ARROW_ASSIGN_OR_RAISE(ExpressionPtr right, Conjunction(depth));
      left = Binary("OR", std::move(left), std::move(right));
    }
    return left;
  }

  Result<ExpressionPtr> Conjunction(int depth) {
    ARROW_ASSIGN_OR_RAISE(ExpressionPtr left, Comparison(depth));
    while (Accept("AND")) {
      if (++depth > kDepthMax) return TooDeep();
      ARROW_ASSIGN_OR_RAISE(ExpressionPtr right, Comparison(depth));
      left = Binary("AND", std::move(left), std::move(right));
    }
    return left;
  }

  Result<ExpressionPtr> Comparison(int depth) {
    ARROW_ASSIGN_OR_RAISE(ExpressionPtr left, Sum(depth));
    if (token_.kind != TokenKind::kSymbol) return left;
    for (const std::string_view op : {"=", "!=", "<>", "<", "<=", ">", ">=", "=~", "!~"}) {
      if (token_.text != op) continue;
      const bool regex = op.back() == '~';
      Advance(regex);
      if (regex && token_.kind != TokenKind::kRegex) return Unexpected("regex");
      ARROW_ASSIGN_OR_RAISE(ExpressionPtr right, Sum(depth));
      return Binary(op == "<>" ? "!=" : std::string(op), std::move(left), std::move(right));
    }
    return left;
  }

  Result<ExpressionPtr> Sum(int depth) {
    ARROW_ASSIGN_OR_RAISE(ExpressionPtr left, Operand(depth));
    while (token_.IsSymbol("+") || token_.IsSymbol("-") || token_.IsSymbol("*")) {
      if (++depth > kDepthMax) return TooDeep();
      std::string op = token_.text;
      Advance();
      ARROW_ASSIGN_OR_RAISE(ExpressionPtr right, Operand(depth));
      left = Binary(std::move(op), std::move(left), std::move(right));
    }
    return left;
  }

  Status TooDeep() const { return Error(ErrorKind::kInvalidArgument, "the condition is nested too deeply"); }

  Result<ExpressionPtr> Operand(int depth) {
    if (depth > kDepthMax) return TooDeep();
    if (AcceptSymbol("(")) {
      ARROW_ASSIGN_OR_RAISE(ExpressionPtr inner, Disjunction(depth + 1));
      ARROW_RETURN_NOT_OK(ExpectSymbol(")"));
      return inner;
    }
    auto node = std::make_unique<Expression>();
    node->text = token_.text;
    switch (token_.kind) {
      case TokenKind::kString: node->kind = Expression::Kind::kString; break;
      case TokenKind::kRegex: node->kind = Expression::Kind::kRegex; break;
      case TokenKind::kNumber: node->kind = Expression::Kind::kNumber; break;
      case TokenKind::kIdentifier: return NameOrCall(std::move(node));
      case TokenKind::kInteger: {
        node->kind = Expression::Kind::kInteger;
        ARROW_ASSIGN_OR_RAISE(node->integer, Integer());
        return node;
      }
      case TokenKind::kDuration: {
        node->kind = Expression::Kind::kDuration;
        ARROW_ASSIGN_OR_RAISE(node->integer, ParseInfluxDuration(token_.text));
        break;
      }
      case TokenKind::kKeyword:
        if (token_.text != "TRUE" && token_.text != "FALSE") return Unexpected("identifier, string, number, bool");
        node->kind = Expression::Kind::kBool;
        node->integer = token_.text == "TRUE" ? 1 : 0;
        break;
      default: return Unexpected("identifier, string, number, bool");
    }
    Advance();
    return node;
  }

  Result<ExpressionPtr> NameOrCall(ExpressionPtr node) {
    Advance();
    if (AcceptSymbol("(")) {
      node->kind = Expression::Kind::kCall;
      ARROW_RETURN_NOT_OK(ExpectSymbol(")"));
      return node;
    }
    // "host"::tag says what the name is, which the table knows too.
    if (AcceptSymbol("::")) {
      if (token_.kind != TokenKind::kIdentifier && token_.kind != TokenKind::kKeyword) return Unexpected("tag, field");
      Advance();
    }
    node->kind = Expression::Kind::kName;
    return node;
  }

  const std::string_view text_;
  Lexer lexer_;
  Token token_;
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

Result<std::vector<Statement>> ParseInfluxQl(std::string_view text) { return Parser(text).Statements(); }

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
