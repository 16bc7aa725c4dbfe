#include "server/encode/other_value.h"

#include <arrow/extension_type.h>
#include <arrow/scalar.h>
#include <arrow/util/base64.h>
#include <arrow/util/decimal.h>

#include <cmath>

#include "base/json_writer.h"
#include "server/encode/number_text.h"
#include "server/encode/time_text.h"

namespace gigapi {
namespace {

template <typename Write>
void AppendWritten(size_t bytes_max, std::string* out, Write write) {
  const size_t old_size = out->size();
  out->resize(old_size + bytes_max);
  out->resize(static_cast<size_t>(write(out->data() + old_size) - out->data()));
}

void AppendQuoted(size_t bytes_max, std::string* out, auto write) {
  *out += '"';
  AppendWritten(bytes_max, out, write);
  *out += '"';
}

void AppendFloating(double value, std::string* out) {
  if (!std::isfinite(value)) {
    *out += "null";
    return;
  }
  AppendWritten(kNumberBytesMax, out, [&](char* p) { return WriteDouble(value, p); });
}

int64_t UnitNanos(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND: return 1'000'000'000;
    case arrow::TimeUnit::MILLI: return 1'000'000;
    case arrow::TimeUnit::MICRO: return 1'000;
    case arrow::TimeUnit::NANO: return 1;
  }
  return 1;
}

void AppendTimestamp(int64_t value, arrow::TimeUnit::type unit, TimeFormat time_format, std::string* out) {
  if (unit == arrow::TimeUnit::NANO && time_format == TimeFormat::kEpochNanos) {
    return AppendQuoted(kNumberBytesMax, out, [&](char* p) { return WriteInt64(value, p); });
  }
  if (unit != arrow::TimeUnit::NANO && !InfinityText(value).empty()) return AppendJsonString(InfinityText(value), out);
  const int64_t per_second = 1'000'000'000 / UnitNanos(unit);
  const int64_t seconds = value / per_second - (value % per_second < 0 ? 1 : 0);
  const auto nanos = static_cast<uint32_t>((value - seconds * per_second) * UnitNanos(unit));
  AppendQuoted(kTimeBytesMax, out, [&](char* p) { return WriteRfc3339(seconds, nanos, p); });
}

/// As DuckDB prints it: "1 month 2 days 00:00:01.5".
std::string IntervalText(const arrow::MonthDayNanoIntervalType::MonthDayNanos& value) {
  std::string text;
  const auto add = [&text](int64_t count, std::string_view unit) {
    if (count == 0) return;
    if (!text.empty()) text += ' ';
    text += std::to_string(count).append(" ").append(unit).append(count == 1 || count == -1 ? "" : "s");
  };
  add(value.months / 12, "year");
  add(value.months % 12, "month");
  add(value.days, "day");
  if (value.nanoseconds != 0 || text.empty()) {
    if (!text.empty()) text += ' ';
    if (value.nanoseconds < 0) text += '-';
    const int64_t nanos = std::abs(value.nanoseconds);
    const int64_t hours = nanos / 3'600'000'000'000;
    if (hours > 99) text += std::to_string(hours / 100);  // the two digits below follow
    AppendWritten(kTimeBytesMax, &text,
                  [&](char* p) { return WriteTimeOfDay(nanos - hours / 100 * 100 * 3'600'000'000'000, p); });
  }
  return text;
}

void AppendList(const arrow::Array& values, int64_t begin, int64_t end, TimeFormat time_format, std::string* out) {
  *out += '[';
  for (int64_t i = begin; i < end; ++i) {
    if (i > begin) *out += ',';
    AppendJsonValue(values, i, time_format, out);
  }
  *out += ']';
}

void AppendStruct(const arrow::StructArray& array, int64_t row, TimeFormat time_format, std::string* out) {
  *out += '{';
  for (int i = 0; i < array.num_fields(); ++i) {
    if (i > 0) *out += ',';
    AppendJsonString(array.struct_type()->field(i)->name(), out);
    *out += ':';
    AppendJsonValue(*array.field(i), row, time_format, out);
  }
  *out += '}';
}

/// Keys become strings, whatever their type.
void AppendMap(const arrow::MapArray& array, int64_t row, TimeFormat time_format, std::string* out) {
  *out += '{';
  const int64_t begin = array.value_offset(row);
  for (int64_t i = begin; i < begin + array.value_length(row); ++i) {
    if (i > begin) *out += ',';
    std::string key;
    AppendJsonValue(*array.keys(), i, time_format, &key);
    if (key.starts_with('"')) *out += key;
    else AppendJsonString(key, out);
    *out += ':';
    AppendJsonValue(*array.items(), i, time_format, out);
  }
  *out += '}';
}

/// Whole numbers are as large as HUGEINT and go as strings, like 64-bit ones; others as numbers.
void AppendDecimal(std::string text, int32_t scale, std::string* out) {
  if (scale > 0) *out += text;
  else AppendJsonString(text, out);
}

template <typename ArrayType>
auto ValueAt(const arrow::Array& array, int64_t row) {
  return static_cast<const ArrayType&>(array).Value(row);
}

void AppendInteger(int64_t value, std::string* out) {
  AppendWritten(kNumberBytesMax, out, [&](char* p) { return WriteInt64(value, p); });
}

}  // namespace

