// A table of the lake as DuckDB's catalog sees it: names and types of one schema. What a query reads comes from the snapshot
// that its transaction pinned.
#pragma once

#include "model/schema.h"
#include "query/duckdb_headers.h"

namespace gigapi {

class LakeTable final : public duckdb::TableCatalogEntry {
 public:
  LakeTable(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& database, duckdb::CreateTableInfo& info, SchemaPtr schema);

  static duckdb::unique_ptr<LakeTable> Create(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& database,
                                              const std::string& name, SchemaPtr schema);

  const SchemaPtr& schema_ptr() const { return schema_; }

  duckdb::unique_ptr<duckdb::BaseStatistics> GetStatistics(duckdb::ClientContext& context, duckdb::column_t column) override;
  duckdb::TableFunction GetScanFunction(duckdb::ClientContext& context,
                                        duckdb::unique_ptr<duckdb::FunctionData>& bind_data) override;
  duckdb::TableStorageInfo GetStorageInfo(duckdb::ClientContext& context) override;
  duckdb::virtual_column_map_t GetVirtualColumns() const override;
  duckdb::vector<duckdb::column_t> GetRowIdColumns() const override;

 private:
  const SchemaPtr schema_;
};

}  // namespace gigapi
