#include "server/api/influx/influxql_expression_parser.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "server/api/influx/influxql_parser.h"

namespace gigapi::influx {
namespace {

/// Deeper expressions are nobody's, and recursion has to end somewhere.
constexpr int kDepthMax = 200;

ExpressionPtr Binary(std::string op, ExpressionPtr left, ExpressionPtr right) {
  auto node = std::make_unique<Expression>();
  node->kind = Expression::Kind::kBinary;
  node->text = std::move(op);
  node->left = std::move(left);
  node->right = std::move(right);
  return node;
}

ExpressionPtr MinusOne() {
  auto node = std::make_unique<Expression>();
  node->kind = Expression::Kind::kInteger;
  node->text = "-1";
  node->integer = -1;
  return node;
}

/// By falling precedence: OR, AND, comparison, + - | ^, * / % &.
class ExpressionParser {
 public:
  explicit ExpressionParser(TokenReader* in) : in_(*in) {}

  // A chain of operators makes a tree that leans to the left; its length counts as depth, since whoever walks it recurses.
  Result<ExpressionPtr> Disjunction(int depth) {
    ARROW_ASSIGN_OR_RAISE(ExpressionPtr left, Conjunction(depth));
    while (in_.Accept("OR")) {
      if (++depth > kDepthMax) return TooDeep();
      ARROW_ASSIGN_OR_RAISE(ExpressionPtr right, Conjunction(depth));
      left = Binary("OR", std::move(left), std::move(right));
    }
    return left;
  }

  Result<ExpressionPtr> Sum(int depth) {
    ARROW_ASSIGN_OR_RAISE(ExpressionPtr left, Product(depth));
    while (AtOneOf("+-|^")) {
      if (++depth > kDepthMax) return TooDeep();
      std::string op = in_.token().text;
      in_.Advance();
      ARROW_ASSIGN_OR_RAISE(ExpressionPtr right, Product(depth));
      left = Binary(std::move(op), std::move(left), std::move(right));
    }
    return left;
  }

 private:
  bool AtOneOf(std::string_view symbols) const {
    const Token& token = in_.token();
    return token.kind == TokenKind::kSymbol && token.text.size() == 1 && symbols.find(token.text[0]) != symbols.npos;
  }
  static Status TooDeep() { return Error(ErrorKind::kInvalidArgument, "the condition is nested too deeply"); }

  Result<ExpressionPtr> Conjunction(int depth) {
    ARROW_ASSIGN_OR_RAISE(ExpressionPtr left, Comparison(depth));
    while (in_.Accept("AND")) {
      if (++depth > kDepthMax) return TooDeep();
      ARROW_ASSIGN_OR_RAISE(ExpressionPtr right, Comparison(depth));
      left = Binary("AND", std::move(left), std::move(right));
    }
    return left;
  }

  Result<ExpressionPtr> Comparison(int depth) {
    ARROW_ASSIGN_OR_RAISE(ExpressionPtr left, Sum(depth));
    if (in_.token().kind != TokenKind::kSymbol) return left;
    for (const std::string_view op : {"=", "!=", "<>", "<", "<=", ">", ">=", "=~", "!~"}) {
      if (in_.token().text != op) continue;
      const bool regex = op.back() == '~';
      in_.Advance(regex);
      if (regex && in_.token().kind != TokenKind::kRegex) return in_.Unexpected("regex");
      ARROW_ASSIGN_OR_RAISE(ExpressionPtr right, Sum(depth));
      return Binary(op == "<>" ? "!=" : std::string(op), std::move(left), std::move(right));
    }
    return left;
  }

  Result<ExpressionPtr> Product(int depth) {
    ARROW_ASSIGN_OR_RAISE(ExpressionPtr left, Operand(depth));
    while (AtOneOf("*/%&")) {
      if (++depth > kDepthMax) return TooDeep();
      std::string op = in_.token().text;
      in_.Advance();
      ARROW_ASSIGN_OR_RAISE(ExpressionPtr right, Operand(depth));
      left = Binary(std::move(op), std::move(left), std::move(right));
    }
    return left;
  }

