#include "server/api/influx/influxql_subquery.h"

#include <utility>

#include "server/api/influx/influxql_time.h"

namespace gigapi::influx {
namespace {

using Kind = Expression::Kind;

/// The comparisons with time that hold for every row, joined by AND; nullptr where there is none.
ExpressionPtr TimeBounds(const Expression* condition) {
  if (condition == nullptr || condition->kind != Kind::kBinary || condition->text == "OR") return nullptr;
  if (condition->text != "AND") {
    return IsTime(*condition->left) || IsTime(*condition->right) ? Clone(*condition) : nullptr;
  }
  ExpressionPtr left = TimeBounds(condition->left.get()), right = TimeBounds(condition->right.get());
  if (left == nullptr || right == nullptr) return left == nullptr ? std::move(right) : std::move(left);
  ExpressionPtr both = Clone(*condition);
  both->left = std::move(left);
  both->right = std::move(right);
  return both;
}

void AddCondition(ExpressionPtr more, ExpressionPtr* condition) {
  if (more == nullptr || *condition == nullptr) {
    if (more != nullptr) *condition = std::move(more);
    return;
  }
  auto both = std::make_unique<Expression>();
  both->kind = Kind::kBinary;
  both->text = "AND";
  both->left = std::move(*condition);
  both->right = std::move(more);
  *condition = std::move(both);
}

void InheritGroupBy(const GroupBy& outer, GroupBy* inner) {
  inner->all_tags = inner->all_tags || outer.all_tags;
  inner->tags.insert(inner->tags.end(), outer.tags.begin(), outer.tags.end());
  inner->tag_patterns.insert(inner->tag_patterns.end(), outer.tag_patterns.begin(), outer.tag_patterns.end());
  if (inner->width_ns != 0 || outer.width_ns == 0) return;
  inner->width_ns = outer.width_ns;
  inner->width_is_inherited = true;
  if (outer.offset != nullptr) inner->offset = Clone(*outer.offset);
}

}  // namespace

void InheritIntoSubqueries(Statement* statement) {
  for (Source& source : statement->sources) {
    if (source.subquery == nullptr) continue;
    Statement* const inner = source.subquery.get();
    AddCondition(TimeBounds(statement->condition.get()), &inner->condition);
    InheritGroupBy(statement->select->group_by, &inner->select->group_by);
    inner->select->descending = statement->select->descending;
    if (inner->select->fill == Fill::kNull) inner->select->fill = Fill::kNone;
    InheritIntoSubqueries(inner);
  }
}

}  // namespace gigapi::influx
