#include "query/lake_schema.h"

#include "query/lake_catalog.h"

namespace gigapi {

using duckdb::CatalogEntry;
using duckdb::CatalogTransaction;
using duckdb::CatalogType;
using duckdb::optional_ptr;

void RefuseChange() {
  throw duckdb::PermissionException("The lake is read-only: SQL cannot create, change or drop anything");
}

LakeSchema::LakeSchema(duckdb::Catalog& catalog, duckdb::CreateSchemaInfo& info) : SchemaCatalogEntry(catalog, info) {}
LakeSchema::~LakeSchema() = default;

LakeTable& LakeSchema::Entry(duckdb::ClientContext& context, const std::string& table, const SchemaPtr& schema) {
  std::shared_ptr<LakeTable> entry;
  {
    const std::lock_guard<std::mutex> guard(lock_);
    auto& newest = tables_[table];
    if (!newest || newest->schema_ptr() != schema) newest = LakeTable::Create(catalog, *this, table, schema);
    entry = newest;
  }
  LakeTable& result = *entry;
  LakeTransaction::Get(context, catalog).Keep(std::move(entry));
  return result;
}

optional_ptr<CatalogEntry> LakeSchema::LookupEntry(CatalogTransaction transaction, const duckdb::EntryLookupInfo& lookup) {
  if (lookup.GetCatalogType() != CatalogType::TABLE_ENTRY) return nullptr;
  auto& context = transaction.GetContext();
  const TableSnapshotPtr table = LakeTransaction::Get(context, catalog).FindTable(name, lookup.GetEntryName());
  if (!table) return nullptr;
  return &Entry(context, table->table, table->schema);
}

duckdb::SimilarCatalogEntry LakeSchema::GetSimilarEntry(CatalogTransaction transaction,
                                                        const duckdb::EntryLookupInfo& lookup) {
  duckdb::SimilarCatalogEntry best;
  if (lookup.GetCatalogType() != CatalogType::TABLE_ENTRY) return best;
  const auto* tables = LakeTransaction::Get(transaction.GetContext(), catalog).FindDatabase(name);
  if (tables == nullptr) return best;
  for (const auto& [table, snapshot] : *tables) {
    const double score = duckdb::StringUtil::SimilarityRating(table, lookup.GetEntryName());
    if (score > best.score) {
      best.score = score;
      best.name = table;
    }
  }
  return best;
}

void LakeSchema::Scan(duckdb::ClientContext& context, CatalogType type, const std::function<void(CatalogEntry&)>& callback) {
  if (type != CatalogType::TABLE_ENTRY) return;
  const auto* tables = LakeTransaction::Get(context, catalog).FindDatabase(name);
  if (tables == nullptr) return;
  for (const auto& [table, snapshot] : *tables) callback(Entry(context, table, snapshot->schema));
}

optional_ptr<CatalogEntry> LakeSchema::CreateIndex(CatalogTransaction, duckdb::CreateIndexInfo&,
                                                   duckdb::TableCatalogEntry&) {
  RefuseChange();
}
optional_ptr<CatalogEntry> LakeSchema::CreateFunction(CatalogTransaction, duckdb::CreateFunctionInfo&) { RefuseChange(); }
optional_ptr<CatalogEntry> LakeSchema::CreateTable(CatalogTransaction, duckdb::BoundCreateTableInfo&) { RefuseChange(); }
optional_ptr<CatalogEntry> LakeSchema::CreateView(CatalogTransaction, duckdb::CreateViewInfo&) { RefuseChange(); }
optional_ptr<CatalogEntry> LakeSchema::CreateSequence(CatalogTransaction, duckdb::CreateSequenceInfo&) { RefuseChange(); }
optional_ptr<CatalogEntry> LakeSchema::CreateTableFunction(CatalogTransaction, duckdb::CreateTableFunctionInfo&) {
  RefuseChange();
}
optional_ptr<CatalogEntry> LakeSchema::CreateCopyFunction(CatalogTransaction, duckdb::CreateCopyFunctionInfo&) {
  RefuseChange();
}
optional_ptr<CatalogEntry> LakeSchema::CreatePragmaFunction(CatalogTransaction, duckdb::CreatePragmaFunctionInfo&) {
  RefuseChange();
}
optional_ptr<CatalogEntry> LakeSchema::CreateCollation(CatalogTransaction, duckdb::CreateCollationInfo&) { RefuseChange(); }
optional_ptr<CatalogEntry> LakeSchema::CreateType(CatalogTransaction, duckdb::CreateTypeInfo&) { RefuseChange(); }
void LakeSchema::DropEntry(duckdb::ClientContext&, duckdb::DropInfo&) { RefuseChange(); }
void LakeSchema::Alter(CatalogTransaction, duckdb::AlterInfo&) { RefuseChange(); }

}  // namespace gigapi
