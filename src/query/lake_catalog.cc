#include "query/lake_catalog.h"

#include "model/schema.h"

namespace gigapi {
namespace {

/// The element with this key, else one whose key equals it when case is ignored.
template <typename Map>
typename Map::const_iterator FindName(const Map& map, const std::string& name) {
  auto found = map.find(name);
  if (found != map.end()) return found;
  const std::string folded = FoldCase(name);
  for (found = map.begin(); found != map.end(); ++found) {
    if (found->first.size() == name.size() && FoldCase(found->first) == folded) break;
  }
  return found;
}

/// Lives as long as the connection.
struct NotesState final : public duckdb::ClientContextState {
  std::shared_ptr<QueryNotes> notes;
};

class LakeTransactionManager final : public duckdb::TransactionManager {
 public:
  LakeTransactionManager(duckdb::AttachedDatabase& db, SnapshotSource* source) : TransactionManager(db), source_(source) {}

  duckdb::Transaction& StartTransaction(duckdb::ClientContext& context) override {
    auto transaction = std::make_unique<LakeTransaction>(*this, context, source_);
    auto& result = *transaction;
    const std::lock_guard<std::mutex> guard(lock_);
    transactions_.emplace(&result, std::move(transaction));
    return result;
  }
  duckdb::ErrorData CommitTransaction(duckdb::ClientContext&, duckdb::Transaction& transaction) override {
    End(transaction);
    return {};
  }
  void RollbackTransaction(duckdb::Transaction& transaction) override { End(transaction); }
  void Checkpoint(duckdb::ClientContext&, bool) override { RefuseChange(); }

 private:
  void End(duckdb::Transaction& transaction) {
    std::unique_ptr<LakeTransaction> ended;  // destroyed without the lock: it may hold the last reference to much
    const std::lock_guard<std::mutex> guard(lock_);
    const auto found = transactions_.find(&transaction);
    if (found == transactions_.end()) return;
    ended = std::move(found->second);
    transactions_.erase(found);
  }

