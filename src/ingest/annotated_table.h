// What annotations and header say of the columns of one table of annotated CSV. Pure. One thread.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/csv_reader.h"
#include "ingest/point_rows.h"

namespace gigapi {

enum class AnnotatedRole {
  kIgnored,
  kMeasurement,
  kTime,
  kFieldName,   // _field
  kFieldValue,  // _value
  kTag,
  kField,
};

/// Its texts last as long as the AnnotatedTable, and as the texts that its header was read from.
struct AnnotatedColumn {
  std::string_view name;
  AnnotatedRole role = AnnotatedRole::kIgnored;
  PointValueType type = PointValueType::kAny;
  std::string_view default_text;
};

class AnnotatedTable {
 public:
  /// A record that begins with '#'; those of a table come before its header. A reason when it cannot be used, else empty.
  std::string ReadAnnotation(const std::vector<CsvField>& fields);
  /// The header, which ends the annotations. A reason as before: an error's table has its message.
  std::string ReadHeader(const std::vector<CsvField>& fields);
  /// Annotations come: those of the table before are forgotten.
  void Restart() {
    std::deque<std::string> texts = std::move(texts_);  // rows of the tables before refer to them
    *this = AnnotatedTable();
    texts_ = std::move(texts);
  }

  const std::vector<AnnotatedColumn>& columns() const { return columns_; }
  /// Columns that are the same for all rows, their values as default_text.
  const std::vector<AnnotatedColumn>& constants() const { return constants_; }
  /// Whether it is a table of an error, whose first row says what happened.
  bool is_error() const { return is_error_; }

 private:
  std::string ReadConstant(const std::vector<CsvField>& fields);
  AnnotatedColumn ColumnOf(size_t position, std::string_view name) const;
  bool InGroup(size_t position) const { return position < groups_.size() && groups_[position] == "true"; }

  std::string_view Keep(std::string_view text) { return text.empty() ? text : texts_.emplace_back(text); }

  std::deque<std::string> texts_;
  std::vector<std::string> datatypes_, groups_;
  std::vector<std::string_view> defaults_;
  bool extended_ = false;  // #datatype says the roles
  bool is_error_ = false;
  std::vector<AnnotatedColumn> columns_;
  std::vector<AnnotatedColumn> constants_;
};

}  // namespace gigapi
