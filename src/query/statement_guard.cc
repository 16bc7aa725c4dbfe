#include "query/statement_guard.h"

#include <string_view>
#include <unordered_set>

#include "model/schema.h"
#include "query/dialect_functions.h"
#include "query/sql_tree.h"

namespace gigapi {
namespace {

using duckdb::PermissionException;
using duckdb::StatementType;

const std::unordered_set<std::string_view>& AllowedTableFunctions() {
  static const std::unordered_set<std::string_view> names = {
      "range",
      "generate_series",
      "unnest",
      "repeat",
      "repeat_row",
      "json_each",
      "json_tree",
      "duckdb_columns",
      "duckdb_constraints",
      "duckdb_databases",
      "duckdb_functions",
      "duckdb_keywords",
      "duckdb_schemas",
      "duckdb_tables",
      "duckdb_types",
      "duckdb_views",
      "pg_timezone_names",
      "icu_calendar_names",
      "pragma_version",
      "pragma_table_info",
      "pragma_user_agent",
      "summary",
      "test_all_types",
      kMergeTreeFunction,  // becomes a table of the lake
  };
  return names;
}

// Scalar functions that look at the server or at other sessions, or that have effects.
const std::unordered_set<std::string_view>& RefusedFunctions() {
  static const std::unordered_set<std::string_view> names = {
      "getenv",          "current_setting", "getvariable",      "nextval",
      "currval",         "setseed",         "write_log",        "parse_duckdb_log_message",
      "sleep_ms",        "which_secret",    "add_parquet_key",  "enable_logging",
      "disable_logging", "checkpoint",      "force_checkpoint", "pg_sleep",
      "txid_current",
  };
  return names;
}

// Views of DuckDB that show settings, files or logs of the server.
const std::unordered_set<std::string_view>& RefusedTables() {
  static const std::unordered_set<std::string_view> names = {"pg_settings", "duckdb_logs", "duckdb_secrets",
                                                             "duckdb_settings", "pragma_database_list"};
  return names;
}

/// Whether such a name may mean DuckDB's view and not a table of a database.
bool MayBeView(const duckdb::BaseTableRef& table) {
  static const std::unordered_set<std::string_view> schemas = {"",       "main",   "pg_catalog", "information_schema",
                                                               "system", "memory", "temp"};
  return FoldCase(table.catalog_name) != "lake" && schemas.count(FoldCase(table.schema_name)) != 0;
}

[[noreturn]] void RefuseFunction(const duckdb::ParsedExpression& expression, const std::string& name) {
  throw duckdb::Exception(duckdb::Exception::InitializeExtraInfo(expression), duckdb::ExceptionType::PERMISSION,
                          "Function \"" + name + "\" is not allowed: queries see the tables of the lake and nothing else");
}

void CheckTable(const duckdb::TableRef& ref) {
  if (ref.type == duckdb::TableReferenceType::TABLE_FUNCTION) {
    const auto& expression = *ref.Cast<duckdb::TableFunctionRef>().function;
    if (expression.GetExpressionClass() != duckdb::ExpressionClass::FUNCTION) {
      throw PermissionException("This kind of table reference is not allowed");
    }
    const auto& name = expression.Cast<duckdb::FunctionExpression>().function_name;
    if (AllowedTableFunctions().count(FoldCase(name)) == 0) RefuseFunction(expression, name);
  }
  if (ref.type == duckdb::TableReferenceType::BASE_TABLE) {
    const auto& table = ref.Cast<duckdb::BaseTableRef>();
    if (RefusedTables().count(FoldCase(table.table_name)) != 0 && MayBeView(table)) {
      throw PermissionException("Table \"%s\" is not allowed", table.table_name);
    }
  }
}

void CheckExpression(const duckdb::ParsedExpression& expression) {
  if (expression.GetExpressionClass() == duckdb::ExpressionClass::FUNCTION) {
    const auto& name = expression.Cast<duckdb::FunctionExpression>().function_name;
    if (RefusedFunctions().count(FoldCase(name)) != 0) RefuseFunction(expression, name);
  }
}

duckdb::unique_ptr<duckdb::SQLStatement> ParseOne(const std::string& sql, const duckdb::ParserOptions& options) {
  duckdb::Parser parser(options);
  parser.ParseQuery(sql);
  if (parser.statements.empty()) throw duckdb::ParserException("The query is empty");
  if (parser.statements.size() > 1) throw duckdb::ParserException("One statement at a time, please");
  return std::move(parser.statements[0]);
}

[[noreturn]] void RefuseStatement(StatementType type) {
  if (type == StatementType::MULTI_STATEMENT) {
    throw duckdb::ParserException("PIVOT needs the values to turn into columns: PIVOT ... ON column IN (...)");
  }
  const std::string name = duckdb::StatementTypeToString(type);
  if (type == StatementType::DROP_STATEMENT) {
    throw PermissionException(
        "%s is not allowed: SQL can read the lake, not change it. DELETE /api/v3/configure/table?db=&table= drops a table, "
        "DELETE /api/v3/configure/database?db= a database",
        name);
  }
  throw PermissionException("%s is not allowed: SQL can read the lake, not change it or the server's settings", name);
}

}  // namespace

duckdb::QueryNode& QueryOf(duckdb::SQLStatement& statement) {
  duckdb::SQLStatement* inner = &statement;
  if (inner->type == StatementType::EXPLAIN_STATEMENT) inner = inner->Cast<duckdb::ExplainStatement>().stmt.get();
  if (inner->type != StatementType::SELECT_STATEMENT) RefuseStatement(inner->type);
  return *inner->Cast<duckdb::SelectStatement>().node;
}

duckdb::unique_ptr<duckdb::SQLStatement> ParseGuarded(const std::string& sql, const duckdb::ParserOptions& options) {
  auto statement = ParseOne(sql, options);
  SqlTreeVisitor visitor;
  visitor.table = [](duckdb::unique_ptr<duckdb::TableRef>& ref) { CheckTable(*ref); };
  visitor.expression = [](duckdb::unique_ptr<duckdb::ParsedExpression>& expression) { CheckExpression(*expression); };
  VisitSqlTree(QueryOf(*statement), visitor);
  return statement;
}

}  // namespace gigapi
