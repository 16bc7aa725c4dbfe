#include "query/time_comparison.h"

#include <duckdb/planner/expression/bound_operator_expression.hpp>

#include <algorithm>
#include <cmath>
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

/// What a number that is no whole nanosecond, or none that times have, becomes: the comparison says which.
enum class Rounding {
  kDown,   // time <= 1.5 as time <= 1
  kUp,     // time < 1.5 as time < 2
  kExact,  // time = 1.5 as time = kNever
};

/// An instant that no row has: DuckDB has none before -kTimeMax.
constexpr int64_t kNever = std::numeric_limits<int64_t>::min();
constexpr int64_t kTimeMax = std::numeric_limits<int64_t>::max();

const char* FunctionOf(Rounding rounding) {
  switch (rounding) {
    case Rounding::kDown: return "lake_time";
    case Rounding::kUp: return "lake_time_up";
    case Rounding::kExact: return "lake_time_exact";
  }
  return "";
}

// ---- the rewrite

bool IsTime(const ParsedExpression& expression);

/// lag(time) OVER (...)
bool IsWindowOfTime(const duckdb::WindowExpression& window) {
  static const std::unordered_set<std::string_view> passing = {"min",         "max",        "lag",      "lead",
                                                               "first_value", "last_value", "nth_value"};
  return passing.count(FoldCase(window.function_name)) != 0 && !window.children.empty() && IsTime(*window.children[0]);
}

