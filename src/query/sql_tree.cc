#include "query/sql_tree.h"

namespace gigapi {
namespace {

using duckdb::ParsedExpression;
using duckdb::QueryNode;
using duckdb::QueryNodeType;
using duckdb::TableRef;
using duckdb::TableReferenceType;

class Walk {
 public:
  explicit Walk(const SqlTreeVisitor& visitor) : visitor_(visitor) {}

  void Node(QueryNode& node);

 private:
  void Select(duckdb::SelectNode& node);
  void Table(duckdb::unique_ptr<TableRef>& ref);
  void Inside(TableRef& ref);
  void Pivot(duckdb::PivotRef& ref);
  void Expression(duckdb::unique_ptr<ParsedExpression>& expression);
  template <typename Expressions>
  void EachExpression(Expressions& expressions) {
    for (auto& expression : expressions) Expression(expression);
  }

  const SqlTreeVisitor& visitor_;
};

void Walk::Expression(duckdb::unique_ptr<ParsedExpression>& expression) {
  if (!expression) return;
  if (expression->GetExpressionClass() == duckdb::ExpressionClass::SUBQUERY) {
    Node(*expression->Cast<duckdb::SubqueryExpression>().subquery->node);
  }
  duckdb::ParsedExpressionIterator::EnumerateChildren(
      *expression, [&](duckdb::unique_ptr<ParsedExpression>& child) { Expression(child); });
  if (visitor_.expression) visitor_.expression(expression);
}

void Walk::Pivot(duckdb::PivotRef& ref) {
  Table(ref.source);
  EachExpression(ref.aggregates);
  for (auto& pivot : ref.pivots) {
    EachExpression(pivot.pivot_expressions);
    for (auto& entry : pivot.entries) Expression(entry.expr);
    if (pivot.subquery) Node(*pivot.subquery);
  }
}

void Walk::Inside(TableRef& ref) {
  switch (ref.type) {
    case TableReferenceType::EMPTY_FROM: return;
    case TableReferenceType::BASE_TABLE: {
      auto& table = ref.Cast<duckdb::BaseTableRef>();
      // AT (VERSION => ...), which is computed before the table is refused.
      if (table.at_clause) Expression(table.at_clause->ExpressionMutable());
      return;
    }
    case TableReferenceType::SUBQUERY: return Node(*ref.Cast<duckdb::SubqueryRef>().subquery->node);
    case TableReferenceType::JOIN: {
      auto& join = ref.Cast<duckdb::JoinRef>();
      Table(join.left);
      Table(join.right);
      return Expression(join.condition);
    }
    case TableReferenceType::TABLE_FUNCTION: {
      auto& function = ref.Cast<duckdb::TableFunctionRef>();
      if (function.subquery) Node(*function.subquery->node);
      return Expression(function.function);
    }
    case TableReferenceType::EXPRESSION_LIST:
      for (auto& row : ref.Cast<duckdb::ExpressionListRef>().values) EachExpression(row);
      return;
    case TableReferenceType::PIVOT: return Pivot(ref.Cast<duckdb::PivotRef>());
    case TableReferenceType::SHOW_REF: {
      auto& show = ref.Cast<duckdb::ShowRef>();
      if (show.query) Node(*show.query);
      return;
    }
    default: throw duckdb::PermissionException("This kind of table reference is not allowed");
  }
}

void Walk::Table(duckdb::unique_ptr<TableRef>& ref) {
  if (!ref) return;
  if (visitor_.table) visitor_.table(ref);
  Inside(*ref);
}

void Walk::Select(duckdb::SelectNode& node) {
  if (visitor_.select) visitor_.select(node);
  Table(node.from_table);
  EachExpression(node.select_list);
  Expression(node.where_clause);
  EachExpression(node.groups.group_expressions);
  Expression(node.having);
  Expression(node.qualify);
}

void Walk::Node(QueryNode& node) {
  for (auto& cte : node.cte_map.map) {
    Node(*cte.second->query->node);
    EachExpression(cte.second->key_targets);
  }
  switch (node.type) {
    case QueryNodeType::SELECT_NODE: Select(node.Cast<duckdb::SelectNode>()); break;
    case QueryNodeType::SET_OPERATION_NODE:
      for (auto& child : node.Cast<duckdb::SetOperationNode>().children) Node(*child);
      break;
    case QueryNodeType::RECURSIVE_CTE_NODE: {
      auto& recursive = node.Cast<duckdb::RecursiveCTENode>();
      Node(*recursive.left);
      Node(*recursive.right);
      EachExpression(recursive.key_targets);
      break;
    }
    case QueryNodeType::CTE_NODE: {
      auto& cte = node.Cast<duckdb::CTENode>();
      Node(*cte.query);
      Node(*cte.child);
      break;
    }
    default: throw duckdb::PermissionException("Only queries are allowed");
  }
  duckdb::ParsedExpressionIterator::EnumerateQueryNodeModifiers(
      node, [&](duckdb::unique_ptr<ParsedExpression>& expression) { Expression(expression); });
}

}  // namespace

void VisitSqlTree(QueryNode& node, const SqlTreeVisitor& visitor) { Walk(visitor).Node(node); }

void VisitSqlTreeKeepingNames(QueryNode& node, SqlTreeVisitor visitor) {
  struct Column {
    duckdb::unique_ptr<ParsedExpression>* expression;
    std::string name;
  };
  std::vector<Column> columns;
  visitor.select = [&](duckdb::SelectNode& select) {
    for (auto& column : select.select_list) {
      if (column->GetExpressionClass() != duckdb::ExpressionClass::STAR) columns.push_back({&column, column->GetName()});
    }
  };
  VisitSqlTree(node, visitor);
  for (const auto& [expression, name] : columns) {
    if ((*expression)->GetAlias().empty() && (*expression)->GetName() != name) (*expression)->SetAlias(name);
  }
}

}  // namespace gigapi
