#include "query/dialect_functions.h"

#include <map>
#include <string_view>
#include <vector>

#include "model/schema.h"
#include "query/sql_tree.h"

namespace gigapi {
namespace {

using duckdb::ExpressionClass;
using duckdb::ParsedExpression;
using Arguments = duckdb::vector<duckdb::unique_ptr<ParsedExpression>>;

/// SQL in which the arguments are the columns a, b, c.
struct Template {
  size_t arguments;
  const char* sql;
};

const Template* FindTemplate(const std::string& name) {
  // Of equal values a selector takes the earliest.
  static const std::map<std::string, Template, std::less<>> templates = {
      {"selector_first", {2, "{'value': arg_min(a, b), 'time': min(b) FILTER (WHERE a IS NOT NULL)}"}},
      {"selector_last", {2, "{'value': arg_max(a, b), 'time': max(b) FILTER (WHERE a IS NOT NULL)}"}},
      {"selector_min", {2, "{'value': min(a), 'time': arg_min(b, {'v': a, 't': b}) FILTER (WHERE a IS NOT NULL)}"}},
      {"selector_max",
       {2, "{'value': max(a), 'time': arg_max(b, {'v': a, 't': -epoch_ns(b)}) FILTER (WHERE a IS NOT NULL)}"}},
      {"approx_percentile_cont", {2, "approx_quantile(a, b)"}},
      {"to_timestamp_nanos", {1, "make_timestamp_ns(CAST(a AS BIGINT))"}},
      {"to_timestamp_micros", {1, "make_timestamp(CAST(a AS BIGINT))"}},
      {"to_timestamp_millis", {1, "make_timestamp(CAST(a AS BIGINT) * 1000)"}},
      {"to_timestamp_seconds", {1, "make_timestamp(CAST(a AS BIGINT) * 1000000)"}},
      {"to_unixtime", {1, "CAST(epoch(a) AS BIGINT)"}},
  };
  const auto found = templates.find(name);
  return found != templates.end() ? &found->second : nullptr;
}

void PutArguments(duckdb::unique_ptr<ParsedExpression>& expression, const Arguments& arguments) {
  if (expression->GetExpressionClass() == ExpressionClass::COLUMN_REF) {
    const std::string& name = expression->Cast<duckdb::ColumnRefExpression>().GetColumnName();
    expression = arguments[static_cast<size_t>(name[0] - 'a')]->Copy();
    return;
  }
  duckdb::ParsedExpressionIterator::EnumerateChildren(
      *expression, [&](duckdb::unique_ptr<ParsedExpression>& child) { PutArguments(child, arguments); });
}

void Replace(duckdb::unique_ptr<ParsedExpression>& expression, const duckdb::FunctionExpression& call,
             const Template& replacement) {
  auto parsed = duckdb::Parser::ParseExpressionList(replacement.sql);
  PutArguments(parsed[0], call.children);
  parsed[0]->SetAlias(expression->GetAlias().empty() ? call.function_name : expression->GetAlias());
  parsed[0]->SetQueryLocation(expression->GetQueryLocation());
  expression = std::move(parsed[0]);
}

bool IsText(const ParsedExpression& expression) {
  return expression.GetExpressionClass() == ExpressionClass::CONSTANT &&
         expression.Cast<duckdb::ConstantExpression>().value.type().id() == duckdb::LogicalTypeId::VARCHAR;
}

void RewriteExpression(duckdb::unique_ptr<ParsedExpression>& expression) {
  if (expression->GetExpressionClass() != ExpressionClass::FUNCTION) return;
  auto& call = expression->Cast<duckdb::FunctionExpression>();
  const std::string name = FoldCase(call.function_name);
  const Template* const replacement = FindTemplate(name);
  if (replacement != nullptr && call.children.size() == replacement->arguments && !call.filter) {
    Replace(expression, call, *replacement);
  } else if (name == "time_bucket" && call.children.size() == 3 && IsText(*call.children[2])) {
    // Arc's origin is a text; DuckDB cannot tell a time from the name of a zone.
    call.children[2] =
        duckdb::make_uniq<duckdb::CastExpression>(duckdb::LogicalType::TIMESTAMP, std::move(call.children[2]));
  }
}

/// The one text of an argument: 'x' or ['x'].
std::string TextOf(const ParsedExpression& argument) {
  if (IsText(argument)) return argument.Cast<duckdb::ConstantExpression>().value.ToString();
  if (argument.GetExpressionClass() == ExpressionClass::FUNCTION) {
    const auto& list = argument.Cast<duckdb::FunctionExpression>();
    if (list.function_name == "list_value" && list.children.size() == 1) return TextOf(*list.children[0]);
  }
  throw duckdb::BinderException("%s takes the name of a table: 'database.table' or 'table'", kMergeTreeFunction);
}

void RewriteTable(duckdb::unique_ptr<duckdb::TableRef>& ref) {
  if (ref->type != duckdb::TableReferenceType::TABLE_FUNCTION) return;
  auto& function = ref->Cast<duckdb::TableFunctionRef>();
  const auto& call = function.function->Cast<duckdb::FunctionExpression>();
  if (FoldCase(call.function_name) != kMergeTreeFunction) return;
  if (call.children.empty() || call.children.size() > 2)
    throw duckdb::BinderException("%s takes one or two arguments", kMergeTreeFunction);
  const std::string name = TextOf(*call.children[0]);
  if (name.find('/') != std::string::npos) {
    throw duckdb::PermissionException("%s reads tables of the lake, not files: %s", kMergeTreeFunction, name);
  }
  const size_t dot = name.find('.');
  const auto quoted = [](const std::string& part) { return duckdb::KeywordHelper::WriteQuoted(part, '"'); };
  std::string sql = "SELECT * FROM ";
  sql += dot == std::string::npos ? quoted(name) : quoted(name.substr(0, dot)) + "." + quoted(name.substr(dot + 1));
  if (call.children.size() == 2) sql += " ORDER BY " + quoted(TextOf(*call.children[1]));
  duckdb::Parser parser;
  parser.ParseQuery(sql);
  auto select = duckdb::unique_ptr_cast<duckdb::SQLStatement, duckdb::SelectStatement>(std::move(parser.statements[0]));
  auto subquery =
      duckdb::make_uniq<duckdb::SubqueryRef>(std::move(select), ref->alias.empty() ? kMergeTreeFunction : ref->alias);
  subquery->column_name_alias = ref->column_name_alias;
  ref = std::move(subquery);
}

}  // namespace

void RewriteDialectFunctions(duckdb::QueryNode& node) {
  SqlTreeVisitor visitor;
  visitor.table = RewriteTable;
  visitor.expression = RewriteExpression;
  VisitSqlTreeKeepingNames(node, visitor);
}

}  // namespace gigapi
