#include "server/api/influx/select_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "server/api/influx/influxql_functions.h"

namespace gigapi::influx {
namespace {

using Kind = Expression::Kind;

void ReplaceWildcards(const std::string& name, Expression* node) {
  if (node->kind == Kind::kWildcard || node->kind == Kind::kRegex) {
    node->kind = Kind::kName;
    node->text = name;
  }
  for (Expression* child : {node->left.get(), node->right.get()}) {
    if (child != nullptr) ReplaceWildcards(name, child);
  }
  for (const ExpressionPtr& argument : node->arguments) ReplaceWildcards(name, argument.get());
}

/// A copy in which wildcards are the column `name`.
ExpressionPtr CopyWith(const Expression& node, const std::string& name) {
  ExpressionPtr copy = Clone(node);
  ReplaceWildcards(name, copy.get());
  return copy;
}

const Expression* FindWildcard(const Expression& node) {
  if (node.kind == Kind::kWildcard || node.kind == Kind::kRegex) return &node;
  for (const Expression* child : {node.left.get(), node.right.get()}) {
    const Expression* const found = child != nullptr ? FindWildcard(*child) : nullptr;
    if (found != nullptr) return found;
  }
  for (const ExpressionPtr& argument : node.arguments) {
    if (const Expression* const found = FindWildcard(*argument)) return found;
  }
  return nullptr;
}

/// The innermost call, whose input decides which columns a wildcard in it means.
std::string_view InnermostCall(const Expression& node) {
  if (!node.arguments.empty() && node.arguments[0]->kind == Kind::kCall) return InnermostCall(*node.arguments[0]);
  return node.text;
}

bool TakesAnyType(std::string_view function) {
  return function == "count" || function == "first" || function == "last" || function == "mode" || function == "distinct" ||
         function == "elapsed";
}

/// What InfluxDB calls a column: the field, the function, or the names in a formula joined.
void AppendName(const Expression& node, std::string* name) {
  if (node.kind == Kind::kName || node.kind == Kind::kCall) *name += (name->empty() ? "" : "_") + node.text;
  if (node.kind != Kind::kBinary) return;
  AppendName(*node.left, name);
  AppendName(*node.right, name);
}

class FieldSpeller {
 public:
  FieldSpeller(const SelectContext& context, const std::vector<std::string>& grouped_tags)
      : context_(context), grouped_tags_(grouped_tags) {}

  Status Add(const SelectedField& field) {
    if (field.expression->kind == Kind::kName && IsTime(*field.expression)) return Status::OK();  // is there anyway
    const Expression* const wildcard = FindWildcard(*field.expression);
    if (wildcard == nullptr) {
      Take(Clone(*field.expression), field.alias.empty() ? NameOf(*field.expression) : field.alias);
      return Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(const auto names, Columns(*field.expression, *wildcard));
    const bool call = field.expression->kind == Kind::kCall;
    const std::string prefix = !field.alias.empty() ? field.alias + "_"
                               : call               ? field.expression->text + "_"
                                                    : std::string();
    for (const std::string& name : names) Take(CopyWith(*field.expression, name), prefix + name);
    return Status::OK();
  }

  std::vector<NamedField> Finish() { return std::move(fields_); }

 private:
  static std::string NameOf(const Expression& node) {
    std::string name;
    AppendName(node, &name);
    return name;
  }

  Result<std::vector<std::string>> Columns(const Expression& field, const Expression& wildcard) const {
    const bool call = field.kind == Kind::kCall;
    const bool any_type = !call || TakesAnyType(InnermostCall(field));
    std::vector<std::string> names;
    for (const ColumnSchema& column : context_.schema->columns()) {
      const bool tag = column.type == ColumnType::kTag;
      const bool number = column.type != ColumnType::kString && column.type != ColumnType::kBool;
      if (tag && (call || wildcard.text == "field" || IsGrouped(column.name))) continue;
      if (!tag && (wildcard.text == "tag" || (!any_type && !number))) continue;
      names.push_back(column.name);
    }
    std::sort(names.begin(), names.end());
    if (wildcard.kind == Kind::kRegex) return context_.match(names, wildcard.text);
    return names;
  }
  bool IsGrouped(const std::string& name) const {
    return std::find(grouped_tags_.begin(), grouped_tags_.end(), name) != grouped_tags_.end();
  }

  void Take(ExpressionPtr expression, const std::string& wanted) {
    std::string name = wanted;
    for (int i = 1; !taken_.insert(name).second; ++i) name = fmt::format("{}_{}", wanted, i);
    fields_.push_back({std::move(expression), std::move(name)});
  }

  const SelectContext& context_;
  const std::vector<std::string>& grouped_tags_;
  std::set<std::string> taken_ = {"time"};
  std::vector<NamedField> fields_;
};

}  // namespace

Result<std::vector<NamedField>> SpellOutFields(const Select& select, const SelectContext& context,
                                               const std::vector<std::string>& grouped_tags) {
  FieldSpeller speller(context, grouped_tags);
  for (const SelectedField& field : select.fields) ARROW_RETURN_NOT_OK(speller.Add(field));
  return speller.Finish();
}

}  // namespace gigapi::influx
