#include "server/api/influx/influxql_subquery.h"

#include <string_view>
#include <utility>

#include "server/api/influx/influxql_time.h"

namespace gigapi::influx {
namespace {

using Kind = Expression::Kind;

bool IsTimeComparison(const Expression& node) {
  return node.kind == Kind::kBinary && node.text != "AND" && node.text != "OR" &&
         (IsTime(*node.left) || IsTime(*node.right));
}

/// Both joined by AND; either may be nullptr.
ExpressionPtr Both(ExpressionPtr left, ExpressionPtr right) {
  if (left == nullptr || right == nullptr) return left == nullptr ? std::move(right) : std::move(left);
  auto both = std::make_unique<Expression>();
  both->kind = Kind::kBinary;
  both->text = "AND";
  both->left = std::move(left);
  both->right = std::move(right);
  return both;
}

/// The comparisons with time that hold for every row, joined by AND; nullptr where there is none.
ExpressionPtr TimeBounds(const Expression* condition) {
  if (condition == nullptr || condition->kind != Kind::kBinary) return nullptr;
  if (condition->text == "AND") return Both(TimeBounds(condition->left.get()), TimeBounds(condition->right.get()));
  return IsTimeComparison(*condition) ? Clone(*condition) : nullptr;
}

/// '2025-01-01' and '2025-01-01 12:00:00', but not what ends in Z or +02:00.
bool IsLocalTime(std::string_view text) {
  constexpr size_t kDateBytes = 10;
  return text.size() <= kDateBytes || text.find_first_of("Zz+-", kDateBytes) == std::string_view::npos;
}

void NoteZone(const std::string& zone, Expression* time) {
  if (time == nullptr) return;
  if (time->kind == Kind::kString && IsLocalTime(time->text)) time->zone = zone;
  NoteZone(zone, time->left.get());
  NoteZone(zone, time->right.get());
}

void NoteZoneInCondition(const std::string& zone, Expression* condition) {
  if (condition == nullptr || condition->kind != Kind::kBinary) return;
  if (IsTimeComparison(*condition)) return NoteZone(zone, condition);
  NoteZoneInCondition(zone, condition->left.get());
  NoteZoneInCondition(zone, condition->right.get());
}

void NoteZones(Statement* statement) {
  const std::string& zone = statement->select->time_zone;
  if (!zone.empty()) NoteZoneInCondition(zone, statement->condition.get());
  for (Source& source : statement->sources) {
    if (source.subquery != nullptr) NoteZones(source.subquery.get());
  }
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

void Inherit(Statement* statement) {
  for (Source& source : statement->sources) {
    if (source.subquery == nullptr) continue;
    Statement* const inner = source.subquery.get();
    inner->condition = Both(std::move(inner->condition), TimeBounds(statement->condition.get()));
    InheritGroupBy(statement->select->group_by, &inner->select->group_by);
    inner->select->descending = statement->select->descending;
    if (inner->select->fill == Fill::kNull) inner->select->fill = Fill::kNone;
    Inherit(inner);
  }
}

}  // namespace

void InheritIntoSubqueries(Statement* statement) {
  NoteZones(statement);
  Inherit(statement);
}

ExpressionPtr WithoutTimeBounds(const Expression* condition) {
  if (condition == nullptr || IsTimeComparison(*condition)) return nullptr;
  if (condition->kind != Kind::kBinary || condition->text != "AND") return Clone(*condition);
  return Both(WithoutTimeBounds(condition->left.get()), WithoutTimeBounds(condition->right.get()));
}

}  // namespace gigapi::influx
