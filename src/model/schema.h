// What a table looks like: its columns, in the order in which they appeared. A schema is immutable; growing makes a new one.
//
// `time` is not among the columns: every table has it, as nanoseconds since the epoch, UTC. A column never changes its
// type. Names compare exactly, but two names of a table that differ only in case are refused, since SQL could not tell
// them apart.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"

namespace gigapi {

enum class ColumnKind : uint8_t {
  kTag = 1,
  kField = 2
};

/// The values are part of the WAL's format.
enum class ColumnType : uint8_t {
  kTag = 1,  // dictionary-encoded string
  kFloat64 = 2,
  kInt64 = 3,
  kUInt64 = 4,
  kBool = 5,
  kString = 6,
};

/// The name of a type as errors show it: "float", "integer", "unsigned", "boolean", "string", "tag".
std::string_view ToString(ColumnType type);

inline ColumnKind KindOf(ColumnType type) { return type == ColumnType::kTag ? ColumnKind::kTag : ColumnKind::kField; }

inline constexpr std::string_view kTimeColumn = "time";

struct ColumnSchema {
  std::string name;
  ColumnType type;
  bool operator==(const ColumnSchema&) const = default;
};

/// Whether values of type `from` can be stored in a column of type `to` without loss of meaning: equal, or integer to float.
inline bool Widens(ColumnType from, ColumnType to) {
  return from == to || (to == ColumnType::kFloat64 && (from == ColumnType::kInt64 || from == ColumnType::kUInt64));
}

class TableSchema {
 public:
  TableSchema() = default;
  explicit TableSchema(std::vector<ColumnSchema> columns);

  const std::vector<ColumnSchema>& columns() const { return columns_; }
  size_t size() const { return columns_.size(); }
  const ColumnSchema& operator[](size_t i) const { return columns_[i]; }

  /// The position of a column by its exact name.
  std::optional<size_t> Find(std::string_view name) const;
  /// The position of a column whose name equals when case is ignored.
  std::optional<size_t> FindIgnoringCase(std::string_view name) const;
  /// Positions of the tags in schema order: the sort key of files is these columns, NULL first, and then time.
  const std::vector<size_t>& tags() const { return tags_; }

  /// This schema with more columns at its end.
  std::shared_ptr<const TableSchema> With(const std::vector<ColumnSchema>& more) const;

 private:
  std::vector<ColumnSchema> columns_;
  std::vector<size_t> tags_;
  std::unordered_map<std::string, size_t> by_lower_name_;
};

using SchemaPtr = std::shared_ptr<const TableSchema>;

/// Where a parser learns what a table already looks like. Thread-safe.
class SchemaSource {
 public:
  virtual ~SchemaSource() = default;
  /// nullptr when there is no such table.
  virtual SchemaPtr FindSchema(std::string_view table) const = 0;
};

/// Folds ASCII letters to lower case: how SQL identifiers compare.
std::string FoldCase(std::string_view name);

}  // namespace gigapi
