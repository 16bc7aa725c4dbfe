#include "query/lake_database.h"

#include "query/lake_catalog.h"
#include "query/lake_file_system.h"
#include "query/large_blocks.h"
#include "query/large_limit.h"
#include "query/sql_functions.h"
#include "query/vector_memory.h"

namespace gigapi {
namespace {

// Where unqualified names are looked up when a request names no database: no database can have this name.
constexpr const char* kNoDatabase = "(none)";

void Configure(const QueryOptions& options, duckdb::DBConfig* db_config) {
  duckdb::DBConfig& config = *db_config;
  config.file_system = duckdb::make_uniq<duckdb::VirtualFileSystem>(
      duckdb::unique_ptr<duckdb::FileSystem>(MakeLakeFileSystem(options.temp_directory).release()));
  config.SetOptionByName("max_memory", duckdb::Value(options.memory_limit));
  config.SetOptionByName("threads", duckdb::Value::BIGINT(options.threads));
  config.SetOptionByName("temp_directory", duckdb::Value(options.temp_directory));
  config.SetOptionByName("autoinstall_known_extensions", duckdb::Value::BOOLEAN(false));
  config.SetOptionByName("autoload_known_extensions", duckdb::Value::BOOLEAN(false));
}

void Run(duckdb::Connection* connection, const std::string& sql) {
  auto result = connection->Query(sql);
  if (result->HasError()) result->ThrowError();
}

}  // namespace

LakeDatabase::LakeDatabase(SnapshotSource* lake, const QueryOptions& options)
    : pool_max_(static_cast<size_t>(std::max(1, options.max_concurrent))) {
  duckdb::DBConfig config;
  Configure(options, &config);
  LimitVectorMemory(&config);
  const QueryThreadName of_workers;
  db_ = duckdb::make_uniq<duckdb::DuckDB>(nullptr, &config);
  Mount(lake, options);
}

void LakeDatabase::Mount(SnapshotSource* lake, const QueryOptions& options) {
  auto& instance = *db_->instance;
  RegisterLakeStorage(instance, lake);
  RegisterSqlFunctions(instance);
  ReadLargeLimitsOnce(instance);
  duckdb::Connection connection(instance);
  Run(&connection, "ATTACH 'lake' AS lake (TYPE lake, READ_ONLY)");
  Run(&connection, "SET GLOBAL TimeZone = 'UTC'");
  Run(&connection, "SET GLOBAL parquet_metadata_cache = true");
  // Tables by file name are found by replacement scans, which read files.
  duckdb::DBConfig::GetConfig(instance).replacement_scans.clear();
  Run(&connection, "SET GLOBAL allowed_directories = ['lake://']");
  Run(&connection, "SET GLOBAL enable_external_access = false");
  Run(&connection, "SET GLOBAL lock_configuration = true");
}

std::unique_ptr<duckdb::Connection> LakeDatabase::Take(const std::string& database) {
  std::unique_ptr<duckdb::Connection> connection;
  {
    const std::lock_guard<std::mutex> guard(lock_);
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!connection) connection = std::make_unique<duckdb::Connection>(*db_->instance);
  auto& path = *duckdb::ClientData::Get(*connection->context).catalog_search_path;
  path.Set(duckdb::CatalogSearchEntry(kLakeCatalog, database.empty() ? kNoDatabase : database),
           duckdb::CatalogSetPathType::SET_DIRECTLY);
  return connection;
}

void LakeDatabase::GiveBack(std::unique_ptr<duckdb::Connection> connection) {
  const std::lock_guard<std::mutex> guard(lock_);
  if (idle_.size() < pool_max_) idle_.push_back(std::move(connection));
}

bool LakeDatabase::IsBroken() const { return duckdb::ValidChecker::IsInvalidated(*db_->instance); }

}  // namespace gigapi
