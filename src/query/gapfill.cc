#include "query/gapfill.h"

#include <fmt/format.h>

#include <optional>
#include <set>

#include "model/schema.h"
#include "query/sql_tree.h"

namespace gigapi {
namespace {

using duckdb::ExpressionClass;
using duckdb::ExpressionType;
using duckdb::ParsedExpression;
using ExpressionPtr = duckdb::unique_ptr<ParsedExpression>;

std::string NameOfCall(const ParsedExpression& expression) {
  if (expression.GetExpressionClass() != ExpressionClass::FUNCTION) return {};
  return FoldCase(expression.Cast<duckdb::FunctionExpression>().function_name);
}

bool IsGapfill(const ParsedExpression& expression) {
  const std::string name = NameOfCall(expression);
  return name == "date_bin_gapfill" || name == "time_bucket_gapfill";
}

bool IsFilling(const ParsedExpression& expression) {
  const std::string name = NameOfCall(expression);
  return name == "locf" || name == "interpolate";
}

/// coalesce(value, 0)
duckdb::OperatorExpression* AsCoalesce(ParsedExpression& expression) {
  if (expression.GetExpressionType() != ExpressionType::OPERATOR_COALESCE) return nullptr;
  auto& coalesce = expression.Cast<duckdb::OperatorExpression>();
  if (coalesce.children.size() < 2) return nullptr;
  for (size_t i = 1; i < coalesce.children.size(); ++i) {
    if (!coalesce.children[i]->IsScalar()) return nullptr;
  }
  return &coalesce;
}

bool HasGapfill(const ParsedExpression& expression) {
  if (IsGapfill(expression)) return true;
  bool found = false;
  duckdb::ParsedExpressionIterator::EnumerateChildren(
      expression, [&](const ParsedExpression& child) { found = found || HasGapfill(child); });
  return found;
}

/// The same function without gaps.
void Plain(ExpressionPtr& expression) {
  if (IsGapfill(*expression)) {
    auto& call = expression->Cast<duckdb::FunctionExpression>();
    call.function_name = FoldCase(call.function_name) == "date_bin_gapfill" ? "date_bin" : "time_bucket";
  }
  duckdb::ParsedExpressionIterator::EnumerateChildren(*expression, [](ExpressionPtr& child) { Plain(child); });
}

std::string TimeSql(const std::string& value) { return fmt::format("lake_time(CAST(NULL AS TIMESTAMP_NS), {})", value); }

/// What WHERE says of the time: SQL of each bound, the narrower of several; empty: none.
struct Bounds {
  std::string from;
  std::string to;

  void From(const std::string& time) { from = from.empty() ? time : fmt::format("greatest({}, {})", from, time); }
  void To(const std::string& time) { to = to.empty() ? time : fmt::format("least({}, {})", to, time); }
};

bool IsColumn(const ParsedExpression& expression, const std::string& column) {
  return expression.GetExpressionClass() == ExpressionClass::COLUMN_REF &&
         FoldCase(expression.Cast<duckdb::ColumnRefExpression>().GetColumnName()) == column;
}

void FindBounds(const ParsedExpression& where, const std::string& column, Bounds* bounds) {
  if (where.GetExpressionType() == ExpressionType::CONJUNCTION_AND) {
    duckdb::ParsedExpressionIterator::EnumerateChildren(
        where, [&](const ParsedExpression& child) { FindBounds(child, column, bounds); });
  } else if (where.GetExpressionClass() == ExpressionClass::BETWEEN) {
    const auto& between = where.Cast<duckdb::BetweenExpression>();
    if (!IsColumn(*between.input, column)) return;
    bounds->From(TimeSql(between.lower->ToString()));
    bounds->To(TimeSql(between.upper->ToString()));
  } else if (where.GetExpressionClass() == ExpressionClass::COMPARISON) {
    const auto& comparison = where.Cast<duckdb::ComparisonExpression>();
    const bool left = IsColumn(*comparison.left, column);
    if (!left && !IsColumn(*comparison.right, column)) return;
    const std::string value = TimeSql((left ? comparison.right : comparison.left)->ToString());
    const auto type = left ? where.GetExpressionType() : duckdb::FlipComparisonExpression(where.GetExpressionType());
    if (type == ExpressionType::COMPARE_GREATERTHAN || type == ExpressionType::COMPARE_GREATERTHANOREQUALTO)
      bounds->From(value);
    if (type == ExpressionType::COMPARE_LESSTHANOREQUALTO) bounds->To(value);
    // The end itself is not wanted, so neither is the bin that begins there.
    if (type == ExpressionType::COMPARE_LESSTHAN) {
      bounds->To(fmt::format("make_timestamp_ns(epoch_ns({}) - 1)", value));
    }
  }
}

class Rewriter {
 public:
  explicit Rewriter(duckdb::SelectNode& node) : node_(node) {}

