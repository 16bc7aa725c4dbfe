// How values that carry no column type of their own (MessagePack, JSON, CSV, Arrow) go into columns: the rules that those
// formats share. Pure. One thread.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ingest/table_builder.h"

namespace gigapi {

/// What a new column of strings becomes.
enum class StringsAs {
  kTag,
  kField,
  /// A tag, unless the values look like text rather than like names: one that is long, or very many that differ.
  kByValues,
};

/// Values longer than this make a new column a string field, where nobody says what it is.
inline constexpr size_t kTagValueBytesMax = 128;
/// So do more distinct values than this, when they are more than half of the rows.
inline constexpr size_t kTagValuesMax = 10'000;

/// Up to here all integers are floats too.
inline constexpr uint64_t kExactIntegerMax = uint64_t{1} << 53;

/// Into a new column of floats: when all of them are integers so far it holds integers from now on, as it would if this one
/// had come first. One that has had a fraction takes the nearest float.
inline bool PutLargeInteger(size_t row, uint64_t bits, bool negative, ColumnBuilder* column) {
  const bool is_unsigned = !negative && bits > static_cast<uint64_t>(INT64_MAX);
  switch (column->FloatsToIntegers(row, is_unsigned ? ColumnType::kUInt64 : ColumnType::kInt64)) {
    case TypeChange::kDone: column->PutWord(row, bits); return true;
    case TypeChange::kTooOften: return false;
    case TypeChange::kValueWouldChange: break;
  }
  column->PutFloat(row, negative ? static_cast<double>(static_cast<int64_t>(bits)) : static_cast<double>(bits));
  return true;
}

/// Puts an integer (two's complement when negative) into a number column. False when it does not fit the type, which a new
/// column changes to float rather than refuse a number, unless that would alter integers that it has.
inline bool PutInteger(size_t row, uint64_t bits, bool negative, ColumnBuilder* column) {
  const double value = negative ? static_cast<double>(static_cast<int64_t>(bits)) : static_cast<double>(bits);
  switch (column->type()) {
    case ColumnType::kFloat64:
      if ((negative ? -bits : bits) > kExactIntegerMax && column->is_new())
        return PutLargeInteger(row, bits, negative, column);
      column->PutFloat(row, value);
      return true;
    case ColumnType::kInt64:
      if (!negative && bits > static_cast<uint64_t>(INT64_MAX)) break;
      column->PutWord(row, bits);
      return true;
    case ColumnType::kUInt64:
      if (negative) break;
      column->PutWord(row, bits);
      return true;
    default: return false;
  }
  if (!column->is_new() || column->IntegersToFloats() != TypeChange::kDone) return false;
  column->PutFloat(row, value);
  return true;
}

/// The same for a float. An integer column of the table takes one without a fraction.
inline bool PutFloat(size_t row, double value, ColumnBuilder* column) {
  switch (column->type()) {
    case ColumnType::kFloat64: column->PutFloat(row, value); return true;
    case ColumnType::kInt64:
    case ColumnType::kUInt64: break;
    default: return false;
  }
  if (column->is_new() && column->IntegersToFloats() == TypeChange::kDone) {
    column->PutFloat(row, value);
    return true;
  }
  const bool is_unsigned = column->type() == ColumnType::kUInt64;
  const bool in_range = is_unsigned ? value >= 0 && value < 0x1p64 : value >= -0x1p63 && value < 0x1p63;
  if (!in_range || std::trunc(value) != value) return false;
  column->PutWord(row, is_unsigned ? static_cast<uint64_t>(value) : static_cast<uint64_t>(static_cast<int64_t>(value)));
  return true;
}

/// Whether a tag column can still become a string field: nobody has said that it is a tag.
inline bool MayBecomeStrings(StringsAs strings, const ColumnBuilder& column) {
  return strings == StringsAs::kByValues && column.is_new() && column.type() == ColumnType::kTag;
}

/// Puts text, which is UTF-8, into a tag or string column; false for another column.
inline bool PutText(size_t row, std::string_view text, StringsAs strings, ColumnBuilder* column) {
  if (text.size() > kTagValueBytesMax && MayBecomeStrings(strings, *column)) column->TagsToStrings();
  if (column->type() == ColumnType::kTag) column->PutCode(row, column->Intern(text));
  else if (column->type() == ColumnType::kString) column->PutString(row, text);
  else return false;
  return true;
}

/// Makes a string field of a tag column that has very many values for its rows. Called when all rows are in.
inline void DecideStrings(size_t rows, StringsAs strings, ColumnBuilder* column) {
  if (!MayBecomeStrings(strings, *column)) return;
  const size_t values = column->dictionary().size();
  if (values > kTagValuesMax && values > rows / 2) column->TagsToStrings();
}

}  // namespace gigapi
