// What annotations and header say of the columns of one table of annotated CSV. Pure. One thread.
#pragma once

#include <string>
#include <string_view>
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

struct AnnotatedColumn {
  std::string name;
  AnnotatedRole role = AnnotatedRole::kIgnored;
  PointValueType type = PointValueType::kAny;
  std::string default_text;
};

class AnnotatedTable {
 public:
  /// A record that begins with '#'; those of a table come before its header. A reason when it cannot be used, else empty.
  std::string ReadAnnotation(const std::vector<CsvField>& fields);
  /// The header, which ends the annotations. A reason as before: an error's table has its message.
  std::string ReadHeader(const std::vector<CsvField>& fields);
  /// Annotations come: those of the table before are forgotten.
  void Restart() { *this = AnnotatedTable(); }

  const std::vector<AnnotatedColumn>& columns() const { return columns_; }
  /// Columns that are the same for all rows, their values as default_text.
  const std::vector<AnnotatedColumn>& constants() const { return constants_; }
  /// Whether it is a table of an error, whose first row says what happened.
  bool is_error() const { return is_error_; }

 private:
  std::string ReadConstant(const std::vector<CsvField>& fields);
  AnnotatedColumn ColumnOf(size_t position, const std::string& name) const;
  bool InGroup(size_t position) const { return position < groups_.size() && groups_[position] == "true"; }

  std::vector<std::string> datatypes_, groups_, defaults_;
  bool extended_ = false;  // #datatype says the roles
  bool is_error_ = false;
  std::vector<AnnotatedColumn> columns_;
  std::vector<AnnotatedColumn> constants_;
};

}  // namespace gigapi
