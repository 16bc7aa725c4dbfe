// Fuzzes InfluxQL: lexer, parser, and the way of a condition and of a SELECT to SQL.
//
// Beside not crashing: the text that a statement keeps of itself reads as the same statement again, and no quote of a
// condition's names and texts gets out of its own in SQL.
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "model/schema.h"
#include "server/api/influx/influxql_condition.h"
#include "server/api/influx/influxql_parser.h"
#include "server/api/influx/select_plan.h"
#include "server/api/influx/subquery_table.h"

namespace gigapi::influx {
namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

/// Whether every quote of SQL is closed, and no statement or comment begins outside of them.
bool StaysInQuotes(std::string_view sql) {
  char open = 0;
  for (size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    if (open != 0) {
      if (c == open) open = 0;  // a doubled quote opens again at once
    } else if (c == '\'' || c == '"') {
      open = c;
    } else if (c == ';' || c == '\0' || sql.substr(i).starts_with("/*") || sql.substr(i).starts_with("--")) {
      return false;
    }
  }
  return open == 0;
}

void CheckPlan(const Statement& statement, SelectContext context);

/// A subquery is a table of the statement around it.
void CheckSubquery(const Statement& outer, const Statement& inner, SelectContext context) {
  CheckPlan(inner, context);
  const auto plan = PlanSelect(inner, context);
  if (!plan.ok() || !*plan) return;
  const std::vector<ValueType> types((*plan)->is_count.size(), ValueType::kInt64);
  const auto table = TableOfSubquery(**plan, types);
  if (!table.ok()) return;
  Check(StaysInQuotes(table->sql));
  context.schema = &table->schema;
  context.from = table->sql;
  const auto around = PlanSelect(outer, context);
  if (around.ok() && *around) Check(StaysInQuotes((*around)->sql + (*around)->order));
}

void CheckPlan(const Statement& statement, SelectContext context) {
  context.match = [](const auto& names, const auto&) { return names; };
  if (!statement.select->time_zone.empty()) {
    context.zone = std::make_shared<const ZoneTable>(std::vector<ZoneTable::Change>{{0, 3'600}, {1'700'000'000, 7'200}});
  }
  const auto plan = PlanSelect(statement, context);
  if (plan.ok() && *plan) Check(StaysInQuotes((*plan)->sql + (*plan)->order));
  for (const Source& source : statement.sources) {
    if (source.subquery != nullptr) CheckSubquery(statement, *source.subquery, context);
  }
}

void Fuzz(std::string_view text) {
  const TableSchema schema({{"host", ColumnType::kTag}, {"v", ColumnType::kFloat64}, {"s", ColumnType::kString}});
  const auto statements = ParseInfluxQl(text);
  if (!statements.ok()) return;
  for (const Statement& statement : *statements) {
    const auto again = ParseInfluxQl(statement.text);
    Check(again.ok() && again->size() == 1);
    Check((*again)[0].kind == statement.kind && (*again)[0].name == statement.name);
    if (statement.select != nullptr) CheckPlan(statement, {"db", "t", &schema, 1'700'000'000'000'000'000, {}});
    if (statement.condition == nullptr) continue;
    const auto sql = ConditionToSql(*statement.condition, schema, 1'700'000'000'000'000'000);
    if (sql.ok()) Check(StaysInQuotes(*sql));
  }
}

}  // namespace
}  // namespace gigapi::influx

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gigapi::influx::Fuzz({reinterpret_cast<const char*>(data), size});
  return 0;
}
