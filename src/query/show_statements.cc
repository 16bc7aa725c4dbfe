#include "query/show_statements.h"

#include "model/schema.h"
#include "query/lake_catalog.h"
#include "query/sql_tree.h"

namespace gigapi {
namespace {

using duckdb::TableRef;

duckdb::unique_ptr<TableRef> SubqueryOf(const std::string& sql, const std::string& alias) {
  duckdb::Parser parser;
  parser.ParseQuery(sql);
  auto select = duckdb::unique_ptr_cast<duckdb::SQLStatement, duckdb::SelectStatement>(std::move(parser.statements[0]));
  return duckdb::make_uniq<duckdb::SubqueryRef>(std::move(select), alias);
}

std::string Quoted(const std::string& text) { return duckdb::Value(text).ToSQLString(); }

std::string TablesOf(const std::string& database) {
  return "SELECT table_name FROM duckdb_tables() WHERE database_name = 'lake' AND lower(schema_name) = lower(" +
         Quoted(database) + ") ORDER BY table_name";
}

void RewriteShow(duckdb::unique_ptr<TableRef>& ref, const std::string& database) {
  const auto& show = ref->Cast<duckdb::ShowRef>();
  if (show.query) return;  // DESCRIBE of a query or table
  std::string what = FoldCase(show.table_name);
  if (what.size() > 2 && what.front() == '"') what = what.substr(1, what.size() - 2);
  if (show.show_type == duckdb::ShowType::SHOW_FROM) {
    const std::string& from = show.schema_name.empty() ? show.catalog_name : show.schema_name;
    ref = SubqueryOf(TablesOf(from), "show_tables");
  } else if (what == "databases" || what == "schemas") {
    ref = SubqueryOf("SELECT schema_name AS database_name FROM duckdb_schemas() WHERE database_name = 'lake' ORDER BY 1",
                     "show_databases");
  } else if (what == "tables") {
    if (database.empty())
      throw duckdb::BinderException("SHOW TABLES needs a database: name one, or say SHOW TABLES FROM it");
    ref = SubqueryOf(TablesOf(database), "show_tables");
  } else if (what == "__show_tables_expanded") {
    ref = SubqueryOf(
        "SELECT schema_name AS database_name, table_name FROM duckdb_tables() WHERE database_name = 'lake' "
        "ORDER BY ALL",
        "show_tables");
  } else if (what == "variables") {
    throw duckdb::PermissionException("SHOW VARIABLES is not allowed");
  }
}

void RewriteInformationSchema(duckdb::unique_ptr<TableRef>& ref) {
  const auto& table = ref->Cast<duckdb::BaseTableRef>();
  if (FoldCase(table.schema_name) != "information_schema" || FoldCase(table.catalog_name) == "system") return;
  const std::string view = FoldCase(table.table_name);
  std::string catalog_column;
  if (view == "tables" || view == "columns") {
    catalog_column = "table_catalog";
  } else if (view == "schemata") {
    catalog_column = "catalog_name";
  } else {
    return;
  }
  auto replaced = SubqueryOf("SELECT * FROM system.information_schema." + view + " WHERE " + catalog_column + " = 'lake'",
                             table.alias.empty() ? table.table_name : table.alias);
  replaced->column_name_alias = table.column_name_alias;
  ref = std::move(replaced);
}

}  // namespace

void RewriteShowStatements(duckdb::QueryNode& node, const std::string& database) {
  SqlTreeVisitor visitor;
  visitor.table = [&](duckdb::unique_ptr<TableRef>& ref) {
    if (ref->type == duckdb::TableReferenceType::SHOW_REF) RewriteShow(ref, database);
    if (ref->type == duckdb::TableReferenceType::BASE_TABLE) RewriteInformationSchema(ref);
  };
  VisitSqlTree(node, visitor);
}

}  // namespace gigapi
