#include "ingest/arrow_column.h"

#include <arrow/array/array_decimal.h>
#include <arrow/array/array_dict.h>
#include <arrow/array/array_nested.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <cstring>
#include <type_traits>

#include "base/clock.h"
#include "ingest/row_options.h"
#include "ingest/time_parser.h"
#include "model/names.h"

namespace gigapi {
namespace {

Status Wrong(std::string_view column, std::string_view what) {
  return Errorf(ErrorKind::kInvalidArgument, "column '{}' {}", column, what);
}

int64_t NanosPerUnitOf(const arrow::DataType& type) {
  switch (static_cast<const arrow::TimestampType&>(type).unit()) {
    case arrow::TimeUnit::SECOND: return kNanosPerSecond;
    case arrow::TimeUnit::MILLI: return kNanosPerMilli;
    case arrow::TimeUnit::MICRO: return kNanosPerMicro;
    case arrow::TimeUnit::NANO: break;
  }
  return 1;
}

/// One array on its way into one column.
class ArrowColumnWriter {
 public:
  ArrowColumnWriter(const std::string& name, const ParseOptions& options, size_t row, TableBuilder* table, TextBudget* texts)
      : name_(name), strings_(StringsOf(options, name)), row_(row), table_(table), texts_(texts) {}

  template <typename ArrayType>
  Status PutIntegers(const ArrayType& array) {
    using Value = typename ArrayType::value_type;
    ARROW_RETURN_NOT_OK(Find(std::is_same_v<Value, uint64_t> ? ColumnType::kUInt64 : ColumnType::kInt64));
    if (array.null_count() == 0 && sizeof(Value) == 8 &&
        column_->type() == (std::is_signed_v<Value> ? ColumnType::kInt64 : ColumnType::kUInt64)) {
      PutWords(array.raw_values(), array.length());
      return Status::OK();
    }
    return ForEach(array, [&](int64_t i) {
      const Value value = array.Value(i);
      return PutInteger(At(i), static_cast<uint64_t>(static_cast<int64_t>(value)), std::is_signed_v<Value> && value < 0,
                        column_);
    });
  }

  template <typename ArrayType>
  Status PutFloats(const ArrayType& array) {
    ARROW_RETURN_NOT_OK(Find(ColumnType::kFloat64));
    if constexpr (std::is_same_v<ArrayType, arrow::DoubleArray>) {
      if (array.null_count() == 0 && column_->type() == ColumnType::kFloat64) {
        PutWords(array.raw_values(), array.length());
        return Status::OK();
      }
    }
    return ForEach(array, [&](int64_t i) { return PutFloat(At(i), static_cast<double>(array.Value(i)), column_); });
  }

  template <typename ArrayType, typename Scalar>
  Status PutDecimals(const ArrayType& array) {
    ARROW_RETURN_NOT_OK(Find(ColumnType::kFloat64));
    const int32_t scale = static_cast<const arrow::DecimalType&>(*array.type()).scale();
    return ForEach(array, [&](int64_t i) { return PutFloat(At(i), Scalar(array.GetValue(i)).ToDouble(scale), column_); });
  }

  Status PutTimestamps(const arrow::TimestampArray& array) {
    ARROW_RETURN_NOT_OK(Find(ColumnType::kInt64));
    const int64_t unit = NanosPerUnitOf(*array.type());
    return ForEach(array, [&](int64_t i) {
      int64_t nanos = 0;
      if (__builtin_mul_overflow(array.Value(i), unit, &nanos)) return false;
      return PutInteger(At(i), static_cast<uint64_t>(nanos), nanos < 0, column_);
    });
  }

  Status PutBools(const arrow::BooleanArray& array) {
    ARROW_RETURN_NOT_OK(Find(ColumnType::kBool));
    return ForEach(array, [&](int64_t i) {
      if (column_->type() != ColumnType::kBool) return false;
      column_->PutBool(At(i), array.Value(i));
      return true;
    });
  }

  template <typename ArrayType>
  Status PutStrings(const ArrayType& array) {
    ARROW_RETURN_NOT_OK(Find(strings_ == StringsAs::kField ? ColumnType::kString : ColumnType::kTag));
    texts_->Begin(*column_);
    const Status put = ForEach(array, [&](int64_t i) { return PutOneText(At(i), array.GetView(i), strings_); });
    ARROW_RETURN_NOT_OK(text_failure_);
    ARROW_RETURN_NOT_OK(put);
    DecideStrings(static_cast<size_t>(array.length()), strings_, column_);
    texts_->End(*column_);
    return Status::OK();
  }

