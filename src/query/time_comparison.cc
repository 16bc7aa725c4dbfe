#include "query/time_comparison.h"

#include <duckdb/planner/expression/bound_operator_expression.hpp>

#include <limits>
#include <string_view>
#include <unordered_set>

#include "base/clock.h"
#include "model/schema.h"
#include "query/sql_tree.h"

namespace gigapi {
namespace {

using duckdb::ExpressionClass;
using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using duckdb::ParsedExpression;

constexpr const char* kFunctionName = "lake_time";

// ---- the rewrite

/// A column named time, or a function that passes such a column's values on.
bool IsTime(const ParsedExpression& expression) {
  if (expression.GetExpressionClass() == ExpressionClass::COLUMN_REF) {
    return FoldCase(expression.Cast<duckdb::ColumnRefExpression>().GetColumnName()) == kTimeColumn;
  }
  if (expression.GetExpressionClass() != ExpressionClass::FUNCTION) return false;
  static const std::unordered_set<std::string_view> passing = {"min", "max", "first", "last", "any_value", "date_bin"};
  const auto& function = expression.Cast<duckdb::FunctionExpression>();
  if (passing.count(FoldCase(function.function_name)) == 0 || function.filter) return false;
  for (const auto& child : function.children) {
    if (IsTime(*child)) return true;
  }
  return false;
}

/// Whether an instant is computed somewhere in it, as in now() - INTERVAL '1 hour'.
bool ComputesInstant(const ParsedExpression& expression) {
  static const std::unordered_set<std::string_view> instants = {
      "now", "current_timestamp", "get_current_timestamp", "transaction_timestamp", "to_timestamp", "epoch_ns"};
  if (expression.GetExpressionClass() == ExpressionClass::FUNCTION &&
      instants.count(FoldCase(expression.Cast<duckdb::FunctionExpression>().function_name)) != 0) {
    return true;
  }
  // Written without parentheses it is a name to the parser.
  if (expression.GetExpressionClass() == ExpressionClass::COLUMN_REF &&
      FoldCase(expression.Cast<duckdb::ColumnRefExpression>().GetColumnName()) == "current_timestamp") {
    return true;
  }
  bool found = false;
  duckdb::ParsedExpressionIterator::EnumerateChildren(
      expression, [&](const ParsedExpression& child) { found = found || ComputesInstant(child); });
  return found;
}

/// Whether `side` may be a time of the lake: by its name, or under another one when it is compared with an instant.
bool MayBeTime(const ParsedExpression& side, const ParsedExpression& other) {
  return IsTime(side) || (side.GetExpressionClass() == ExpressionClass::COLUMN_REF && ComputesInstant(other));
}

bool IsTextOrNull(const ParsedExpression& expression) {
  if (expression.GetExpressionClass() != ExpressionClass::CONSTANT) return false;
  const auto& value = expression.Cast<duckdb::ConstantExpression>().value;
  return value.IsNull() || value.type().id() == LogicalTypeId::VARCHAR;
}

/// A text of a time that nanoseconds cannot hold, such as '9999-12-31'.
bool IsTextOfFarTime(const ParsedExpression& text) {
  const auto& value = text.Cast<duckdb::ConstantExpression>().value;
  duckdb::Value time;
  std::string error;
  return !value.IsNull() && !value.DefaultTryCastAs(LogicalType::TIMESTAMP_NS, time, &error) &&
         value.DefaultTryCastAs(LogicalType::TIMESTAMP, time, &error);
}

void Wrap(const ParsedExpression& time, duckdb::unique_ptr<ParsedExpression>& other) {
  if (IsTime(*other)) return;
  const auto location = other->GetQueryLocation();
  if (IsTextOrNull(*other)) {
    if (!IsTextOfFarTime(*other)) return;
    other = duckdb::make_uniq<duckdb::CastExpression>(LogicalType::VARCHAR, std::move(other));
  }
  duckdb::vector<duckdb::unique_ptr<ParsedExpression>> arguments;
  arguments.push_back(time.Copy());
  arguments.push_back(std::move(other));
  other = duckdb::make_uniq<duckdb::FunctionExpression>(kFunctionName, std::move(arguments));
  other->SetQueryLocation(location);
}

void RewriteExpression(ParsedExpression& expression) {
  switch (expression.GetExpressionClass()) {
    case ExpressionClass::COMPARISON: {
      auto& comparison = expression.Cast<duckdb::ComparisonExpression>();
      if (MayBeTime(*comparison.left, *comparison.right)) {
        Wrap(*comparison.left, comparison.right);
      } else if (MayBeTime(*comparison.right, *comparison.left)) {
        Wrap(*comparison.right, comparison.left);
      }
      return;
    }
    case ExpressionClass::BETWEEN: {
      auto& between = expression.Cast<duckdb::BetweenExpression>();
      if (!MayBeTime(*between.input, *between.lower) && !MayBeTime(*between.input, *between.upper)) return;
      Wrap(*between.input, between.lower);
      Wrap(*between.input, between.upper);
      return;
    }
    case ExpressionClass::OPERATOR: {
      auto& in = expression.Cast<duckdb::OperatorExpression>();
      const auto type = in.GetExpressionType();
      if (type != duckdb::ExpressionType::COMPARE_IN && type != duckdb::ExpressionType::COMPARE_NOT_IN) return;
      if (in.children.empty() || !IsTime(*in.children[0])) return;
      for (size_t i = 1; i < in.children.size(); ++i) Wrap(*in.children[0], in.children[i]);
      return;
    }
    case ExpressionClass::FUNCTION: {
      // now() - max(time)
      static const std::unordered_set<std::string_view> differences = {"-",        "age",     "date_diff",
                                                                       "datediff", "datesub", "date_sub"};
      auto& function = expression.Cast<duckdb::FunctionExpression>();
      const size_t arguments = function.children.size();
      if (arguments < 2 || differences.count(FoldCase(function.function_name)) == 0) return;
      auto& left = function.children[arguments - 2];
      auto& right = function.children[arguments - 1];
      if (IsTime(*left) && ComputesInstant(*right)) Wrap(*left, right);
      else if (IsTime(*right) && ComputesInstant(*left)) Wrap(*right, left);
      return;
    }
    default: return;
  }
}

// ---- the function

/// Microseconds to nanoseconds. What lies beyond the range of nanoseconds (1677 to 2262) becomes its end: a comparison with
/// the year 9999 is as good as one with the last instant.
int64_t NanosOfMicros(int64_t micros) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  if (micros > kMax / kNanosPerMicro) return kMax;
  if (micros < -(kMax / kNanosPerMicro)) return -kMax;
  return micros * kNanosPerMicro;
}

void MicrosToTime(duckdb::DataChunk& input, duckdb::ExpressionState&, duckdb::Vector& result) {
  duckdb::UnaryExecutor::Execute<int64_t, int64_t>(input.data[0], result, input.size(), NanosOfMicros);
}

void NanosToTime(duckdb::DataChunk& input, duckdb::ExpressionState&, duckdb::Vector& result) {
  duckdb::UnaryExecutor::Execute<int64_t, int64_t>(input.data[0], result, input.size(), [](int64_t nanos) { return nanos; });
}

duckdb::unique_ptr<duckdb::Expression> Convert(duckdb::unique_ptr<duckdb::Expression> value,
                                               duckdb::scalar_function_t convert) {
  duckdb::ScalarFunction function(kFunctionName, {value->return_type}, LogicalType::TIMESTAMP_NS, std::move(convert));
  duckdb::vector<duckdb::unique_ptr<duckdb::Expression>> arguments;
  arguments.push_back(std::move(value));
  return duckdb::make_uniq<duckdb::BoundFunctionExpression>(LogicalType::TIMESTAMP_NS, std::move(function),
                                                            std::move(arguments), nullptr);
}

/// A text that nanoseconds cannot hold, such as '9999-12-31', becomes their end too.
duckdb::unique_ptr<duckdb::Expression> TimeOfText(duckdb::ClientContext& context,
                                                  duckdb::unique_ptr<duckdb::Expression> text) {
  using duckdb::BoundCastExpression;
  auto far = Convert(BoundCastExpression::AddCastToType(context, text->Copy(), LogicalType::TIMESTAMP), MicrosToTime);
  auto near = BoundCastExpression::AddCastToType(context, std::move(text), LogicalType::TIMESTAMP_NS, /*try_cast=*/true);
  auto time = duckdb::make_uniq<duckdb::BoundOperatorExpression>(duckdb::ExpressionType::OPERATOR_COALESCE,
                                                                 LogicalType::TIMESTAMP_NS);
  time->children.push_back(std::move(near));
  time->children.push_back(std::move(far));
  return time;
}

duckdb::unique_ptr<duckdb::Expression> BindLakeTime(duckdb::FunctionBindExpressionInput& input) {
  auto& value = input.children[1];
  if (input.children[0]->return_type.id() != LogicalTypeId::TIMESTAMP_NS) return std::move(value);
  const auto cast = [&](const LogicalType& type) {
    return duckdb::BoundCastExpression::AddCastToType(input.context, std::move(value), type);
  };
  switch (value->return_type.id()) {
    case LogicalTypeId::TIMESTAMP:
    case LogicalTypeId::TIMESTAMP_TZ: return Convert(std::move(value), MicrosToTime);
    case LogicalTypeId::TIMESTAMP_SEC:
    case LogicalTypeId::TIMESTAMP_MS:
    case LogicalTypeId::DATE: return Convert(cast(LogicalType::TIMESTAMP), MicrosToTime);
    case LogicalTypeId::BIGINT: return Convert(std::move(value), NanosToTime);
    case LogicalTypeId::VARCHAR: return TimeOfText(input.context, std::move(value));
    default:
      if (value->return_type.IsNumeric()) return Convert(cast(LogicalType::BIGINT), NanosToTime);
      return std::move(value);
  }
}

}  // namespace

void RewriteTimeComparisons(duckdb::QueryNode& node) {
  SqlTreeVisitor visitor;
  visitor.expression = [](duckdb::unique_ptr<ParsedExpression>& expression) { RewriteExpression(*expression); };
  VisitSqlTreeKeepingNames(node, visitor);
}

void RegisterTimeComparison(duckdb::ExtensionLoader* loader) {
  duckdb::ScalarFunction function(kFunctionName, {LogicalType::ANY, LogicalType::ANY}, LogicalType::ANY, nullptr);
  function.SetNullHandling(duckdb::FunctionNullHandling::SPECIAL_HANDLING);
  function.SetBindExpressionCallback(BindLakeTime);
  loader->RegisterFunction(std::move(function));
}

}  // namespace gigapi
