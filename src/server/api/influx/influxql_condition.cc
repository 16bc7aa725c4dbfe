#include "server/api/influx/influxql_condition.h"

#include <fmt/format.h>

#include "server/http/http.h"
#include "server/sql_text.h"

namespace gigapi::influx {
namespace {

using Kind = Expression::Kind;

bool IsTime(const Expression& node) { return node.kind == Kind::kName && http::EqualsIgnoringCase(node.text, kTimeColumn); }

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
    if (IsTime(*node.left)) return TimeComparison(node.text, *node.right);
    ARROW_ASSIGN_OR_RAISE(const std::string left, Operand(*node.left));
    if (node.text == "=~" || node.text == "!~") {
      return fmt::format("{}regexp_matches(CAST({} AS VARCHAR), {})", node.text == "!~" ? "NOT " : "", left,
                         SqlText(node.right->text));
    }
    ARROW_ASSIGN_OR_RAISE(const std::string right, Operand(*node.right));
    return fmt::format("({} {} {})", left, node.text, right);
  }

 private:
  Result<std::string> TimeComparison(const std::string& op, const Expression& right) const {
    if (op.back() == '~') return Error(ErrorKind::kInvalidArgument, "time cannot be compared with a regular expression");
    if (right.kind == Kind::kString) return fmt::format("(\"time\" {} CAST({} AS TIMESTAMP))", op, SqlText(right.text));
    ARROW_ASSIGN_OR_RAISE(const int64_t nanos, Nanos(right));
    return fmt::format("(\"time\" {} {})", op, nanos);
  }

  /// now() - 1h, 1700000000s, 1700000000000000000
  Result<int64_t> Nanos(const Expression& node) const {
    if (node.kind == Kind::kInteger || node.kind == Kind::kDuration) return node.integer;
    if (node.kind == Kind::kCall && http::EqualsIgnoringCase(node.text, "now")) return now_ns_;
    if (node.kind == Kind::kBinary && (node.text == "+" || node.text == "-")) {
      ARROW_ASSIGN_OR_RAISE(const int64_t left, Nanos(*node.left));
      ARROW_ASSIGN_OR_RAISE(const int64_t right, Nanos(*node.right));
      int64_t sum = 0;
      const bool overflow =
          node.text == "+" ? __builtin_add_overflow(left, right, &sum) : __builtin_sub_overflow(left, right, &sum);
      if (!overflow) return sum;
    }
    return Error(ErrorKind::kInvalidArgument, "invalid operation: time and an expression that is no time");
  }

  Result<std::string> Operand(const Expression& node) const {
    switch (node.kind) {
      case Kind::kName: {
        const auto column = schema_.Find(node.text);
        if (!column) return std::string("''");
        const std::string name = SqlName(node.text);
        return schema_[*column].type == ColumnType::kTag ? fmt::format("coalesce({}, '')", name) : name;
      }
      case Kind::kString: return SqlText(node.text);
      case Kind::kNumber: return node.text;
      case Kind::kInteger: return std::to_string(node.integer);
      case Kind::kBool: return std::string(node.integer != 0 ? "true" : "false");
      default: return Error(ErrorKind::kInvalidArgument, "invalid condition expression");
    }
  }

  const TableSchema& schema_;
  const int64_t now_ns_;
};

}  // namespace

Result<std::string> ConditionToSql(const Expression& condition, const TableSchema& schema, int64_t now_ns) {
  return Translator(schema, now_ns).Condition(condition);
}

}  // namespace gigapi::influx