  /// nullopt when the SELECT has no such column.
  std::optional<std::string> Rewrite() {
    for (size_t i = 0; i < node_.select_list.size(); ++i) {
      if (IsGapfill(*node_.select_list[i])) bin_ = i;
      else if (HasGapfill(*node_.select_list[i]))
        throw duckdb::BinderException("gapfill must be a column of its own in SELECT");
    }
    if (!bin_) return std::nullopt;
    auto& call = node_.select_list[*bin_]->Cast<duckdb::FunctionExpression>();
    if (call.children.size() < 2 || call.children.size() > 3) {
      throw duckdb::BinderException("%s takes a width, a time and perhaps an origin", call.function_name);
    }
    if (call.children[1]->GetExpressionClass() != ExpressionClass::COLUMN_REF) {
      throw duckdb::BinderException("%s needs a column for its time", call.function_name);
    }
    width_ = fmt::format("CAST({} AS INTERVAL)", call.children[0]->ToString());
    const std::string column = FoldCase(call.children[1]->Cast<duckdb::ColumnRefExpression>().GetColumnName());
    if (node_.where_clause) FindBounds(*node_.where_clause, column, &bounds_);
    NameColumns();
    RewriteGroups();
    TakeFallbacks();
    std::string modifiers = TakeModifiers();
    return Assemble() + modifiers;
  }

 private:
  std::string Inner(size_t i) const { return fmt::format("__c{}", i); }
  static std::string Quoted(const std::string& name) { return duckdb::KeywordHelper::WriteQuoted(name, '"'); }

  /// Remembers what the columns are called, and calls them something that nothing else is called.
  void NameColumns() {
    for (size_t i = 0; i < node_.select_list.size(); ++i) {
      ExpressionPtr& column = node_.select_list[i];
      names_.push_back(column->GetName());
      if (i == *bin_) Plain(column);
      aliases_.push_back(FoldCase(column->GetAlias()));
      asked_.push_back(column->Copy());
      filling_.push_back({});
      fallback_.push_back({});
      TakeFilling(i);
      column->SetAlias(Inner(i));
    }
  }

  void TakeFilling(size_t i) {
    ExpressionPtr& column = node_.select_list[i];
    if (!IsFilling(*column)) return;
    filling_[i] = NameOfCall(*column);
    auto inner = std::move(column->Cast<duckdb::FunctionExpression>().children.at(0));
    column = std::move(inner);
  }

  /// What coalesce has for want of a value is for the bins without rows too.
  void TakeFallbacks() {
    for (size_t i = 0; i < names_.size(); ++i) {
      if (i == *bin_ || keys_.contains(i)) continue;
      ExpressionPtr& column = node_.select_list[i];
      auto* coalesce = AsCoalesce(*column);
      if (coalesce == nullptr) continue;
      for (size_t j = 1; j < coalesce->children.size(); ++j) fallback_[i] += ", " + coalesce->children[j]->ToString();
      auto inner = std::move(coalesce->children[0]);
      column = std::move(inner);
      TakeFilling(i);
      column->SetAlias(Inner(i));
    }
  }

