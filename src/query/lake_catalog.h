// The lake as a catalog of DuckDB: databases are schemas, their names as the snapshot has them. Read-only.
//
// A transaction pins one snapshot when it first needs one; all that a query finds and reads comes from it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "lake/snapshot.h"
#include "query/duckdb_headers.h"
#include "query/lake_schema.h"
#include "query/query_engine.h"

namespace gigapi {

inline constexpr const char* kLakeCatalog = "lake";

/// Where the queries of a connection leave what is to be said of their answers; set before each.
std::shared_ptr<QueryNotes>& NotesOf(duckdb::ClientContext& context);

class LakeTransaction final : public duckdb::Transaction {
 public:
  LakeTransaction(duckdb::TransactionManager& manager, duckdb::ClientContext& context, SnapshotSource* source);
  ~LakeTransaction() override;
  static LakeTransaction& Get(duckdb::ClientContext& context, duckdb::Catalog& catalog);

  const LakeSnapshot& Snapshot();
  using Tables = std::map<std::string, TableSnapshotPtr>;
  /// By exact name, else ignoring case. `exact` (may be null) receives the name as it is.
  const Tables* FindDatabase(const std::string& name, std::string* exact = nullptr);
  /// With what other nodes have of it, asked for when the transaction first needs the table. Throws when that fails.
  TableSnapshotPtr FindTable(const std::string& database, const std::string& table);
  /// Keeps a catalog entry until the transaction ends.
  void Keep(std::shared_ptr<duckdb::CatalogEntry> entry);

 private:
  SnapshotSource* const source_;
  std::mutex lock_;
  LakeSnapshotPtr snapshot_;
  std::map<std::pair<std::string, std::string>, TableSnapshotPtr> tables_;  // by database and table; nullptr: none
  const std::shared_ptr<QueryNotes> notes_;
  std::vector<std::shared_ptr<duckdb::CatalogEntry>> kept_;
};

class LakeCatalog final : public duckdb::Catalog {
 public:
  LakeCatalog(duckdb::AttachedDatabase& db, SnapshotSource* source);
  ~LakeCatalog() override;

  SnapshotSource* source() const { return source_; }

  void Initialize(bool) override {}
  std::string GetCatalogType() override { return kLakeCatalog; }
  duckdb::optional_ptr<duckdb::CatalogEntry> CreateSchema(duckdb::CatalogTransaction, duckdb::CreateSchemaInfo&) override;
  void ScanSchemas(duckdb::ClientContext& context, std::function<void(duckdb::SchemaCatalogEntry&)> callback) override;
  duckdb::optional_ptr<duckdb::SchemaCatalogEntry> LookupSchema(duckdb::CatalogTransaction transaction,
                                                                const duckdb::EntryLookupInfo& lookup,
                                                                duckdb::OnEntryNotFound if_not_found) override;
  duckdb::PhysicalOperator& PlanCreateTableAs(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&,
                                              duckdb::LogicalCreateTable&, duckdb::PhysicalOperator&) override;
  duckdb::PhysicalOperator& PlanInsert(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&, duckdb::LogicalInsert&,
                                       duckdb::optional_ptr<duckdb::PhysicalOperator>) override;
  duckdb::PhysicalOperator& PlanDelete(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&, duckdb::LogicalDelete&,
                                       duckdb::PhysicalOperator&) override;
  duckdb::PhysicalOperator& PlanUpdate(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&, duckdb::LogicalUpdate&,
                                       duckdb::PhysicalOperator&) override;
  duckdb::unique_ptr<duckdb::LogicalOperator> BindCreateIndex(duckdb::Binder&, duckdb::CreateStatement&,
                                                              duckdb::TableCatalogEntry&,
                                                              duckdb::unique_ptr<duckdb::LogicalOperator>) override;
  duckdb::unique_ptr<duckdb::LogicalOperator> BindAlterAddIndex(duckdb::Binder&, duckdb::TableCatalogEntry&,
                                                                duckdb::unique_ptr<duckdb::LogicalOperator>,
                                                                duckdb::unique_ptr<duckdb::CreateIndexInfo>,
                                                                duckdb::unique_ptr<duckdb::AlterTableInfo>) override;
  duckdb::DatabaseSize GetDatabaseSize(duckdb::ClientContext&) override { return {}; }
  bool InMemory() override { return true; }
  std::string GetDBPath() override { return kLakeCatalog; }

 private:
  void DropSchema(duckdb::ClientContext&, duckdb::DropInfo&) override;
  LakeSchema& Schema(const std::string& database);

  SnapshotSource* const source_;
  std::mutex lock_;
  std::unordered_map<std::string, std::unique_ptr<LakeSchema>> schemas_;
};

/// Lets `ATTACH 'lake' AS lake (TYPE lake, READ_ONLY)` mount the lake. `source` must outlive the database.
void RegisterLakeStorage(duckdb::DatabaseInstance& db, SnapshotSource* source);

}  // namespace gigapi