  /// The codes of the dictionary are found once, not for every row.
  template <typename ArrayType>
  Status PutDictionary(const arrow::DictionaryArray& array, const ArrayType& dictionary) {
    ARROW_RETURN_NOT_OK(Find(ColumnType::kTag));
    PodVector<uint32_t> codes;
    codes.Resize(static_cast<size_t>(dictionary.length()), UINT32_MAX);
    texts_->Begin(*column_);
    const Status put = ForEach(array, [&](int64_t i) {
      const int64_t index = array.GetValueIndex(i);
      if (dictionary.IsNull(index)) return true;
      uint32_t& code = codes[static_cast<size_t>(index)];
      if (code != UINT32_MAX && column_->type() == ColumnType::kTag) {
        column_->PutCode(At(i), code);
        return true;
      }
      const std::string_view text = dictionary.GetView(index);
      if (column_->type() == ColumnType::kTag) code = column_->Intern(text);
      return PutOneText(At(i), text, StringsAs::kTag);
    });
    ARROW_RETURN_NOT_OK(text_failure_);
    texts_->End(*column_);
    return put;
  }

 private:
  size_t At(int64_t i) const { return row_ + static_cast<size_t>(i); }

  /// What fits into a column that there is decides a value, not the type that a new column would get.
  Status Find(ColumnType type) {
    std::string reason;
    column_ = table_->FindOrAdd(name_, table_->TypeOf(name_).value_or(type), &reason);
    type_ = type;
    return column_ != nullptr ? Status::OK() : Error(ErrorKind::kInvalidArgument, std::move(reason));
  }

  bool PutOneText(size_t row, std::string_view text, StringsAs strings) {
    if (!IsUtf8(text)) text_failure_ = Wrong(name_, "has a value that is not UTF-8");
    else if (!PutText(row, text, strings, column_)) return false;
    else if (!texts_->Holds(*column_))
      text_failure_ = Wrong(name_, "has more text than a request may have; send it in parts");
    return text_failure_.ok();
  }

  void PutWords(const void* values, int64_t count) {
    const auto rows = static_cast<size_t>(count);
    std::memcpy(column_->RoomForWords(row_, rows), values, rows * sizeof(uint64_t));
    column_->Added(rows);
  }

  template <typename Put>
  Status ForEach(const arrow::Array& array, const Put& put) {
    for (int64_t i = 0; i < array.length(); ++i) {
      if (array.IsNull(i) || put(i)) continue;
      std::string reason;
      if (table_->FindOrAdd(name_, type_, &reason) == nullptr) return Error(ErrorKind::kInvalidArgument, std::move(reason));
      return Wrong(name_, fmt::format("is {}: the value in row {} does not fit", ToString(column_->type()), i + 1));
    }
    return Status::OK();
  }