  Result<ExpressionPtr> Operand(int depth) {
    if (depth > kDepthMax) return TooDeep();
    if (in_.AcceptSymbol("(")) {
      ARROW_ASSIGN_OR_RAISE(ExpressionPtr inner, Disjunction(depth + 1));
      ARROW_RETURN_NOT_OK(in_.ExpectSymbol(")"));
      return inner;
    }
    if (in_.AcceptSymbol("+")) return Operand(depth + 1);
    if (in_.AcceptSymbol("-")) return Negated(depth + 1);
    if (in_.At("*")) return Wildcard();
    auto node = std::make_unique<Expression>();
    node->text = in_.token().text;
    switch (in_.token().kind) {
      case TokenKind::kString: node->kind = Expression::Kind::kString; break;
      case TokenKind::kRegex: node->kind = Expression::Kind::kRegex; break;
      case TokenKind::kNumber: node->kind = Expression::Kind::kNumber; break;
      case TokenKind::kIdentifier: return NameOrCall(std::move(node), depth);
      case TokenKind::kInteger: {
        node->kind = Expression::Kind::kInteger;
        ARROW_ASSIGN_OR_RAISE(node->integer, in_.Integer());
        return node;
      }
      case TokenKind::kDuration: {
        node->kind = Expression::Kind::kDuration;
        ARROW_ASSIGN_OR_RAISE(node->integer, ParseInfluxDuration(in_.token().text));
        break;
      }
      case TokenKind::kKeyword:
        // DISTINCT is a function too, with parentheses or without.
        if (in_.Accept("DISTINCT")) return Distinct(std::move(node), depth);
        if (node->text != "TRUE" && node->text != "FALSE") return in_.Unexpected("identifier, string, number, bool");
        node->kind = Expression::Kind::kBool;
        node->integer = node->text == "TRUE" ? 1 : 0;
        break;
      default: return in_.Unexpected("identifier, string, number, bool");
    }
    in_.Advance();
    return node;
  }

  /// A number's sign is part of it; anything else is multiplied.
  Result<ExpressionPtr> Negated(int depth) {
    ARROW_ASSIGN_OR_RAISE(ExpressionPtr node, Operand(depth));
    switch (node->kind) {
      case Expression::Kind::kInteger:
      case Expression::Kind::kDuration:
      case Expression::Kind::kNumber:
        node->integer = -node->integer;
        node->text = node->text.starts_with('-') ? node->text.substr(1) : "-" + node->text;
        return node;
      default: return Binary("*", MinusOne(), std::move(node));
    }
  }

  Result<ExpressionPtr> Wildcard() {
    auto node = std::make_unique<Expression>();
    node->kind = Expression::Kind::kWildcard;
    in_.Advance();
    if (in_.AcceptSymbol("::")) {
      ARROW_ASSIGN_OR_RAISE(node->text, ColumnKindName());
    }
    return node;
  }

  Result<std::string> ColumnKindName() {
    const Token& token = in_.token();
    if (token.kind != TokenKind::kIdentifier && token.kind != TokenKind::kKeyword) return in_.Unexpected("tag, field");
    std::string name = token.text;
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    in_.Advance();
    return name;
  }

  Result<ExpressionPtr> Distinct(ExpressionPtr node, int depth) {
    node->kind = Expression::Kind::kCall;
    node->text = "distinct";
    const bool parentheses = in_.AcceptSymbol("(");
    ARROW_ASSIGN_OR_RAISE(ExpressionPtr argument, Operand(depth + 1));
    node->arguments.push_back(std::move(argument));
    if (parentheses) ARROW_RETURN_NOT_OK(in_.ExpectSymbol(")"));
    return node;
  }

  Result<ExpressionPtr> NameOrCall(ExpressionPtr node, int depth) {
    in_.Advance();
    if (in_.At("(")) return Call(std::move(node), depth);
    // "host"::tag says what the name is, which the table knows too.
    if (in_.AcceptSymbol("::")) ARROW_RETURN_NOT_OK(ColumnKindName().status());
    node->kind = Expression::Kind::kName;
    return node;
  }

  Result<ExpressionPtr> Call(ExpressionPtr node, int depth) {
    if (depth > kDepthMax) return TooDeep();
    node->kind = Expression::Kind::kCall;
    std::transform(node->text.begin(), node->text.end(), node->text.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    in_.Advance(/*regex_allowed=*/true);
    while (!in_.At(")")) {
      ARROW_ASSIGN_OR_RAISE(ExpressionPtr argument, Sum(depth + 1));
      node->arguments.push_back(std::move(argument));
      if (!in_.At(",")) break;
      in_.Advance(/*regex_allowed=*/true);
    }
    ARROW_RETURN_NOT_OK(in_.ExpectSymbol(")"));
    return node;
  }

  TokenReader& in_;
};

}  // namespace

Result<int64_t> TokenReader::Integer() {
  int64_t value = 0;
  const char* const end = token_.text.data() + token_.text.size();
  if (token_.kind != TokenKind::kInteger || std::from_chars(token_.text.data(), end, value).ec != std::errc()) {
    return Unexpected("integer");
  }
  Advance();
  return value;
}

Result<ExpressionPtr> ParseCondition(TokenReader* in) { return ExpressionParser(in).Disjunction(0); }
Result<ExpressionPtr> ParseSum(TokenReader* in) { return ExpressionParser(in).Sum(0); }

}  // namespace gigapi::influx