/// A column named time, or a function that passes such a column's values on.
bool IsTime(const ParsedExpression& expression) {
  if (expression.GetExpressionClass() == ExpressionClass::COLUMN_REF) {
    return FoldCase(expression.Cast<duckdb::ColumnRefExpression>().GetColumnName()) == kTimeColumn;
  }
  if (expression.GetExpressionClass() == ExpressionClass::WINDOW) {
    return IsWindowOfTime(expression.Cast<duckdb::WindowExpression>());
  }
  const auto is_time = [](const auto& child) { return IsTime(*child); };
  if (expression.GetExpressionType() == duckdb::ExpressionType::OPERATOR_COALESCE) {
    return std::ranges::any_of(expression.Cast<duckdb::OperatorExpression>().children, is_time);
  }
  if (expression.GetExpressionClass() != ExpressionClass::FUNCTION) return false;
  static const std::unordered_set<std::string_view> passing = {"min",       "max",      "first",    "last",
                                                               "any_value", "date_bin", "greatest", "least"};
  const auto& function = expression.Cast<duckdb::FunctionExpression>();
  if (passing.count(FoldCase(function.function_name)) == 0 || function.filter) return false;
  return std::ranges::any_of(function.children, is_time);
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

/// Whether `side` may be a time of the lake: by its name, or as whatever is compared with an instant.
bool MayBeTime(const ParsedExpression& side, const ParsedExpression& other) {
  if (IsTime(side)) return true;
  const auto kind = side.GetExpressionClass();
  return kind != ExpressionClass::CONSTANT && kind != ExpressionClass::PARAMETER && ComputesInstant(other) &&
         !ComputesInstant(side);
}

/// Of what stands at the right of such a comparison with a time.
Rounding RoundingOf(duckdb::ExpressionType comparison) {
  switch (comparison) {
    case duckdb::ExpressionType::COMPARE_LESSTHAN:
    case duckdb::ExpressionType::COMPARE_GREATERTHANOREQUALTO: return Rounding::kUp;
    case duckdb::ExpressionType::COMPARE_GREATERTHAN:
    case duckdb::ExpressionType::COMPARE_LESSTHANOREQUALTO: return Rounding::kDown;
    default: return Rounding::kExact;
  }
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

void Wrap(const ParsedExpression& time, duckdb::unique_ptr<ParsedExpression>& other, Rounding rounding) {
  if (IsTime(*other)) return;
  const auto location = other->GetQueryLocation();
  if (IsTextOrNull(*other)) {
    if (!IsTextOfFarTime(*other)) return;
    other = duckdb::make_uniq<duckdb::CastExpression>(LogicalType::VARCHAR, std::move(other));
  }
  duckdb::vector<duckdb::unique_ptr<ParsedExpression>> arguments;
  arguments.push_back(time.Copy());
  arguments.push_back(std::move(other));
  other = duckdb::make_uniq<duckdb::FunctionExpression>(FunctionOf(rounding), std::move(arguments));
  other->SetQueryLocation(location);
}

/// coalesce(max(time), now()): values of one type.
template <typename Expressions>
void WrapInstants(Expressions& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (!IsTime(*values[i])) continue;
    for (auto& other : values) {
      if (ComputesInstant(*other)) Wrap(*values[i], other, Rounding::kDown);
    }
    return;
  }
}

void RewriteExpression(ParsedExpression& expression) {
  switch (expression.GetExpressionClass()) {
    case ExpressionClass::COMPARISON: {
      auto& comparison = expression.Cast<duckdb::ComparisonExpression>();
      const auto type = comparison.GetExpressionType();
      if (MayBeTime(*comparison.left, *comparison.right)) {
        Wrap(*comparison.left, comparison.right, RoundingOf(type));
      } else if (MayBeTime(*comparison.right, *comparison.left)) {
        Wrap(*comparison.right, comparison.left, RoundingOf(duckdb::FlipComparisonExpression(type)));
      }
      return;
    }
    case ExpressionClass::BETWEEN: {
      auto& between = expression.Cast<duckdb::BetweenExpression>();
      if (ComputesInstant(*between.input)) {
        if (IsTime(*between.lower)) return Wrap(*between.lower, between.input, Rounding::kDown);
        if (IsTime(*between.upper)) return Wrap(*between.upper, between.input, Rounding::kDown);
      }
      if (!MayBeTime(*between.input, *between.lower) && !MayBeTime(*between.input, *between.upper)) return;
      Wrap(*between.input, between.lower, Rounding::kUp);
      Wrap(*between.input, between.upper, Rounding::kDown);
      return;
    }
    case ExpressionClass::OPERATOR: {
      auto& in = expression.Cast<duckdb::OperatorExpression>();
      const auto type = in.GetExpressionType();
      if (type == duckdb::ExpressionType::OPERATOR_COALESCE) return WrapInstants(in.children);
      if (type != duckdb::ExpressionType::COMPARE_IN && type != duckdb::ExpressionType::COMPARE_NOT_IN) return;
      if (in.children.empty() || !IsTime(*in.children[0])) return;
      for (size_t i = 1; i < in.children.size(); ++i) Wrap(*in.children[0], in.children[i], Rounding::kExact);
      return;
    }
    case ExpressionClass::FUNCTION: {
      // now() - max(time)
      static const std::unordered_set<std::string_view> differences = {"-",        "age",     "date_diff",
                                                                       "datediff", "datesub", "date_sub"};
      auto& function = expression.Cast<duckdb::FunctionExpression>();
      const std::string name = FoldCase(function.function_name);
      if (name == "greatest" || name == "least") return WrapInstants(function.children);
      const size_t arguments = function.children.size();
      if (arguments < 2 || differences.count(name) == 0) return;
      auto& left = function.children[arguments - 2];
      auto& right = function.children[arguments - 1];
      if (IsTime(*left) && ComputesInstant(*right)) Wrap(*left, right, Rounding::kDown);
      else if (IsTime(*right) && ComputesInstant(*left)) Wrap(*right, left, Rounding::kDown);
      return;
    }
    default: return;
  }
}

// ---- the function

/// Microseconds to nanoseconds. What lies beyond the range of nanoseconds (1677 to 2262) becomes its end: a comparison with
/// the year 9999 is as good as one with the last instant.
int64_t NanosOfMicros(int64_t micros) {
  if (micros > kTimeMax / kNanosPerMicro) return kTimeMax;
  if (micros < -(kTimeMax / kNanosPerMicro)) return -kTimeMax;
  return micros * kNanosPerMicro;
}

void MicrosToTime(duckdb::DataChunk& input, duckdb::ExpressionState&, duckdb::Vector& result) {
  duckdb::UnaryExecutor::Execute<int64_t, int64_t>(input.data[0], result, input.size(), NanosOfMicros);
}

void NanosToTime(duckdb::DataChunk& input, duckdb::ExpressionState&, duckdb::Vector& result) {
  duckdb::UnaryExecutor::Execute<int64_t, int64_t>(input.data[0], result, input.size(), [](int64_t nanos) { return nanos; });
}

int64_t NanosOfDouble(double value, Rounding rounding) {
  const double whole = rounding == Rounding::kUp ? std::ceil(value) : std::floor(value);
  const bool is_far = !(std::abs(whole) < 0x1p63);  // NaN too, which is larger than all to DuckDB
  if (rounding == Rounding::kExact && (is_far || whole != value)) return kNever;
  if (is_far) return value < 0 ? -kTimeMax : kTimeMax;
  return static_cast<int64_t>(whole);
}

/// `value` divided by `unit`.
int64_t NanosOfHugeint(duckdb::hugeint_t value, __int128 unit, Rounding rounding) {
  const __int128 number = (static_cast<__int128>(value.upper) << 64) | value.lower;
  const __int128 rest = number % unit;
  __int128 whole = number / unit;
  if (rounding == Rounding::kUp && rest > 0) ++whole;
  if (rounding != Rounding::kUp && rest < 0) --whole;
  const bool is_far = whole > kTimeMax || whole < -kTimeMax;
  if (rounding == Rounding::kExact && (is_far || rest != 0)) return kNever;
  if (is_far) return whole < 0 ? -kTimeMax : kTimeMax;
  return static_cast<int64_t>(whole);
}

duckdb::scalar_function_t FromDouble(Rounding rounding) {
  return [rounding](duckdb::DataChunk& input, duckdb::ExpressionState&, duckdb::Vector& result) {
    duckdb::UnaryExecutor::Execute<double, int64_t>(input.data[0], result, input.size(),
                                                    [&](double value) { return NanosOfDouble(value, rounding); });
  };
}

/// From whole numbers of 128 bits, of which `scale` digits are decimals.
duckdb::scalar_function_t FromHugeint(uint8_t scale, Rounding rounding) {
  __int128 unit = 1;
  for (int i = 0; i < scale; ++i) unit *= 10;
  return [unit, rounding](duckdb::DataChunk& input, duckdb::ExpressionState&, duckdb::Vector& result) {
    duckdb::UnaryExecutor::Execute<duckdb::hugeint_t, int64_t>(
        input.data[0], result, input.size(), [&](duckdb::hugeint_t value) { return NanosOfHugeint(value, unit, rounding); });
  };
}

/// The name tells apart what does: DuckDB computes functions of the same name and arguments once.
duckdb::unique_ptr<duckdb::Expression> Convert(duckdb::unique_ptr<duckdb::Expression> value,
                                               duckdb::scalar_function_t convert, Rounding rounding = Rounding::kDown) {
  duckdb::ScalarFunction function(FunctionOf(rounding), {value->return_type}, LogicalType::TIMESTAMP_NS, std::move(convert));
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

template <Rounding kRounding>
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
    case LogicalTypeId::FLOAT:
    case LogicalTypeId::DOUBLE: return Convert(cast(LogicalType::DOUBLE), FromDouble(kRounding), kRounding);
    case LogicalTypeId::DECIMAL: {
      const uint8_t scale = duckdb::DecimalType::GetScale(value->return_type);
      const auto wide = LogicalType::DECIMAL(38, scale);
      return Convert(cast(wide), FromHugeint(scale, kRounding), kRounding);
    }
    case LogicalTypeId::UBIGINT:
    case LogicalTypeId::HUGEINT:
    case LogicalTypeId::UHUGEINT: return Convert(cast(LogicalType::HUGEINT), FromHugeint(0, kRounding), kRounding);
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
  const auto add = [loader](Rounding rounding, duckdb::function_bind_expression_t bind) {
    duckdb::ScalarFunction function(FunctionOf(rounding), {LogicalType::ANY, LogicalType::ANY}, LogicalType::ANY, nullptr);
    function.SetNullHandling(duckdb::FunctionNullHandling::SPECIAL_HANDLING);
    function.SetBindExpressionCallback(bind);
    loader->RegisterFunction(std::move(function));
  };
  add(Rounding::kDown, BindLakeTime<Rounding::kDown>);
  add(Rounding::kUp, BindLakeTime<Rounding::kUp>);
  add(Rounding::kExact, BindLakeTime<Rounding::kExact>);
}

}  // namespace gigapi
