#include "server/api/flight_sql/flight_types.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/util/decimal.h>

namespace gigapi::flight {
namespace {

/// DuckDB's HUGEINT.
bool IsWideInteger(const arrow::DataType& type) {
  if (type.id() != arrow::Type::DECIMAL128) return false;
  const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
  return decimal.precision() == 38 && decimal.scale() == 0;
}

std::shared_ptr<arrow::DataType> FlightTypeOf(const std::shared_ptr<arrow::DataType>& type) {
  if (IsWideInteger(*type)) return arrow::int64();
  if (type->id() != arrow::Type::TIMESTAMP) return type;
  return arrow::timestamp(arrow::TimeUnit::NANO, static_cast<const arrow::TimestampType&>(*type).timezone());
}

int64_t NanosPerUnit(const arrow::DataType& type) {
  switch (static_cast<const arrow::TimestampType&>(type).unit()) {
    case arrow::TimeUnit::SECOND: return 1'000'000'000;
    case arrow::TimeUnit::MILLI: return 1'000'000;
    case arrow::TimeUnit::MICRO: return 1'000;
    case arrow::TimeUnit::NANO: break;
  }
  return 1;
}

/// A column of 64-bit values made from `array` by `convert(position, &value)`, which says whether the value fits.
template <typename Convert>
Result<std::shared_ptr<arrow::Array>> MakeWords(const arrow::Array& array, const std::shared_ptr<arrow::DataType>& type,
                                                const std::string& complaint, const Convert& convert) {
  const int64_t slots = array.offset() + array.length();
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values,
                        arrow::AllocateBuffer(slots * static_cast<int64_t>(sizeof(int64_t))));
  auto* words = reinterpret_cast<int64_t*>(values->mutable_data());
  std::fill_n(words, slots, 0);
  for (int64_t i = 0; i < array.length(); ++i) {
    if (array.IsNull(i)) continue;
    if (!convert(i, &words[array.offset() + i])) return Error(ErrorKind::kInvalidArgument, complaint);
  }
  return arrow::MakeArray(arrow::ArrayData::Make(type, array.length(), {array.data()->buffers[0], std::move(values)},
                                                 array.null_count(), array.offset()));
}

Result<std::shared_ptr<arrow::Array>> ToNanos(const arrow::Array& array, const std::shared_ptr<arrow::DataType>& type,
                                              const std::string& name) {
  const auto& times = static_cast<const arrow::TimestampArray&>(array);
  const int64_t factor = NanosPerUnit(*array.type());
  return MakeWords(array, type,
                   fmt::format("column '{}' has a time that does not fit into nanoseconds (1677 to 2262)", name),
                   [&](int64_t i, int64_t* out) { return !__builtin_mul_overflow(times.Value(i), factor, out); });
}

Result<std::shared_ptr<arrow::Array>> ToInt64(const arrow::Array& array, const std::shared_ptr<arrow::DataType>& type,
                                              const std::string& name) {
  const auto& decimals = static_cast<const arrow::Decimal128Array&>(array);
  return MakeWords(array, type,
                   fmt::format("column '{}' has an integer that does not fit into 64 bits; cast it to DOUBLE", name),
                   [&](int64_t i, int64_t* out) {
                     const arrow::Decimal128 value(decimals.GetValue(i));
                     *out = static_cast<int64_t>(value.low_bits());
                     return value.high_bits() == (*out < 0 ? -1 : 0);
                   });
}

}  // namespace

std::shared_ptr<arrow::Schema> FlightSchemaOf(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) fields.push_back(field->WithType(FlightTypeOf(field->type())));
  return arrow::schema(std::move(fields));
}

Result<std::shared_ptr<arrow::RecordBatch>> ToFlightBatch(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                          const std::shared_ptr<arrow::Schema>& schema) {
  arrow::ArrayVector columns = batch->columns();
  for (int i = 0; i < schema->num_fields(); ++i) {
    const auto& field = *schema->field(i);
    if (columns[i]->type()->Equals(*field.type())) continue;
    const bool is_time = field.type()->id() == arrow::Type::TIMESTAMP;
    ARROW_ASSIGN_OR_RAISE(columns[i], is_time ? ToNanos(*columns[i], field.type(), field.name())
                                              : ToInt64(*columns[i], field.type(), field.name()));
  }
  return arrow::RecordBatch::Make(schema, batch->num_rows(), std::move(columns));
}

}  // namespace gigapi::flight
