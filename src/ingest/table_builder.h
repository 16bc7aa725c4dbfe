// Columns under construction: rows go in value by value, a refused row is taken back, a ColumnBatch comes out.
// Used by every parser that meets rows one at a time. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ingest/string_interner.h"
#include "model/column_batch.h"
#include "model/schema.h"

namespace gigapi {

/// What became of the wish to give a column's numbers another type.
enum class TypeChange {
  kDone,
  kValueWouldChange,
  kTooOften
};

/// One column. Put* sets the value of row `row`, which is the row after the last one or that one again; rows that were
/// left out before it become NULL.
class ColumnBuilder {
 public:
  /// `is_new`: the table does not have the column yet, so its type may still change.
  ColumnBuilder(std::string name, ColumnType type, bool is_new) : is_new_(is_new) {
    column_.name = std::move(name);
    column_.type = type;
  }

  const std::string& name() const { return column_.name; }
  ColumnType type() const { return column_.type; }
  bool is_new() const { return is_new_; }

  void PutFloat(size_t row, double value) {
    uint64_t word;
    __builtin_memcpy(&word, &value, sizeof(word));
    PutWord(row, word);
  }
  /// The 64 bits of a kInt64, kUInt64 or kFloat64 value.
  void PutWord(size_t row, uint64_t word) {
    if (column_.words.size() != row) [[unlikely]]
      PrepareRow(row, column_.words.size());
    column_.words.PushBack(word);
    if (!column_.valid.empty()) column_.valid.PushBack(1);
  }
  void PutBool(size_t row, bool value) {
    if (column_.bools.size() != row) [[unlikely]]
      PrepareRow(row, column_.bools.size());
    column_.bools.PushBack(value ? 1 : 0);
    if (!column_.valid.empty()) column_.valid.PushBack(1);
  }
  void PutString(size_t row, std::string_view value) {
    if (column_.strings.size() != row) [[unlikely]]
      PrepareRow(row, column_.strings.size());
    column_.strings.Append(value);
    if (!column_.valid.empty()) column_.valid.PushBack(1);
  }
  /// A tag's value by its code.
  void PutCode(size_t row, uint32_t code) {
    if (column_.codes.size() != row) [[unlikely]]
      PrepareRow(row, column_.codes.size());
    column_.codes.PushBack(code);
    if (!column_.valid.empty()) column_.valid.PushBack(1);
  }
  /// The code of a tag's value.
  uint32_t Intern(std::string_view value) { return interner_.Intern(value, &column_.strings); }

  /// Many values at once: room for `rows` values from row `row` on, at most; what is written there becomes part of the
  /// column by Added.
  uint64_t* RoomForWords(size_t row, size_t rows) {
    if (column_.words.size() != row) [[unlikely]]
      PrepareRow(row, column_.words.size());
    return RoomIn(&column_.words, rows);
  }
  uint8_t* RoomForBools(size_t row, size_t rows) {
    if (column_.bools.size() != row) [[unlikely]]
      PrepareRow(row, column_.bools.size());
    return RoomIn(&column_.bools, rows);
  }
  uint32_t* RoomForCodes(size_t row, size_t rows) {
    if (column_.codes.size() != row) [[unlikely]]
      PrepareRow(row, column_.codes.size());
    return RoomIn(&column_.codes, rows);
  }
  void Added(size_t rows);
  /// Of a tag column.
  const StringColumn& dictionary() const { return column_.strings; }
  /// Of the texts of a tag or string column.
  size_t text_bytes() const { return column_.strings.bytes().size(); }

  /// Other types for the values that are there already. Only of a column that is_new().
  /// Numbers change when all stay the same, and only a few times: rows that are refused must not make them change for ever.
  TypeChange IntegersToFloats();
  /// To kInt64 or kUInt64, for a value of `row`, when there is nothing but integers, and no row has said the field twice:
  /// once the table has the type, what it said first may refuse that row.
  TypeChange FloatsToIntegers(size_t row, ColumnType type);
  void TagsToStrings();
  /// Somebody has said what type it is to have: it does not change from now on.
  void FixType() { is_new_ = false; }

  bool HasRow(size_t row) const { return size() > row; }
  size_t size() const;
  /// Forgets the values from row `rows` on.
  void Truncate(size_t rows);
  void Reserve(size_t rows);
  /// The column with exactly `rows` values, NULL where none was put. The builder is empty afterwards.
  Column Finish(size_t rows);

 private:
  template <typename T>
  static T* RoomIn(PodVector<T>* values, size_t rows) {
    const size_t size = values->size();
    if (size + rows > values->capacity()) values->Reserve(std::max(size + rows, size + size / 2));
    return values->data() + size;
  }
  template <typename Convert>
  TypeChange ChangeWords(ColumnType type, const Convert& convert);
  void PrepareRow(size_t row, size_t filled);
  void FillNulls(size_t from, size_t to);

  Column column_;
  bool is_new_;
  int type_changes_ = 0;       // of numbers, with those that came to nothing
  bool has_replaced_ = false;  // a value of the row under construction by another one
  size_t unchangeable_ = 0;    // the position of a value that did not let the type change
  StringInterner interner_;
};

class TableBuilder {
 public:
  /// `known` is what the table looks like already; nullptr for a new table.
  TableBuilder(std::string table, SchemaPtr known, size_t columns_max);

  const std::string& table() const { return table_; }
  /// Rows accepted so far: the position of the row under construction.
  size_t rows() const { return time_.size(); }

  size_t columns() const { return columns_.size(); }
  template <typename Visit>
  void ForEachColumn(const Visit& visit) {
    for (const auto& column : columns_) visit(column.get());
  }

  /// The type of the column of that name, here or in the table; nothing when it is new.
  std::optional<ColumnType> TypeOf(std::string_view name) const;

  /// The column for values of a type, made when it is new. nullptr when the values cannot go there, with the reason.
  ColumnBuilder* FindOrAdd(std::string_view name, ColumnType type, std::string* reason);

  void CommitRows(const int64_t* times, size_t rows) {
    time_.Append(times, rows);
    columns_committed_ = columns_.size();
    touched_.clear();
  }
  void CommitRow(int64_t time) {
    time_.PushBack(time);
    columns_committed_ = columns_.size();
    touched_.clear();
  }
  /// Says that the row under construction may have a value in the column. FindOrAdd says so itself.
  void Touch(ColumnBuilder* column) { touched_.push_back(column); }
  /// Takes back the columns of the row under construction, and its values in the columns that it has touched: a short row
  /// that is refused must not cost what a wide table has of columns.
  void RollBackRow();
  void Reserve(size_t rows);

  /// The accepted rows; the builder is empty afterwards.
  ColumnBatch Finish();

 private:
  ColumnBuilder* Add(std::string_view name, ColumnType type, std::string* reason);

  std::string table_;
  SchemaPtr known_;
  size_t columns_max_;
  size_t columns_new_ = 0;
  PodVector<int64_t> time_;
  std::vector<std::unique_ptr<ColumnBuilder>> columns_;
  std::unordered_map<std::string, ColumnBuilder*> by_lower_name_;
  size_t columns_committed_ = 0;
  std::vector<ColumnBuilder*> touched_;  // since the last row; those of columns that are gone are too
  size_t reserved_rows_ = 0;
};

}  // namespace gigapi
