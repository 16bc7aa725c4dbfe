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

}  // namespace gigapi