  /// The column of SELECT that an expression of GROUP BY or ORDER BY means: by position, alias or text.
  std::optional<size_t> ColumnOf(ParsedExpression& expression) const {
    if (expression.GetExpressionClass() == ExpressionClass::CONSTANT) {
      const auto& value = expression.Cast<duckdb::ConstantExpression>().value;
      if (!value.type().IsIntegral()) return std::nullopt;
      const auto position = value.GetValue<int64_t>();
      return position >= 1 && static_cast<size_t>(position) <= names_.size() ? std::optional(position - 1) : std::nullopt;
    }
    auto plain = expression.Copy();
    Plain(plain);
    for (size_t i = 0; i < names_.size(); ++i) {
      if (IsColumn(expression, aliases_[i]) || plain->Equals(*asked_[i])) return i;
    }
    return std::nullopt;
  }

  void RewriteGroups() {
    if (node_.aggregate_handling == duckdb::AggregateHandling::FORCE_AGGREGATES) {
      throw duckdb::BinderException("gapfill needs its groups by name: GROUP BY ALL is not enough");
    }
    for (ExpressionPtr& group : node_.groups.group_expressions) {
      const auto column = ColumnOf(*group);
      if (!column) {
        Plain(group);
        continue;
      }
      group = node_.select_list[*column]->Copy();
      group->ClearAlias();
      if (*column != *bin_) keys_.insert(*column);
    }
  }

  /// ORDER BY and LIMIT belong to the whole: they are put behind it, by positions and names of its columns.
  std::string TakeModifiers() {
    std::string text;
    for (const auto& modifier : node_.modifiers) {
      if (modifier->type == duckdb::ResultModifierType::ORDER_MODIFIER) {
        for (auto& order : modifier->Cast<duckdb::OrderModifier>().orders) {
          if (const auto column = ColumnOf(*order.expression)) {
            order.expression =
                duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value::INTEGER(static_cast<int32_t>(*column) + 1));
          }
          text += (text.empty() ? " ORDER BY " : ", ") + order.ToString();
        }
      } else if (modifier->type == duckdb::ResultModifierType::LIMIT_MODIFIER) {
        const auto& limit = modifier->Cast<duckdb::LimitModifier>();
        if (limit.limit) text += " LIMIT " + limit.limit->ToString();
        if (limit.offset) text += " OFFSET " + limit.offset->ToString();
      } else {
        throw duckdb::BinderException("gapfill works with ORDER BY and LIMIT, not with DISTINCT and the like");
      }
    }
    node_.modifiers.clear();
    return text.starts_with(" ORDER") ? text : DefaultOrder() + text;
  }

  /// Group by group, bin by bin, as InfluxDB gives them.
  std::string DefaultOrder() const {
    std::string order = " ORDER BY ";
    for (const size_t key : keys_) order += fmt::format("{}, ", key + 1);
    return order + std::to_string(*bin_ + 1);
  }

  /// The bin of a bound, or of the first or last row.
  std::string BinOf(const std::string& bound, const char* fallback) const {
    if (bound.empty()) return fmt::format("(SELECT {}({}) FROM __rows)", fallback, Inner(*bin_));
    auto bin = node_.select_list[*bin_]->Copy();
    auto parsed = duckdb::Parser::ParseExpressionList(bound);
    bin->Cast<duckdb::FunctionExpression>().children[1] = std::move(parsed[0]);
    bin->ClearAlias();
    return bin->ToString();
  }

  std::string Value(size_t i) const {
    const std::string filled = Filled(i);
    return fallback_[i].empty() ? filled : fmt::format("coalesce({}{})", filled, fallback_[i]);
  }

  std::string Filled(size_t i) const {
    const std::string value = Inner(i);
    if (filling_[i].empty()) return value;
    std::string partition;
    for (const size_t key : keys_) partition += (partition.empty() ? "PARTITION BY " : ", ") + Inner(key);
    const auto over = [&](const char* frame) { return fmt::format("OVER ({} ORDER BY __bin {})", partition, frame); };
    const std::string back = over("ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW");
    const std::string before = fmt::format("last_value({} IGNORE NULLS) {}", value, back);
    if (filling_[i] == "locf") return before;
    const std::string ahead = over("ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING");
    const std::string time = fmt::format("CASE WHEN {} IS NOT NULL THEN epoch_us(__bin) END", value);
    const std::string time_before = fmt::format("last_value({} IGNORE NULLS) {}", time, back);
    return fmt::format(
        "coalesce({0}, {1} + (first_value({0} IGNORE NULLS) {2} - {1}) * ((epoch_us(__bin) - {3}) / "
        "(first_value({4} IGNORE NULLS) {2} - {3})))",
        value, before, ahead, time_before, time);
  }

