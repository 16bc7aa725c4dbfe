#include "catalog/guarded_catalog.h"

#include <functional>

#include "base/path.h"
#include "catalog/catalog_key.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

/// What sorts behind every key under .gigapi/.
constexpr char kBehindPrivate[] = ".gigapi0";
constexpr int kPagesMax = 5;

using Marker = CatalogMarker;

/// Of the first objects, those that are private left out.
Result<bool> HasAny(ObjectStore* store, const std::function<bool(const std::string&)>& is_it) {
  std::string start_after;
  for (int page_number = 0; page_number < kPagesMax; ++page_number) {
    ARROW_ASSIGN_OR_RAISE(const ObjectPage page, store->List("", start_after, SIZE_MAX));
    for (const ObjectInfo& object : page.objects) {
      if (is_it(object.key)) return true;
    }
    if (page.next_start_after.empty()) return false;
    start_after = page.next_start_after.starts_with(".gigapi/") ? std::string(kBehindPrivate) : page.next_start_after;
  }
  return false;
}

bool IsMetadata(const std::string& key) { return ParseCatalogKey(key).has_value(); }
bool IsDataFile(const std::string& key) {
  return LevelOfFileName(NameOf(key)) && ParseCatalogKey(MetadataKey(ParentOf(key)));
}

Status Refuse(Marker state, const ObjectStore& store) {
  if (state == Marker::kRestoring) {
    return Errorf(ErrorKind::kUnavailable,
                  "a backup is being restored into the catalog in {}, or a restore was cut short: then run it again",
                  store.Describe());
  }
  return Errorf(
      ErrorKind::kUnavailable,
      "there is no catalog in {}, but the files are there. If that is the right place (metadata_type, and the number "
      "and prefix of a Redis), it was lost: `gigapi repair --apply` rebuilds it from them",
      store.Describe());
}

Status IsRestored() {
  return Error(ErrorKind::kConflict, "a restore into this catalog has not ended: run `gigapi restore` again");
}

Status CheckMarker(ObjectStore* store) {
  ARROW_ASSIGN_OR_RAISE(const VersionedMarker marker, ReadCatalogMarker(store));
  return marker.state == Marker::kWhole ? Status::OK() : Refuse(marker.state, *store);
}

class GuardedCatalog final : public Catalog {
 public:
  GuardedCatalog(std::unique_ptr<Catalog> catalog, std::shared_ptr<ObjectStore> store, std::vector<LayerPtr> layers)
      : catalog_(std::move(catalog)), store_(std::move(store)), layers_(std::move(layers)) {}

  bool is_shared() const override { return true; }

  Result<CatalogContents> Load(const DropList& drops) override {
    ARROW_RETURN_NOT_OK(CheckOrMarkCatalog(store_.get(), layers_));
    return catalog_->Load(drops);
  }
  Result<std::vector<CatalogEntry>> List(const std::function<bool()>& is_cancelled) override {
    ARROW_RETURN_NOT_OK(Check());
    return catalog_->List(is_cancelled);
  }
  Status WriteCheckpoint(const std::function<bool()>& is_cancelled) override {
    ARROW_RETURN_NOT_OK(Check());
    return catalog_->WriteCheckpoint(is_cancelled);
  }
  Result<LoadedPartition> GetPartition(const std::string& table_path, PartitionKey key) override {
    ARROW_ASSIGN_OR_RAISE(LoadedPartition loaded, catalog_->GetPartition(table_path, key));
    if (loaded.version.empty()) ARROW_RETURN_NOT_OK(Check());
    return loaded;
  }
  Result<bool> HasDatabase(const std::string& database) override {
    ARROW_ASSIGN_OR_RAISE(const bool has_it, catalog_->HasDatabase(database));
    if (!has_it) ARROW_RETURN_NOT_OK(Check());
    return has_it;
  }
  Result<SchemaPtr> GetTable(const std::string& table_path) override {
    ARROW_ASSIGN_OR_RAISE(SchemaPtr schema, catalog_->GetTable(table_path));
    if (schema == nullptr) ARROW_RETURN_NOT_OK(Check());
    return schema;
  }
  Status RemoveLeftovers(const CatalogContents& contents) override { return catalog_->RemoveLeftovers(contents); }
  Status CreateDatabase(std::string_view database) override {
    ARROW_RETURN_NOT_OK(Check());
    return catalog_->CreateDatabase(database);
  }
  Result<SchemaPtr> CommitTable(const std::string& table_path, std::string_view table, const TableSchema& schema) override {
    ARROW_RETURN_NOT_OK(Check());
    return catalog_->CommitTable(table_path, table, schema);
  }
  Result<std::string> CommitPartition(const std::string& partition_path, const PartitionMetadata& metadata,
                                      const std::string& version) override {
    if (version.empty()) ARROW_RETURN_NOT_OK(Check());
    return catalog_->CommitPartition(partition_path, metadata, version);
  }
  Status RecordDrop(const DropRecord& record) override { return catalog_->RecordDrop(record); }
  Result<DropList> DropsOf(const std::string& node) override { return catalog_->DropsOf(node); }
  Status RemoveMetadata(const std::string& path) override { return catalog_->RemoveMetadata(path); }
  Status SyncRemovals(const std::string& path) override { return catalog_->SyncRemovals(path); }
  Status RemoveEmptyDirectories(const std::vector<std::string>& paths, const std::string& top) override {
    return catalog_->RemoveEmptyDirectories(paths, top);
  }

