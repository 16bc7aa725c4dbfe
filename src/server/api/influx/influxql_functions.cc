#include "server/api/influx/influxql_functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace gigapi::influx {
namespace {

struct Function {
  std::string_view name;
  FunctionKind kind;
  bool of_numbers;       // refuses texts and booleans
  std::string_view sql;  // {0}: the field; empty: made by code below
};

using enum FunctionKind;

constexpr Function kFunctions[] = {
    {"count", kAggregate, false, "count({0})"},
    {"mean", kAggregate, true, "avg({0})"},
    {"median", kAggregate, true, "median(CAST({0} AS DOUBLE))"},
    {"mode", kAggregate, false, "mode({0} ORDER BY \"time\")"},  // of equally frequent values the first
    {"spread", kAggregate, true, "max({0}) - min({0})"},
    {"stddev", kAggregate, true, "stddev_samp({0})"},
    {"sum", kAggregate, true, ""},
    {"distinct", kAggregate, false, ""},
    {"first", kSelector, false, "arg_min({0}, \"time\")"},
    {"last", kSelector, false, "arg_max({0}, \"time\")"},
    {"max", kSelector, true, "max({0})"},
    {"min", kSelector, true, "min({0})"},
    {"percentile", kSelector, true, ""},
    {"top", kRanking, true, ""},
    {"bottom", kRanking, true, ""},
    {"integral", kIntegral, true, ""},
    {"cumulative_sum", kTransform, true, ""},
    {"derivative", kTransform, true, ""},
    {"difference", kTransform, true, ""},
    {"elapsed", kTransform, false, ""},
    {"moving_average", kTransform, true, ""},
    {"non_negative_derivative", kTransform, true, ""},
    {"non_negative_difference", kTransform, true, ""},
};

struct Scalar {
  std::string_view name;
  size_t arguments;
  std::string_view sql;
};

/// Outside of a function's domain there is no value, not a failure. The list is for writing the argument, which may be long,
/// once. DuckDB's TRY does not help: what stands in two of them is computed once, outside of both.
constexpr Scalar kScalars[] = {
    {"abs", 1, "abs({0})"},
    {"acos", 1, "acos(list_filter([{0}], lambda e: abs(e) <= 1)[1])"},
    {"asin", 1, "asin(list_filter([{0}], lambda e: abs(e) <= 1)[1])"},
    {"atan", 1, "atan({0})"},
    {"atan2", 2, "atan2({0}, {1})"},
    {"ceil", 1, "ceil({0})"},
    {"cos", 1, "cos({0})"},
    {"exp", 1, "exp({0})"},
    {"floor", 1, "floor({0})"},
    {"ln", 1, "ln(list_filter([{0}], lambda e: e > 0)[1])"},
    {"log", 2, "ln(list_filter([{0}], lambda e: e > 0)[1]) / ln(list_filter([{1}], lambda e: e > 0)[1])"},
    {"log10", 1, "log10(list_filter([{0}], lambda e: e > 0)[1])"},
    {"log2", 1, "log2(list_filter([{0}], lambda e: e > 0)[1])"},
    {"pow", 2, "pow({0}, {1})"},
    {"round", 1, "round({0})"},
    {"sin", 1, "sin({0})"},
    {"sqrt", 1, "sqrt(list_filter([{0}], lambda e: e >= 0)[1])"},
    {"tan", 1, "tan({0})"},
};

template <typename Table>
auto Find(const Table& table, std::string_view name) -> decltype(std::begin(table)) {
  const auto found = std::find_if(std::begin(table), std::end(table), [&](const auto& f) { return f.name == name; });
  return found != std::end(table) ? found : nullptr;
}

bool IsNumber(ColumnType type) {
  return type == ColumnType::kFloat64 || type == ColumnType::kInt64 || type == ColumnType::kUInt64;
}

/// The value of rank floor(n * N / 100 + 0.5) of a sorted list: InfluxDB's percentile. There is none of rank 0.
std::string Ranked(const std::string& list, const FunctionInput& input) {
  return fmt::format("list_sort(list({0}) FILTER ({1} IS NOT NULL))[CAST(floor(count({1}) * {2} / 100.0 + 0.5) AS BIGINT)]",
                     list, input.sql, input.parameter);
}

}  // namespace

std::optional<FunctionKind> KindOfFunction(std::string_view name) {
  if (const Function* function = Find(kFunctions, name)) return function->kind;
  if (Find(kScalars, name) != nullptr) return kScalar;
  return std::nullopt;
}

Status CheckInput(std::string_view name, ColumnType type) {
  if (!Find(kFunctions, name)->of_numbers || IsNumber(type)) return Status::OK();
  return Errorf(ErrorKind::kInvalidArgument, "unsupported {} iterator type: {}", name, ToString(type));
}

Result<std::string> AggregateSql(std::string_view name, const FunctionInput& input) {
  const Function* const function = Find(kFunctions, name);
  if (input.type) ARROW_RETURN_NOT_OK(CheckInput(name, *input.type));
  if (name == "sum") {
    if (!input.type || *input.type == ColumnType::kFloat64) return fmt::format("sum({})", input.sql);
    return fmt::format("CAST(sum({}) AS {})", input.sql, *input.type == ColumnType::kUInt64 ? "UBIGINT" : "BIGINT");
  }
  if (name == "percentile") return Ranked(input.sql, input);
  if (name == "distinct") return input.sql;  // the plan groups by it
  return fmt::format(fmt::runtime(function->sql), input.sql);
}

std::string SelectedTimeSql(std::string_view selector, const FunctionInput& input) {
  if (selector == "first") return "min(\"time\")";
  if (selector == "last") return "max(\"time\")";
  return SelectedColumnSql(selector, input, "\"time\"");
}

std::string SelectedColumnSql(std::string_view selector, const FunctionInput& input, std::string_view column) {
  if (selector == "first") return fmt::format("arg_min_null({}, \"time\")", column);
  if (selector == "last") return fmt::format("arg_max_null({}, \"time\")", column);
  // Of equal values the earliest counts.
  if (selector == "max") {
    return fmt::format("arg_max_null({}, {{'v': {}, 't': -epoch_ns(\"time\")}})", column, input.sql);
  }
  if (selector == "min") return fmt::format("arg_min_null({}, {{'v': {}, 't': epoch_ns(\"time\")}})", column, input.sql);
  return fmt::format("({}).c", Ranked(fmt::format("{{'v': {}, 't': \"time\", 'c': {}}}", input.sql, column), input));
}

Result<std::string> ScalarSql(std::string_view name, const std::vector<std::string>& arguments) {
  const Scalar* const scalar = Find(kScalars, name);
  if (arguments.size() != scalar->arguments) {
    return Errorf(ErrorKind::kInvalidArgument, "invalid number of arguments for {}, expected {}, got {}", name,
                  scalar->arguments, arguments.size());
  }
  if (arguments.size() == 1) return fmt::format(fmt::runtime(scalar->sql), arguments[0]);
  return fmt::format(fmt::runtime(scalar->sql), arguments[0], arguments[1]);
}

}  // namespace gigapi::influx
