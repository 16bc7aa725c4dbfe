#include "ingest/annotated_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace gigapi {
namespace {

constexpr std::string_view kRoleNames[] = {"measurement", "tag", "field", "time", "ignored", "ignore"};

/// "double", "dateTime:RFC3339", "boolean:y,Y:n,N": what stands before the colon tells the type.
std::string_view BaseType(std::string_view datatype) { return datatype.substr(0, datatype.find(':')); }

PointValueType TypeOf(std::string_view datatype) {
  const std::string_view type = BaseType(datatype);
  if (type == "double") return PointValueType::kFloat;
  if (type == "long") return PointValueType::kInteger;
  if (type == "unsignedLong") return PointValueType::kUnsigned;
  if (type == "boolean") return PointValueType::kBool;
  if (type == "dateTime") return PointValueType::kTime;
  if (type == "string" || type == "duration" || type == "base64Binary") return PointValueType::kString;
  return PointValueType::kAny;
}

bool NamesRole(std::string_view datatype) {
  return std::find(std::begin(kRoleNames), std::end(kRoleNames), BaseType(datatype)) != std::end(kRoleNames);
}

AnnotatedColumn ColumnByRole(std::string_view datatype, std::string_view name) {
  AnnotatedColumn column{name, AnnotatedRole::kField, TypeOf(datatype), {}};
  const std::string_view role = BaseType(datatype);
  if (role == "measurement") column.role = AnnotatedRole::kMeasurement;
  else if (role == "tag") column.role = AnnotatedRole::kTag, column.type = PointValueType::kTag;
  else if (role == "time" || role == "dateTime") column.role = AnnotatedRole::kTime;
  else if (role == "ignored" || role == "ignore" || column.name.empty()) column.role = AnnotatedRole::kIgnored;
  return column;
}

/// "#datatype long" holds the annotation's name and what it says of the first column; "#datatype" the name alone.
std::string_view FirstValue(std::string_view cell) {
  const size_t space = cell.find(' ');
  return space == std::string_view::npos ? std::string_view() : cell.substr(space + 1);
}

}  // namespace

std::string AnnotatedTable::ReadAnnotation(const std::vector<CsvField>& fields) {
  const std::string_view name = fields[0].text.substr(0, fields[0].text.find(' '));
  if (name == "#constant") return ReadConstant(fields);
  if (name == "#default") {
    defaults_ = {Keep(FirstValue(fields[0].text))};
    for (size_t i = 1; i < fields.size(); ++i) defaults_.push_back(Keep(fields[i].text));
    return {};
  }
  std::vector<std::string>* values = nullptr;
  if (name == "#datatype") values = &datatypes_;
  else if (name == "#group") values = &groups_;
  else return {};  // a comment
  values->clear();
  values->emplace_back(FirstValue(fields[0].text));
  for (size_t i = 1; i < fields.size(); ++i) values->emplace_back(fields[i].text);
  if (values == &datatypes_) extended_ = std::any_of(datatypes_.begin(), datatypes_.end(), NamesRole);
  return {};
}

/// "#constant tag,host,a" or "#constant,tag,host,a"; a measurement has no name of its own.
std::string AnnotatedTable::ReadConstant(const std::vector<CsvField>& fields) {
  std::vector<std::string> values;
  if (const std::string_view first = FirstValue(fields[0].text); !first.empty()) values.emplace_back(first);
  for (size_t i = 1; i < fields.size(); ++i) values.emplace_back(fields[i].text);
  if (values.size() < 2) return "#constant needs a type, a name and a value";
  const bool unnamed = values.size() == 2 || values[2].empty();
  AnnotatedColumn constant = ColumnByRole(values[0], Keep(unnamed ? values[0] : values[1]));
  constant.default_text = Keep(unnamed ? values[1] : values[2]);
  constants_.push_back(std::move(constant));
  extended_ = true;
  return {};
}

std::string AnnotatedTable::ReadHeader(const std::vector<CsvField>& fields) {
  columns_.clear();
  std::unordered_set<std::string_view> names;
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string_view name = fields[i].text;
    AnnotatedColumn column = ColumnOf(i, name);
    if (i < defaults_.size()) column.default_text = defaults_[i];
    if (!name.empty() && !names.insert(name).second) return fmt::format("column '{}' comes twice", name);
    columns_.push_back(std::move(column));
  }
  const auto has = [&](std::string_view name) {
    return std::any_of(columns_.begin(), columns_.end(), [&](const auto& column) { return column.name == name; });
  };
  is_error_ = has("error") && has("reference") && !has("_time");
  const auto plays = [&](AnnotatedRole role) {
    return std::any_of(columns_.begin(), columns_.end(), [&](const auto& column) { return column.role == role; });
  };
  if (plays(AnnotatedRole::kFieldName) != plays(AnnotatedRole::kFieldValue)) return "_field and _value come together";
  return {};
}

AnnotatedColumn AnnotatedTable::ColumnOf(size_t position, std::string_view name) const {
  const std::string_view datatype =
      position < datatypes_.size() ? std::string_view(datatypes_[position]) : std::string_view();
  if (extended_) return ColumnByRole(datatype, name);
  AnnotatedColumn column{name, AnnotatedRole::kIgnored, TypeOf(datatype), {}};
  if (name == "_measurement") column.role = AnnotatedRole::kMeasurement;
  else if (name == "_time" || name == "time") column.role = AnnotatedRole::kTime;
  else if (name == "_field") column.role = AnnotatedRole::kFieldName;
  else if (name == "_value") column.role = AnnotatedRole::kFieldValue;
  if (column.role != AnnotatedRole::kIgnored) return column;
  if (name.empty() || name == "result" || name == "table" || name == "_start" || name == "_stop") return column;
  // What tells series apart is a tag; without #group every string is.
  const bool is_text = column.type == PointValueType::kString || (datatypes_.empty() && groups_.empty());
  const bool is_tag = groups_.empty() ? is_text : InGroup(position);
  column.role = is_tag ? AnnotatedRole::kTag : AnnotatedRole::kField;
  if (is_tag) column.type = PointValueType::kTag;
  return column;
}

}  // namespace gigapi