  SnapshotSource* const source_;
  std::mutex lock_;
  std::unordered_map<duckdb::Transaction*, std::unique_ptr<LakeTransaction>> transactions_;
};

struct LakeStorageInfo final : public duckdb::StorageExtensionInfo {
  explicit LakeStorageInfo(SnapshotSource* snapshot_source) : source(snapshot_source) {}
  SnapshotSource* const source;
};

duckdb::unique_ptr<duckdb::Catalog> AttachLake(duckdb::optional_ptr<duckdb::StorageExtensionInfo> info,
                                               duckdb::ClientContext&, duckdb::AttachedDatabase& db, const std::string&,
                                               duckdb::AttachInfo&, duckdb::AttachOptions&) {
  return duckdb::make_uniq<LakeCatalog>(db, static_cast<LakeStorageInfo&>(*info).source);
}

duckdb::unique_ptr<duckdb::TransactionManager> MakeTransactionManager(
    duckdb::optional_ptr<duckdb::StorageExtensionInfo> info, duckdb::AttachedDatabase& db, duckdb::Catalog&) {
  return duckdb::make_uniq<LakeTransactionManager>(db, static_cast<LakeStorageInfo&>(*info).source);
}

}  // namespace

LakeTransaction::LakeTransaction(duckdb::TransactionManager& manager, duckdb::ClientContext& context, SnapshotSource* source)
    : Transaction(manager, context), source_(source), notes_(NotesOf(context)) {}
LakeTransaction::~LakeTransaction() = default;

std::shared_ptr<QueryNotes>& NotesOf(duckdb::ClientContext& context) {
  return context.registered_state->GetOrCreate<NotesState>("gigapi_notes")->notes;
}

LakeTransaction& LakeTransaction::Get(duckdb::ClientContext& context, duckdb::Catalog& catalog) {
  return Transaction::Get(context, catalog).Cast<LakeTransaction>();
}

const LakeSnapshot& LakeTransaction::Snapshot() {
  const std::lock_guard<std::mutex> guard(lock_);
  if (!snapshot_) snapshot_ = source_->Snapshot();
  return *snapshot_;
}

const LakeTransaction::Tables* LakeTransaction::FindDatabase(const std::string& name, std::string* exact) {
  const auto& databases = Snapshot().databases;
  const auto found = FindName(databases, name);
  if (found == databases.end()) return nullptr;
  if (exact != nullptr) *exact = found->first;
  return &found->second;
}

TableSnapshotPtr LakeTransaction::FindTable(const std::string& database, const std::string& table) {
  std::string exact_database;
  const Tables* tables = FindDatabase(database, &exact_database);
  if (tables == nullptr) return nullptr;
  const auto found = FindName(*tables, table);
  const std::string exact_table = found == tables->end() ? table : found->first;
  {
    const std::lock_guard<std::mutex> guard(lock_);
    const auto complete = tables_.find({exact_database, exact_table});
    if (complete != tables_.end()) return complete->second;
  }
  auto whole = source_->Complete(exact_database, exact_table, found == tables->end() ? nullptr : found->second);
  if (!whole.ok()) throw duckdb::IOException("%s", whole.status().message());
  if (notes_ && !whole->missing_nodes.empty()) notes_->AddMissing(whole->missing_nodes);
  const std::lock_guard<std::mutex> guard(lock_);
  return tables_.try_emplace({exact_database, exact_table}, std::move(whole->table)).first->second;
}

void LakeTransaction::Keep(std::shared_ptr<duckdb::CatalogEntry> entry) {
  const std::lock_guard<std::mutex> guard(lock_);
  kept_.push_back(std::move(entry));
}

LakeCatalog::LakeCatalog(duckdb::AttachedDatabase& db, SnapshotSource* source) : Catalog(db), source_(source) {}
LakeCatalog::~LakeCatalog() = default;

LakeSchema& LakeCatalog::Schema(const std::string& database) {
  const std::lock_guard<std::mutex> guard(lock_);
  auto& schema = schemas_[database];
  if (!schema) {
    duckdb::CreateSchemaInfo info;
    info.schema = database;
    schema = std::make_unique<LakeSchema>(*this, info);
  }
  return *schema;
}

void LakeCatalog::ScanSchemas(duckdb::ClientContext& context, std::function<void(duckdb::SchemaCatalogEntry&)> callback) {
  for (const auto& [database, tables] : LakeTransaction::Get(context, *this).Snapshot().databases)
    callback(Schema(database));
}

duckdb::optional_ptr<duckdb::SchemaCatalogEntry> LakeCatalog::LookupSchema(duckdb::CatalogTransaction transaction,
                                                                           const duckdb::EntryLookupInfo& lookup,
                                                                           duckdb::OnEntryNotFound if_not_found) {
  std::string exact;
  if (LakeTransaction::Get(transaction.GetContext(), *this).FindDatabase(lookup.GetEntryName(), &exact) != nullptr) {
    return &Schema(exact);
  }
  if (if_not_found == duckdb::OnEntryNotFound::RETURN_NULL) return nullptr;
  throw duckdb::CatalogException(lookup.GetErrorContext(), "Database \"%s\" does not exist", lookup.GetEntryName());
}

duckdb::optional_ptr<duckdb::CatalogEntry> LakeCatalog::CreateSchema(duckdb::CatalogTransaction, duckdb::CreateSchemaInfo&) {
  RefuseChange();
}
void LakeCatalog::DropSchema(duckdb::ClientContext&, duckdb::DropInfo&) { RefuseChange(); }
duckdb::PhysicalOperator& LakeCatalog::PlanCreateTableAs(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&,
                                                         duckdb::LogicalCreateTable&, duckdb::PhysicalOperator&) {
  RefuseChange();
}
duckdb::PhysicalOperator& LakeCatalog::PlanInsert(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&,
                                                  duckdb::LogicalInsert&, duckdb::optional_ptr<duckdb::PhysicalOperator>) {
  RefuseChange();
}
duckdb::PhysicalOperator& LakeCatalog::PlanDelete(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&,
                                                  duckdb::LogicalDelete&, duckdb::PhysicalOperator&) {
  RefuseChange();
}
duckdb::PhysicalOperator& LakeCatalog::PlanUpdate(duckdb::ClientContext&, duckdb::PhysicalPlanGenerator&,
                                                  duckdb::LogicalUpdate&, duckdb::PhysicalOperator&) {
  RefuseChange();
}
// DuckDB's own versions of these two take the table for one of its own, and crash.
duckdb::unique_ptr<duckdb::LogicalOperator> LakeCatalog::BindCreateIndex(duckdb::Binder&, duckdb::CreateStatement&,
                                                                         duckdb::TableCatalogEntry&,
                                                                         duckdb::unique_ptr<duckdb::LogicalOperator>) {
  RefuseChange();
}
duckdb::unique_ptr<duckdb::LogicalOperator> LakeCatalog::BindAlterAddIndex(duckdb::Binder&, duckdb::TableCatalogEntry&,
                                                                           duckdb::unique_ptr<duckdb::LogicalOperator>,
                                                                           duckdb::unique_ptr<duckdb::CreateIndexInfo>,
                                                                           duckdb::unique_ptr<duckdb::AlterTableInfo>) {
  RefuseChange();
}

void RegisterLakeStorage(duckdb::DatabaseInstance& db, SnapshotSource* source) {
  auto extension = duckdb::make_shared_ptr<duckdb::StorageExtension>();
  extension->attach = AttachLake;
  extension->create_transaction_manager = MakeTransactionManager;
  extension->storage_info = duckdb::make_shared_ptr<LakeStorageInfo>(source);
  duckdb::StorageExtension::Register(duckdb::DBConfig::GetConfig(db), kLakeCatalog, std::move(extension));
}

}  // namespace gigapi
