// The values of Arrow arrays, put into the columns of a table. Pure. One thread.
//
// Integers of up to 64 bits, floats and decimals, booleans, strings, dictionaries of strings (which are tags) and timestamps
// (nanoseconds as integers, where they are not the time) are known; members of a struct become columns with dotted names.
#pragma once

#include <arrow/array.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "ingest/parse_options.h"
#include "ingest/table_builder.h"

namespace gigapi {

/// What texts may take in the columns of one body: an array's may be few bytes that very many rows share.
class TextBudget {
 public:
  explicit TextBudget(size_t bytes_max) : left_(bytes_max) {}

  /// One column at a time grows, from Begin to End.
  void Begin(const ColumnBuilder& column) { end_ = column.text_bytes() + left_; }
  bool Holds(const ColumnBuilder& column) const { return column.text_bytes() <= end_; }
  void End(const ColumnBuilder& column) { left_ = end_ - std::min(end_, column.text_bytes()); }

 private:
  size_t left_;
  size_t end_ = 0;
};

/// Puts the array's values into rows `row`, `row` + 1, ... of the column `name`, which is made if need be and if there is a
/// value. kInvalidArgument with the column's name for a type that is not known, and for values that the column does not
/// take.
Status PutArrowColumn(const arrow::Array& array, const std::string& name, const ParseOptions& options, size_t row,
                      TableBuilder* table, TextBudget* texts);

/// The array's values as nanoseconds since the epoch: timestamps and dates, numbers and texts as in JSON; NULL is the time
/// of arrival.
Status ReadArrowTimes(const arrow::Array& array, const ParseOptions& options, PodVector<int64_t>* nanos);

}  // namespace gigapi
