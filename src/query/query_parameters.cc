#include "query/query_parameters.h"

#include <arrow/type.h>

namespace gigapi {
namespace {

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

Result<Value> ToValue(const arrow::Scalar& scalar) {
  if (!scalar.is_valid) return Value();
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
    case arrow::Type::LARGE_STRING: return Value(std::string(static_cast<const arrow::BaseBinaryScalar&>(scalar).view()));
    case arrow::Type::TIMESTAMP: return TimestampValue(scalar);
    default: return Errorf(ErrorKind::kInvalidArgument, "A parameter cannot be of type {}", scalar.type->ToString());
  }
}

}  // namespace

Result<BoundParameters> BindParameters(const std::vector<std::shared_ptr<arrow::Scalar>>& parameters) {
  BoundParameters bound;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i] == nullptr) {
      bound.emplace(std::to_string(i + 1), duckdb::BoundParameterData(Value()));
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(Value value, ToValue(*parameters[i]));
    bound.emplace(std::to_string(i + 1), duckdb::BoundParameterData(std::move(value)));
  }
  return bound;
}

}  // namespace gigapi