  const std::string& name_;
  const StringsAs strings_;
  const size_t row_;
  TableBuilder* const table_;
  TextBudget* const texts_;
  ColumnBuilder* column_ = nullptr;
  ColumnType type_ = ColumnType::kFloat64;
  Status text_failure_;
};

Status PutDictionaryArray(const arrow::DictionaryArray& array, const std::string& name, ArrowColumnWriter* out) {
  const arrow::Array& dictionary = *array.dictionary();
  switch (dictionary.type_id()) {
    case arrow::Type::STRING: return out->PutDictionary(array, static_cast<const arrow::StringArray&>(dictionary));
    case arrow::Type::LARGE_STRING:
      return out->PutDictionary(array, static_cast<const arrow::LargeStringArray&>(dictionary));
    case arrow::Type::STRING_VIEW: return out->PutDictionary(array, static_cast<const arrow::StringViewArray&>(dictionary));
    default: return Wrong(name, fmt::format("has the type {}, which is not known here", array.type()->ToString()));
  }
}

Status PutStruct(const arrow::StructArray& array, const std::string& name, const ParseOptions& options, size_t row,
                 TableBuilder* table, TextBudget* texts) {
  ARROW_ASSIGN_OR_RAISE(const arrow::ArrayVector members, array.Flatten());
  for (int i = 0; i < array.num_fields(); ++i) {
    const std::string member = fmt::format("{}.{}", name, array.type()->field(i)->name());
    ARROW_RETURN_NOT_OK(PutArrowColumn(*members[static_cast<size_t>(i)], member, options, row, table, texts));
  }
  return Status::OK();
}

}  // namespace

Status PutArrowColumn(const arrow::Array& array, const std::string& name, const ParseOptions& options, size_t row,
                      TableBuilder* table, TextBudget* texts) {
  if (array.type_id() == arrow::Type::STRUCT) {
    return PutStruct(static_cast<const arrow::StructArray&>(array), name, options, row, table, texts);
  }
  if (array.null_count() == array.length() && !table->TypeOf(name)) return Status::OK();
  ArrowColumnWriter out(name, options, row, table, texts);
  switch (array.type_id()) {
    case arrow::Type::INT8: return out.PutIntegers(static_cast<const arrow::Int8Array&>(array));
    case arrow::Type::INT16: return out.PutIntegers(static_cast<const arrow::Int16Array&>(array));
    case arrow::Type::INT32: return out.PutIntegers(static_cast<const arrow::Int32Array&>(array));
    case arrow::Type::INT64: return out.PutIntegers(static_cast<const arrow::Int64Array&>(array));
    case arrow::Type::UINT8: return out.PutIntegers(static_cast<const arrow::UInt8Array&>(array));
    case arrow::Type::UINT16: return out.PutIntegers(static_cast<const arrow::UInt16Array&>(array));
    case arrow::Type::UINT32: return out.PutIntegers(static_cast<const arrow::UInt32Array&>(array));
    case arrow::Type::UINT64: return out.PutIntegers(static_cast<const arrow::UInt64Array&>(array));
    case arrow::Type::FLOAT: return out.PutFloats(static_cast<const arrow::FloatArray&>(array));
    case arrow::Type::DOUBLE: return out.PutFloats(static_cast<const arrow::DoubleArray&>(array));
    case arrow::Type::DECIMAL128:
      return out.PutDecimals<arrow::Decimal128Array, arrow::Decimal128>(static_cast<const arrow::Decimal128Array&>(array));
    case arrow::Type::BOOL: return out.PutBools(static_cast<const arrow::BooleanArray&>(array));
    case arrow::Type::TIMESTAMP: return out.PutTimestamps(static_cast<const arrow::TimestampArray&>(array));
    case arrow::Type::STRING: return out.PutStrings(static_cast<const arrow::StringArray&>(array));
    case arrow::Type::LARGE_STRING: return out.PutStrings(static_cast<const arrow::LargeStringArray&>(array));
    case arrow::Type::STRING_VIEW: return out.PutStrings(static_cast<const arrow::StringViewArray&>(array));
    case arrow::Type::DICTIONARY: return PutDictionaryArray(static_cast<const arrow::DictionaryArray&>(array), name, &out);
    case arrow::Type::NA: return Status::OK();
    default: return Wrong(name, fmt::format("has the type {}, which is not known here", array.type()->ToString()));
  }
}

namespace {

/// The time of row i, which is not NULL.
bool ReadTime(const arrow::Array& array, int64_t i, const ParseOptions& options, int64_t* nanos) {
  const Precision precision = options.number_precision;
  switch (array.type_id()) {
    case arrow::Type::TIMESTAMP:
      return !__builtin_mul_overflow(static_cast<const arrow::TimestampArray&>(array).Value(i),
                                     NanosPerUnitOf(*array.type()), nanos);
    case arrow::Type::DATE32:
      return !__builtin_mul_overflow(int64_t{static_cast<const arrow::Date32Array&>(array).Value(i)}, 24 * kNanosPerHour,
                                     nanos);
    case arrow::Type::DATE64:
      return !__builtin_mul_overflow(static_cast<const arrow::Date64Array&>(array).Value(i), kNanosPerMilli, nanos);
    case arrow::Type::INT64: return ScaleTimestamp(precision, static_cast<const arrow::Int64Array&>(array).Value(i), nanos);
    case arrow::Type::INT32: return ScaleTimestamp(precision, static_cast<const arrow::Int32Array&>(array).Value(i), nanos);
    case arrow::Type::UINT32:
      return ScaleTimestamp(precision, static_cast<const arrow::UInt32Array&>(array).Value(i), nanos);
    case arrow::Type::UINT64: {
      const uint64_t value = static_cast<const arrow::UInt64Array&>(array).Value(i);
      return value <= static_cast<uint64_t>(INT64_MAX) && ScaleTimestamp(precision, static_cast<int64_t>(value), nanos);
    }
    case arrow::Type::DOUBLE:
      return ParseTimeNumber(static_cast<const arrow::DoubleArray&>(array).Value(i), precision, nanos);
    case arrow::Type::STRING: return ParseTime(static_cast<const arrow::StringArray&>(array).GetView(i), precision, nanos);
    case arrow::Type::LARGE_STRING:
      return ParseTime(static_cast<const arrow::LargeStringArray&>(array).GetView(i), precision, nanos);
    case arrow::Type::STRING_VIEW:
      return ParseTime(static_cast<const arrow::StringViewArray&>(array).GetView(i), precision, nanos);
    default: return false;
  }
}

}  // namespace

Status ReadArrowTimes(const arrow::Array& array, const ParseOptions& options, PodVector<int64_t>* nanos) {
  const auto rows = static_cast<size_t>(array.length());
  nanos->Clear();  // of the batch before
  nanos->Resize(rows, options.now_ns);
  for (size_t row = 0; row < rows; ++row) {
    const auto i = static_cast<int64_t>(row);
    if (array.IsNull(i) || ReadTime(array, i, options, nanos->data() + row)) continue;
    return Errorf(ErrorKind::kInvalidArgument, "row {} has no time that can be used: its type is {}", row + 1,
                  array.type()->ToString());
  }
  return Status::OK();
}

}  // namespace gigapi