  std::string Assemble() const {
    std::string keys, joined, outer, columns = "__bin";
    for (size_t i = 0; i < names_.size(); ++i) {
      outer += fmt::format("{}{} AS {}", i == 0 ? "" : ", ", i == *bin_ ? "CAST(__bin AS TIMESTAMP_NS)" : Value(i),
                           Quoted(names_[i]));
      if (i == *bin_) continue;
      if (keys_.count(i) == 0) {
        columns += ", __rows." + Inner(i);
        continue;
      }
      columns += ", __keys." + Inner(i);
      keys += (keys.empty() ? "" : ", ") + Inner(i);
      joined += fmt::format(" AND __rows.{0} IS NOT DISTINCT FROM __keys.{0}", Inner(i));
    }
    return fmt::format(
        "WITH __rows AS ({}), __ends AS (SELECT CAST({} AS TIMESTAMP) AS a, CAST({} AS TIMESTAMP) AS b), "
        "__bins AS (SELECT unnest(generate_series(a, b, {})) AS __bin FROM __ends), __keys AS (SELECT DISTINCT {} FROM "
        "__rows), "
        "__all AS (SELECT {} FROM __bins CROSS JOIN __keys LEFT JOIN __rows ON CAST(__rows.{} AS TIMESTAMP) = __bin{}) "
        "SELECT {} FROM __all",
        node_.ToString(), BinOf(bounds_.from, "min"), BinOf(bounds_.to, "max"), width_, keys.empty() ? "1" : keys, columns,
        Inner(*bin_), joined, outer);
  }

  duckdb::SelectNode& node_;
  std::optional<size_t> bin_;
  std::string width_;
  Bounds bounds_;
  std::vector<std::string> names_;     // of the columns, as clients see them
  std::vector<std::string> aliases_;   // folded; empty: none
  std::vector<ExpressionPtr> asked_;   // as they were written, but without gaps
  std::vector<std::string> filling_;   // "locf", "interpolate" or ""
  std::vector<std::string> fallback_;  // ", 0": what coalesce has behind the value; empty: none
  std::set<size_t> keys_;              // columns that group, besides the bin
};

void RewriteSelect(duckdb::SelectStatement& select) {
  if (select.node->type != duckdb::QueryNodeType::SELECT_NODE) return;
  const auto sql = Rewriter(select.node->Cast<duckdb::SelectNode>()).Rewrite();
  if (!sql) return;
  duckdb::Parser parser;
  parser.ParseQuery(*sql);
  select.node = std::move(parser.statements[0]->Cast<duckdb::SelectStatement>().node);
}

}  // namespace

void RewriteGapfill(duckdb::SQLStatement& statement) {
  duckdb::SQLStatement* inner = &statement;
  if (inner->type == duckdb::StatementType::EXPLAIN_STATEMENT) inner = inner->Cast<duckdb::ExplainStatement>().stmt.get();
  if (inner->type != duckdb::StatementType::SELECT_STATEMENT) return;
  auto& select = inner->Cast<duckdb::SelectStatement>();
  for (auto& cte : select.node->cte_map.map) RewriteSelect(*cte.second->query);
  SqlTreeVisitor visitor;
  visitor.table = [](duckdb::unique_ptr<duckdb::TableRef>& ref) {
    if (ref->type == duckdb::TableReferenceType::SUBQUERY) RewriteSelect(*ref->Cast<duckdb::SubqueryRef>().subquery);
  };
  VisitSqlTree(*select.node, visitor);
  RewriteSelect(select);
}

}  // namespace gigapi
