#include "query/lake_table.h"

#include "query/lake_catalog.h"
#include "query/lake_scan.h"

namespace gigapi {

LakeTable::LakeTable(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& database, duckdb::CreateTableInfo& info,
                     SchemaPtr schema)
    : TableCatalogEntry(catalog, database, info), schema_(std::move(schema)) {}

duckdb::unique_ptr<LakeTable> LakeTable::Create(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& database,
                                                const std::string& name, SchemaPtr schema) {
  duckdb::CreateTableInfo info(database, name);
  info.columns.AddColumn(duckdb::ColumnDefinition(std::string(kTimeColumn), duckdb::LogicalType::TIMESTAMP_NS));
  for (const ColumnSchema& column : schema->columns()) {
    info.columns.AddColumn(duckdb::ColumnDefinition(column.name, LogicalTypeOf(column.type)));
  }
  return duckdb::make_uniq<LakeTable>(catalog, database, info, std::move(schema));
}

duckdb::unique_ptr<duckdb::BaseStatistics> LakeTable::GetStatistics(duckdb::ClientContext&, duckdb::column_t) {
  return nullptr;
}

duckdb::TableFunction LakeTable::GetScanFunction(duckdb::ClientContext& context,
                                                 duckdb::unique_ptr<duckdb::FunctionData>& bind_data) {
  const TableSnapshotPtr table = LakeTransaction::Get(context, catalog).FindTable(ParentSchema().name, name);
  if (!table || table->schema != schema_) {
    throw duckdb::CatalogException("Table %s changed while the query was read", name);
  }
  return BindLakeScan(context, duckdb::make_shared_ptr<LakeScanInfo>(table, *this), bind_data);
}

duckdb::TableStorageInfo LakeTable::GetStorageInfo(duckdb::ClientContext& context) {
  duckdb::TableStorageInfo result;
  const TableSnapshotPtr table = LakeTransaction::Get(context, catalog).FindTable(ParentSchema().name, name);
  if (!table) return result;
  int64_t rows = 0;
  for (const auto& file : table->files) rows += file->rows;
  for (const auto& part : table->memory) rows += part->rows;
  result.cardinality = static_cast<duckdb::idx_t>(rows);
  return result;
}

duckdb::virtual_column_map_t LakeTable::GetVirtualColumns() const { return LakeVirtualColumns(); }

duckdb::vector<duckdb::column_t> LakeTable::GetRowIdColumns() const {
  throw duckdb::PermissionException("The lake is read-only: rows cannot be changed by SQL");
}

}  // namespace gigapi
