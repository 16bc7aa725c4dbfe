#include "model/schema.h"

namespace gigapi {

std::string_view ToString(ColumnType type) {
  switch (type) {
    case ColumnType::kTag: return "tag";
    case ColumnType::kFloat64: return "float";
    case ColumnType::kInt64: return "integer";
    case ColumnType::kUInt64: return "unsigned";
    case ColumnType::kBool: return "boolean";
    case ColumnType::kString: return "string";
  }
  return "unknown";
}

std::string FoldCase(std::string_view name) {
  std::string folded(name);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

TableSchema::TableSchema(std::vector<ColumnSchema> columns) : columns_(std::move(columns)) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].type == ColumnType::kTag) tags_.push_back(i);
    by_lower_name_.emplace(FoldCase(columns_[i].name), i);
  }
}

std::optional<size_t> TableSchema::Find(std::string_view name) const {
  const auto found = FindIgnoringCase(name);
  if (!found || columns_[*found].name != name) return std::nullopt;
  return found;
}

std::optional<size_t> TableSchema::FindIgnoringCase(std::string_view name) const {
  const auto found = by_lower_name_.find(FoldCase(name));
  if (found == by_lower_name_.end()) return std::nullopt;
  return found->second;
}

SchemaPtr TableSchema::With(const std::vector<ColumnSchema>& more) const {
  std::vector<ColumnSchema> columns = columns_;
  columns.insert(columns.end(), more.begin(), more.end());
  return std::make_shared<const TableSchema>(std::move(columns));
}

}  // namespace gigapi
