#include "query/time_slice.h"

#include "model/schema.h"
#include "query/lake_catalog.h"

namespace gigapi {
namespace {

using duckdb::BaseTableRef;
using duckdb::ParsedExpression;

/// The query's only table, or nullptr.
const BaseTableRef* OnlyTable(const duckdb::QueryNode& node) {
  if (node.type != duckdb::QueryNodeType::SELECT_NODE || !node.modifiers.empty() || !node.cte_map.map.empty())
    return nullptr;
  const auto& select = node.Cast<duckdb::SelectNode>();
  if (!select.from_table || select.from_table->type != duckdb::TableReferenceType::BASE_TABLE) return nullptr;
  if (!select.groups.group_expressions.empty() || select.having || select.qualify || select.sample) return nullptr;
  const auto& table = select.from_table->Cast<BaseTableRef>();
  return table.sample || !table.column_name_alias.empty() ? nullptr : &table;
}

/// The entry of that name, case ignored where none is equal.
template <typename Map>
typename Map::const_iterator FindName(const Map& map, const std::string& name) {
  const auto exact = map.find(name);
  if (exact != map.end()) return exact;
  return std::find_if(map.begin(), map.end(), [&](const auto& entry) { return FoldCase(entry.first) == FoldCase(name); });
}

duckdb::unique_ptr<ParsedExpression> Bound(duckdb::ExpressionType comparison, const std::string& table, int64_t nanos) {
  return duckdb::make_uniq<duckdb::ComparisonExpression>(
      comparison, duckdb::make_uniq<duckdb::ColumnRefExpression>(std::string(kTimeColumn), table),
      duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value::TIMESTAMPNS(duckdb::timestamp_ns_t(nanos))));
}

void And(duckdb::unique_ptr<ParsedExpression> condition, duckdb::unique_ptr<ParsedExpression>* where) {
  if (!*where) {
    *where = std::move(condition);
    return;
  }
  *where = duckdb::make_uniq<duckdb::ConjunctionExpression>(duckdb::ExpressionType::CONJUNCTION_AND, std::move(*where),
                                                            std::move(condition));
}

}  // namespace

std::optional<QueryDescription::Table> ScannedTable(const duckdb::QueryNode& node, const std::string& database,
                                                    const LakeSnapshot& snapshot) {
  const BaseTableRef* ref = OnlyTable(node);
  if (ref == nullptr || (!ref->catalog_name.empty() && FoldCase(ref->catalog_name) != kLakeCatalog)) return std::nullopt;
  const auto tables = FindName(snapshot.databases, ref->schema_name.empty() ? database : ref->schema_name);
  if (tables == snapshot.databases.end()) return std::nullopt;
  const auto table = FindName(tables->second, ref->table_name);
  if (table == tables->second.end()) return std::nullopt;
  return QueryDescription::Table{tables->first, table->first};
}

void SliceTime(duckdb::QueryNode& node, const QueryRequest& request) {
  if (!request.from_ns && !request.until_ns) return;
  const BaseTableRef* ref = OnlyTable(node);
  if (ref == nullptr) throw duckdb::BinderException("Only a scan of one table can be read in parts");
  const std::string table = ref->alias.empty() ? ref->table_name : ref->alias;
  auto& where = node.Cast<duckdb::SelectNode>().where_clause;
  if (request.from_ns) And(Bound(duckdb::ExpressionType::COMPARE_GREATERTHANOREQUALTO, table, *request.from_ns), &where);
  if (request.until_ns) And(Bound(duckdb::ExpressionType::COMPARE_LESSTHAN, table, *request.until_ns), &where);
}

}  // namespace gigapi
