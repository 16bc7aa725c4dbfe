#include "server/api/influx/influxql_condition.h"

#include <fmt/format.h>

#include <optional>

#include "server/api/influx/influxql_time.h"
#include "server/sql_text.h"

namespace gigapi::influx {
namespace {

using Kind = Expression::Kind;

class Translator {
 public:
  Translator(const TableSchema& schema, int64_t now_ns) : schema_(schema), now_ns_(now_ns) {}

  Result<std::string> Condition(const Expression& node) const {
    if (node.kind == Kind::kBool) return std::string(node.integer != 0 ? "true" : "false");
    if (node.kind != Kind::kBinary) return Error(ErrorKind::kInvalidArgument, "invalid condition expression");
    if (node.text == "AND" || node.text == "OR") {
      ARROW_ASSIGN_OR_RAISE(const std::string left, Condition(*node.left));
      ARROW_ASSIGN_OR_RAISE(const std::string right, Condition(*node.right));
      return fmt::format("({} {} {})", left, node.text, right);
    }
    if (IsTime(*node.left) || IsTime(*node.right)) return TimeComparison(node);
    if (node.text == "=~" || node.text == "!~") return Match(node);
    return Comparison(node);
  }

 private:
  Result<std::string> TimeComparison(const Expression& node) const {
    if (node.text.back() == '~') {
      return Error(ErrorKind::kInvalidArgument, "time cannot be compared with a regular expression");
    }
    const bool left = IsTime(*node.left);
    ARROW_ASSIGN_OR_RAISE(const int64_t nanos, EvaluateNanos(left ? *node.right : *node.left, now_ns_));
    return left ? fmt::format("(\"time\" {} {})", node.text, nanos) : fmt::format("({} {} \"time\")", nanos, node.text);
  }

  Result<std::string> Match(const Expression& node) const {
    ARROW_ASSIGN_OR_RAISE(const std::string left, Operand(*node.left));
    return fmt::format("{}regexp_matches(CAST({} AS VARCHAR), {})", node.text == "!~" ? "NOT " : "", left,
                       SqlText(node.right->text));
  }

  Result<std::string> Comparison(const Expression& node) const {
    if (IsText(*node.left) != IsText(*node.right) && !IsUnknown(*node.left) && !IsUnknown(*node.right)) {
      return std::string("false");  // as in InfluxDB a text equals no number, and nothing fails
    }
    // A tag that equals a text is there: said without coalesce, files can be skipped by it.
    const bool bare =
        node.text == "=" && node.right->kind == Kind::kString && !node.right->text.empty() && IsTag(*node.left);
    // A name that the table lacks is a tag without a value beside a text, and nothing at all beside a number.
    const bool with_text = IsText(*node.left) || IsText(*node.right);
    if (!with_text && (IsUnknown(*node.left) || IsUnknown(*node.right))) return std::string("false");
    ARROW_ASSIGN_OR_RAISE(const std::string left,
                          bare ? Result<std::string>(SqlName(node.left->text)) : Operand(*node.left));
    ARROW_ASSIGN_OR_RAISE(const std::string right, Operand(*node.right));
    return fmt::format("({} {} {})", left, node.text, right);
  }

  std::optional<ColumnType> TypeOf(const Expression& node) const {
    if (node.kind != Kind::kName) return std::nullopt;
    const auto column = schema_.Find(node.text);
    return column ? std::optional(schema_[*column].type) : std::nullopt;
  }
  bool IsTag(const Expression& node) const { return TypeOf(node) == ColumnType::kTag; }
  bool IsUnknown(const Expression& node) const { return node.kind == Kind::kName && !TypeOf(node); }
  bool IsText(const Expression& node) const {
    return node.kind == Kind::kString || IsTag(node) || TypeOf(node) == ColumnType::kString;
  }

  Result<std::string> Operand(const Expression& node) const {
    switch (node.kind) {
      case Kind::kName: {
        if (IsUnknown(node)) return std::string("''");
        return IsTag(node) ? fmt::format("coalesce({}, '')", SqlName(node.text)) : SqlName(node.text);
      }
      case Kind::kString: return SqlText(node.text);
      case Kind::kNumber: return node.text;
      case Kind::kInteger: return std::to_string(node.integer);
      case Kind::kBool: return std::string(node.integer != 0 ? "true" : "false");
      case Kind::kBinary:
        if (std::string_view("+-*/%").find(node.text) != std::string_view::npos) return Arithmetic(node);
        [[fallthrough]];
      default: return Error(ErrorKind::kInvalidArgument, "invalid condition expression");
    }
  }

  Result<std::string> Arithmetic(const Expression& node) const {
    if (IsText(*node.left) || IsText(*node.right)) {
      return Error(ErrorKind::kInvalidArgument, "invalid condition expression: arithmetic with text");
    }
    ARROW_ASSIGN_OR_RAISE(const std::string left, IsUnknown(*node.left) ? Result<std::string>("NULL") : Operand(*node.left));
    ARROW_ASSIGN_OR_RAISE(const std::string right,
                          IsUnknown(*node.right) ? Result<std::string>("NULL") : Operand(*node.right));
    return fmt::format("({} {} {})", left, node.text, right);
  }

  const TableSchema& schema_;
  const int64_t now_ns_;
};

}  // namespace

Result<std::string> ConditionToSql(const Expression& condition, const TableSchema& schema, int64_t now_ns) {
  return Translator(schema, now_ns).Condition(condition);
}

}  // namespace gigapi::influx
