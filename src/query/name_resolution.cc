#include "query/name_resolution.h"

#include <string_view>
#include <unordered_set>

#include "model/schema.h"
#include "query/lake_catalog.h"
#include "query/sql_tree.h"

namespace gigapi {
namespace {

bool IsCatalogOfDuckDb(const std::string& folded_name) {
  static const std::unordered_set<std::string_view> names = {"memory", "system", "temp", kLakeCatalog};
  return names.count(folded_name) != 0;
}

bool HasDatabase(const LakeSnapshot& snapshot, const std::string& folded_name) {
  for (const auto& [database, tables] : snapshot.databases) {
    if (FoldCase(database) == folded_name) return true;
  }
  return false;
}

constexpr std::string_view kIox = "iox";

bool IsSchemaColumn(const duckdb::ParsedExpression& expression) {
  return expression.GetExpressionClass() == duckdb::ExpressionClass::COLUMN_REF &&
         FoldCase(expression.Cast<duckdb::ColumnRefExpression>().GetColumnName()) == "table_schema";
}

void ReplaceIox(duckdb::unique_ptr<duckdb::ParsedExpression>* expression, const std::string& database) {
  if ((*expression)->GetExpressionClass() != duckdb::ExpressionClass::CONSTANT) return;
  auto& value = (*expression)->Cast<duckdb::ConstantExpression>().value;
  if (!value.IsNull() && value.type().id() == duckdb::LogicalTypeId::VARCHAR && duckdb::StringValue::Get(value) == kIox) {
    value = duckdb::Value(database);
  }
}

}  // namespace

void QualifyDatabases(duckdb::QueryNode& node, SnapshotSource* lake) {
  SqlTreeVisitor visitor;
  visitor.table = [&](duckdb::unique_ptr<duckdb::TableRef>& ref) {
    if (ref->type != duckdb::TableReferenceType::BASE_TABLE) return;
    auto& table = ref->Cast<duckdb::BaseTableRef>();
    if (!table.catalog_name.empty() || table.schema_name.empty()) return;
    const std::string database = FoldCase(table.schema_name);
    if (IsCatalogOfDuckDb(database) && HasDatabase(*lake->Snapshot(), database)) table.catalog_name = kLakeCatalog;
  };
  VisitSqlTree(node, visitor);
}

void ResolveIox(duckdb::QueryNode& node, const std::string& database, SnapshotSource* lake) {
  if (database.empty() || HasDatabase(*lake->Snapshot(), std::string(kIox))) return;
  SqlTreeVisitor visitor;
  visitor.table = [&](duckdb::unique_ptr<duckdb::TableRef>& ref) {
    if (ref->type != duckdb::TableReferenceType::BASE_TABLE) return;
    auto& table = ref->Cast<duckdb::BaseTableRef>();
    if (table.catalog_name.empty() && FoldCase(table.schema_name) == kIox) table.schema_name = database;
  };
  visitor.expression = [&](duckdb::unique_ptr<duckdb::ParsedExpression>& expression) {
    if (expression->GetExpressionClass() == duckdb::ExpressionClass::OPERATOR) {
      auto& in = expression->Cast<duckdb::OperatorExpression>();
      const auto type = in.GetExpressionType();
      if (type != duckdb::ExpressionType::COMPARE_IN && type != duckdb::ExpressionType::COMPARE_NOT_IN) return;
      if (in.children.empty() || !IsSchemaColumn(*in.children[0])) return;
      for (size_t i = 1; i < in.children.size(); ++i) ReplaceIox(&in.children[i], database);
      return;
    }
    if (expression->GetExpressionClass() != duckdb::ExpressionClass::COMPARISON) return;
    auto& comparison = expression->Cast<duckdb::ComparisonExpression>();
    if (IsSchemaColumn(*comparison.left)) ReplaceIox(&comparison.right, database);
    if (IsSchemaColumn(*comparison.right)) ReplaceIox(&comparison.left, database);
  };
  VisitSqlTree(node, visitor);
}

}  // namespace gigapi