void AppendJsonValue(const arrow::Array& array, int64_t row, TimeFormat time_format, std::string* out) {
  if (array.IsNull(row)) {
    *out += "null";
    return;
  }
  switch (array.type_id()) {
    case arrow::Type::BOOL: *out += ValueAt<arrow::BooleanArray>(array, row) ? "true" : "false"; return;
    case arrow::Type::INT8: return AppendInteger(ValueAt<arrow::Int8Array>(array, row), out);
    case arrow::Type::INT16: return AppendInteger(ValueAt<arrow::Int16Array>(array, row), out);
    case arrow::Type::INT32: return AppendInteger(ValueAt<arrow::Int32Array>(array, row), out);
    case arrow::Type::UINT8: return AppendInteger(ValueAt<arrow::UInt8Array>(array, row), out);
    case arrow::Type::UINT16: return AppendInteger(ValueAt<arrow::UInt16Array>(array, row), out);
    case arrow::Type::UINT32: return AppendInteger(ValueAt<arrow::UInt32Array>(array, row), out);
    case arrow::Type::INT64: return AppendJsonString(std::to_string(ValueAt<arrow::Int64Array>(array, row)), out);
    case arrow::Type::UINT64: return AppendJsonString(std::to_string(ValueAt<arrow::UInt64Array>(array, row)), out);
    case arrow::Type::FLOAT: {
      const float value = ValueAt<arrow::FloatArray>(array, row);
      if (!std::isfinite(value)) *out += "null";
      else AppendWritten(kNumberBytesMax, out, [&](char* p) { return WriteFloat(value, p); });
      return;
    }
    case arrow::Type::DOUBLE: return AppendFloating(ValueAt<arrow::DoubleArray>(array, row), out);
    case arrow::Type::STRING: return AppendJsonString(static_cast<const arrow::StringArray&>(array).GetView(row), out);
    case arrow::Type::LARGE_STRING:
      return AppendJsonString(static_cast<const arrow::LargeStringArray&>(array).GetView(row), out);
    case arrow::Type::STRING_VIEW:
      return AppendJsonString(static_cast<const arrow::StringViewArray&>(array).GetView(row), out);
    case arrow::Type::BINARY:
      return AppendJsonString(arrow::util::base64_encode(static_cast<const arrow::BinaryArray&>(array).GetView(row)), out);
    case arrow::Type::LARGE_BINARY:
      return AppendJsonString(arrow::util::base64_encode(static_cast<const arrow::LargeBinaryArray&>(array).GetView(row)),
                              out);
    case arrow::Type::BINARY_VIEW:
      return AppendJsonString(arrow::util::base64_encode(static_cast<const arrow::BinaryViewArray&>(array).GetView(row)),
                              out);
    case arrow::Type::FIXED_SIZE_BINARY:
      return AppendJsonString(
          arrow::util::base64_encode(static_cast<const arrow::FixedSizeBinaryArray&>(array).GetView(row)), out);
    case arrow::Type::TIMESTAMP:
      return AppendTimestamp(ValueAt<arrow::TimestampArray>(array, row),
                             static_cast<const arrow::TimestampType&>(*array.type()).unit(), time_format, out);
    case arrow::Type::DATE32: {
      const int32_t days = ValueAt<arrow::Date32Array>(array, row);
      if (!InfinityText(days).empty()) return AppendJsonString(InfinityText(days), out);
      return AppendQuoted(kTimeBytesMax, out, [&](char* p) { return WriteDate(days, p); });
    }
    case arrow::Type::TIME32: {
      const auto unit = static_cast<const arrow::Time32Type&>(*array.type()).unit();
      const int64_t nanos = ValueAt<arrow::Time32Array>(array, row) * UnitNanos(unit);
      return AppendQuoted(kTimeBytesMax, out, [&](char* p) { return WriteTimeOfDay(nanos, p); });
    }
    case arrow::Type::TIME64: {
      const auto unit = static_cast<const arrow::Time64Type&>(*array.type()).unit();
      const int64_t nanos = ValueAt<arrow::Time64Array>(array, row) * UnitNanos(unit);
      return AppendQuoted(kTimeBytesMax, out, [&](char* p) { return WriteTimeOfDay(nanos, p); });
    }
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return AppendJsonString(IntervalText(static_cast<const arrow::MonthDayNanoIntervalArray&>(array).GetValue(row)), out);
    case arrow::Type::DECIMAL128: {
      const auto& decimals = static_cast<const arrow::Decimal128Array&>(array);
      return AppendDecimal(decimals.FormatValue(row), static_cast<const arrow::Decimal128Type&>(*array.type()).scale(), out);
    }
    case arrow::Type::DECIMAL256: {
      const auto& decimals = static_cast<const arrow::Decimal256Array&>(array);
      return AppendDecimal(decimals.FormatValue(row), static_cast<const arrow::Decimal256Type&>(*array.type()).scale(), out);
    }
    case arrow::Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      return AppendList(*list.values(), list.value_offset(row), list.value_offset(row + 1), time_format, out);
    }
    case arrow::Type::LARGE_LIST: {
      const auto& list = static_cast<const arrow::LargeListArray&>(array);
      return AppendList(*list.values(), list.value_offset(row), list.value_offset(row + 1), time_format, out);
    }
    case arrow::Type::FIXED_SIZE_LIST: {
      const auto& list = static_cast<const arrow::FixedSizeListArray&>(array);
      return AppendList(*list.values(), list.value_offset(row), list.value_offset(row) + list.value_length(row), time_format,
                        out);
    }
    case arrow::Type::STRUCT: return AppendStruct(static_cast<const arrow::StructArray&>(array), row, time_format, out);
    case arrow::Type::MAP: return AppendMap(static_cast<const arrow::MapArray&>(array), row, time_format, out);
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
      return AppendJsonValue(*dictionary.dictionary(), dictionary.GetValueIndex(row), time_format, out);
    }
    case arrow::Type::SPARSE_UNION: {
      const auto& values = static_cast<const arrow::SparseUnionArray&>(array);
      return AppendJsonValue(*values.field(values.child_id(row)), row, time_format, out);
    }
    case arrow::Type::DENSE_UNION: {
      const auto& values = static_cast<const arrow::DenseUnionArray&>(array);
      return AppendJsonValue(*values.field(values.child_id(row)), values.value_offset(row), time_format, out);
    }
    case arrow::Type::EXTENSION:
      return AppendJsonValue(*static_cast<const arrow::ExtensionArray&>(array).storage(), row, time_format, out);
    default: {
      const auto scalar = array.GetScalar(row);
      return AppendJsonString(scalar.ok() ? (*scalar)->ToString() : std::string(), out);
    }
  }
}

}  // namespace gigapi
