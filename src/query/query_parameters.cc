#include "query/query_parameters.h"

#include <arrow/scalar.h>
#include <arrow/type.h>

#include "query/sql_tree.h"

namespace gigapi {
namespace {

using duckdb::LogicalType;
using duckdb::Value;

template <typename ScalarType>
auto ValueOf(const arrow::Scalar& scalar) {
  return static_cast<const ScalarType&>(scalar).value;
}

Value TimestampValue(const arrow::Scalar& scalar) {
  const auto& type = static_cast<const arrow::TimestampType&>(*scalar.type);
  const int64_t ticks = ValueOf<arrow::TimestampScalar>(scalar);
  switch (type.unit()) {
    case arrow::TimeUnit::SECOND: return Value::TIMESTAMPSEC(duckdb::timestamp_sec_t(ticks));
    case arrow::TimeUnit::MILLI: return Value::TIMESTAMPMS(duckdb::timestamp_ms_t(ticks));
    case arrow::TimeUnit::NANO: return Value::TIMESTAMPNS(duckdb::timestamp_ns_t(ticks));
    case arrow::TimeUnit::MICRO: break;
  }
  if (type.timezone().empty()) return Value::TIMESTAMP(duckdb::timestamp_t(ticks));
  return Value::TIMESTAMPTZ(duckdb::timestamp_tz_t(ticks));
}

constexpr int64_t kMillisPerDay = 86'400'000;
constexpr int32_t kDecimalDigitsMax = 38;  // DuckDB's

/// A count of the unit in microseconds; what is finer is cut off. May throw.
int64_t Micros(int64_t count, arrow::TimeUnit::type unit) {
  if (unit == arrow::TimeUnit::NANO) return count / 1'000;
  const int64_t factor = unit == arrow::TimeUnit::SECOND ? 1'000'000 : unit == arrow::TimeUnit::MILLI ? 1'000 : 1;
  int64_t micros = 0;
  if (__builtin_mul_overflow(count, factor, &micros)) throw duckdb::OutOfRangeException("A parameter is out of range");
  return micros;
}

template <typename TimeType>
arrow::TimeUnit::type UnitOf(const arrow::Scalar& scalar) {
  return static_cast<const TimeType&>(*scalar.type).unit();
}

Value IntervalValue(const arrow::MonthDayNanoIntervalType::MonthDayNanos& value) {
  return Value::INTERVAL(value.months, value.days, value.nanoseconds / 1000);
}

/// May throw.
Value DecimalValue(const arrow::Scalar& scalar) {
  const auto& type = static_cast<const arrow::DecimalType&>(*scalar.type);
  return Value(scalar.ToString())
      .DefaultCastAs(LogicalType::DECIMAL(static_cast<uint8_t>(type.precision()), static_cast<uint8_t>(type.scale())));
}

bool IsDecimalOfDuckDb(const arrow::DataType& type) {
  if (!arrow::is_decimal(type.id())) return false;
  const auto& decimal = static_cast<const arrow::DecimalType&>(type);
  return decimal.precision() <= kDecimalDigitsMax && decimal.scale() >= 0 && decimal.scale() <= decimal.precision();
}

Result<Value> ToValue(const arrow::Scalar& scalar) {
  if (!scalar.is_valid) return Value();
  if (IsDecimalOfDuckDb(*scalar.type)) return DecimalValue(scalar);
  switch (scalar.type->id()) {
    case arrow::Type::BOOL: return Value::BOOLEAN(ValueOf<arrow::BooleanScalar>(scalar));
    case arrow::Type::INT8: return Value::TINYINT(ValueOf<arrow::Int8Scalar>(scalar));
    case arrow::Type::INT16: return Value::SMALLINT(ValueOf<arrow::Int16Scalar>(scalar));
    case arrow::Type::INT32: return Value::INTEGER(ValueOf<arrow::Int32Scalar>(scalar));
    case arrow::Type::INT64: return Value::BIGINT(ValueOf<arrow::Int64Scalar>(scalar));
    case arrow::Type::UINT8: return Value::UTINYINT(ValueOf<arrow::UInt8Scalar>(scalar));
    case arrow::Type::UINT16: return Value::USMALLINT(ValueOf<arrow::UInt16Scalar>(scalar));
    case arrow::Type::UINT32: return Value::UINTEGER(ValueOf<arrow::UInt32Scalar>(scalar));
    case arrow::Type::UINT64: return Value::UBIGINT(ValueOf<arrow::UInt64Scalar>(scalar));
    case arrow::Type::FLOAT: return Value::FLOAT(ValueOf<arrow::FloatScalar>(scalar));
    case arrow::Type::DOUBLE: return Value::DOUBLE(ValueOf<arrow::DoubleScalar>(scalar));
    case arrow::Type::STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::LARGE_STRING: return Value(std::string(static_cast<const arrow::BaseBinaryScalar&>(scalar).view()));
    case arrow::Type::BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY:
    case arrow::Type::LARGE_BINARY:
      return Value::BLOB_RAW(std::string(static_cast<const arrow::BaseBinaryScalar&>(scalar).view()));
    case arrow::Type::DATE32: return Value::DATE(duckdb::date_t(ValueOf<arrow::Date32Scalar>(scalar)));
    case arrow::Type::DATE64:
      return Value::DATE(duckdb::date_t(static_cast<int32_t>(ValueOf<arrow::Date64Scalar>(scalar) / kMillisPerDay)));
    case arrow::Type::TIME32:
      return Value::TIME(duckdb::dtime_t(Micros(ValueOf<arrow::Time32Scalar>(scalar), UnitOf<arrow::Time32Type>(scalar))));
    case arrow::Type::TIME64:
      return Value::TIME(duckdb::dtime_t(Micros(ValueOf<arrow::Time64Scalar>(scalar), UnitOf<arrow::Time64Type>(scalar))));
    case arrow::Type::DURATION:
      return Value::INTERVAL(0, 0, Micros(ValueOf<arrow::DurationScalar>(scalar), UnitOf<arrow::DurationType>(scalar)));
    case arrow::Type::INTERVAL_MONTH_DAY_NANO: return IntervalValue(ValueOf<arrow::MonthDayNanoIntervalScalar>(scalar));
    case arrow::Type::TIMESTAMP: return TimestampValue(scalar);
    default: return Errorf(ErrorKind::kInvalidArgument, "A parameter cannot be of type {}", scalar.type->ToString());
  }
}

Status Bind(const std::string& name, const arrow::Scalar* parameter, BoundParameters* bound) {
  Value value;
  if (parameter != nullptr) {
    ARROW_ASSIGN_OR_RAISE(value, ToValue(*parameter));
  }
  bound->emplace(name, duckdb::BoundParameterData(std::move(value)));
  return Status::OK();
}

}  // namespace

Result<BoundParameters> BindParameters(const QueryRequest& request) {
  BoundParameters bound;
  for (size_t i = 0; i < request.parameters.size(); ++i) {
    ARROW_RETURN_NOT_OK(Bind(std::to_string(i + 1), request.parameters[i].get(), &bound));
  }
  for (const auto& [name, value] : request.named_parameters) ARROW_RETURN_NOT_OK(Bind(name, value.get(), &bound));
  return bound;
}

void ReplaceParameters(duckdb::QueryNode& node, const BoundParameters& values) {
  SqlTreeVisitor visitor;
  visitor.expression = [&](duckdb::unique_ptr<duckdb::ParsedExpression>& expression) {
    if (expression->GetExpressionClass() != duckdb::ExpressionClass::PARAMETER) return;
    const auto found = values.find(expression->Cast<duckdb::ParameterExpression>().identifier);
    if (found == values.end()) return;
    auto constant = duckdb::make_uniq<duckdb::ConstantExpression>(found->second.GetValue());
    constant->SetAlias(expression->GetAlias());
    expression = std::move(constant);
  };
  VisitSqlTree(node, visitor);
}

}  // namespace gigapi