 private:
  Status Check() { return CheckMarker(store_.get()); }

  const std::unique_ptr<Catalog> catalog_;
  const std::shared_ptr<ObjectStore> store_;
  const std::vector<LayerPtr> layers_;
};

}  // namespace

std::unique_ptr<Catalog> MakeGuardedCatalog(std::unique_ptr<Catalog> catalog, std::shared_ptr<ObjectStore> store,
                                            std::vector<LayerPtr> layers) {
  return std::make_unique<GuardedCatalog>(std::move(catalog), std::move(store), std::move(layers));
}

Status CheckOrMarkCatalog(ObjectStore* store, const std::vector<LayerPtr>& layers) {
  ARROW_ASSIGN_OR_RAISE(const VersionedMarker marker, ReadCatalogMarker(store));
  if (marker.state == Marker::kWhole) return Status::OK();
  if (marker.state != Marker::kNone) return Refuse(marker.state, *store);
  // One of an earlier version has metadata and no marker.
  ARROW_ASSIGN_OR_RAISE(const bool has_metadata, HasAny(store, IsMetadata));
  for (const LayerPtr& layer : layers) {
    if (has_metadata) break;
    ARROW_ASSIGN_OR_RAISE(const bool has_files, HasAny(layer->store(), IsDataFile));
    // Another node may have made it meanwhile, and flushed.
    if (has_files) return CheckMarker(store);
  }
  const Status put = ReplaceCatalogMarker(store, marker, CatalogMarkerContent(Marker::kWhole)).status();
  return put.ok() || KindOf(put) != ErrorKind::kConflict ? put : CheckMarker(store);
}

Result<bool> HasCatalogMarker(ObjectStore* store) {
  ARROW_ASSIGN_OR_RAISE(const VersionedMarker marker, ReadCatalogMarker(store));
  return marker.state != Marker::kNone;
}

Result<bool> BeginRebuild(ObjectStore* store) {
  ARROW_ASSIGN_OR_RAISE(const VersionedMarker marker, ReadCatalogMarker(store));
  if (marker.state == Marker::kRestoring) return IsRestored();
  if (marker.state != Marker::kNone) return marker.state == Marker::kWhole;
  ARROW_RETURN_NOT_OK(ReplaceCatalogMarker(store, marker, CatalogMarkerContent(Marker::kUnfinished)).status());
  return false;
}

Status EndRebuild(ObjectStore* store) {
  ARROW_ASSIGN_OR_RAISE(const VersionedMarker marker, ReadCatalogMarker(store));
  if (marker.state == Marker::kWhole) return Status::OK();
  if (marker.state == Marker::kRestoring) return IsRestored();
  return ReplaceCatalogMarker(store, marker, CatalogMarkerContent(Marker::kWhole)).status();
}

}  // namespace gigapi
