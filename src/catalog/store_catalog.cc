#include "catalog/store_catalog.h"

#include <algorithm>
#include <map>

#include "base/log.h"
#include "base/parallel.h"
#include "base/uuid.h"
#include "catalog/catalog_key.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

/// They mostly wait for the store.
constexpr size_t kLoadThreads = 16;
constexpr size_t kPageObjects = 1'000;
/// Nodes that add columns to one table at the same time take turns.
constexpr int kTableAttemptsMax = 20;

/// `ours` added to what the table has: its columns keep their places.
Result<SchemaPtr> Union(const SchemaPtr& theirs, const TableSchema& ours, std::string_view table) {
  std::vector<ColumnSchema> missing;
  for (const ColumnSchema& column : ours.columns()) {
    const auto known = theirs->FindIgnoringCase(column.name);
    if (!known) {
      missing.push_back(column);
    } else if ((*theirs)[*known].name != column.name || !Widens(column.type, (*theirs)[*known].type)) {
      return Errorf(ErrorKind::kConflict, "column '{}' of table '{}' was made with another type by another node",
                    column.name, table);
    }
  }
  return missing.empty() ? theirs : theirs->With(missing);
}

class StoreCatalog final : public Catalog {
 public:
  StoreCatalog(std::shared_ptr<ObjectStore> store, std::vector<LayerPtr> layers, FindPeerLayer find_peer_layer,
               std::string node, ChangeNote note)
      : store_(std::move(store)),
        layers_(std::move(layers)),
        find_peer_layer_(std::move(find_peer_layer)),
        node_(std::move(node)),
        note_(std::move(note)) {}

  bool is_shared() const override { return true; }

  Result<CatalogContents> Load(const DropList&) override {
    CatalogContents contents;
    std::map<std::pair<std::string, std::string>, size_t> tables;  // position in the contents
    struct Place {
      size_t table;
      size_t partition;
    };
    std::vector<Place> places;
    const auto table_at = [&](const CatalogKey& key) -> LoadedTable& {
      const auto [found, is_new] = tables.try_emplace({key.database, key.table}, contents.tables.size());
      if (is_new) contents.tables.push_back({.database = key.database, .table = key.table, .schema = {}, .partitions = {}});
      return contents.tables[found->second];
    };
    ARROW_ASSIGN_OR_RAISE(const auto keys, ListKeys());
    for (const CatalogKey& key : keys) {
      if (contents.databases.empty() || contents.databases.back() != key.database)
        contents.databases.push_back(key.database);
      if (key.table.empty()) continue;
      LoadedTable& table = table_at(key);
      if (!key.partition) continue;
      places.push_back({static_cast<size_t>(&table - contents.tables.data()), table.partitions.size()});
      table.partitions.push_back({.key = *key.partition, .metadata = {}});
    }
    std::sort(contents.databases.begin(), contents.databases.end());
    contents.databases.erase(std::unique(contents.databases.begin(), contents.databases.end()), contents.databases.end());
    ARROW_RETURN_NOT_OK(ForEachConcurrently(contents.tables.size(), kLoadThreads, "load", [&](size_t i) -> Status {
      LoadedTable& table = contents.tables[i];
      ARROW_ASSIGN_OR_RAISE(const auto found, GetVersionedTable(TablePath(table.database, table.table)));
      table.schema = found ? found->schema : nullptr;
      return Status::OK();
    }));
    ARROW_RETURN_NOT_OK(ForEachConcurrently(places.size(), kLoadThreads, "load", [&](size_t i) -> Status {
      LoadedTable& table = contents.tables[places[i].table];
      LoadedPartition& partition = table.partitions[places[i].partition];
      ARROW_ASSIGN_OR_RAISE(partition, GetPartition(TablePath(table.database, table.table), partition.key));
      return Status::OK();
    }));
    // A table without columns of its own is one that is being removed or made.
    std::erase_if(contents.tables, [](const LoadedTable& table) { return table.schema == nullptr; });
    return contents;
  }

  Result<LoadedPartition> GetPartition(const std::string& table_path, PartitionKey key) override {
    LoadedPartition loaded;
    loaded.key = key;
    const std::string path = PartitionPath(table_path, key);
    auto found = store_->Get(MetadataKey(path));
    if (!found.ok() && KindOf(found.status()) == ErrorKind::kNotFound) return loaded;
    ARROW_RETURN_NOT_OK(found.status());
    ARROW_ASSIGN_OR_RAISE(loaded.metadata,
                          DecodePartitionMetadata(found->content, {layers_, path, key, node_, find_peer_layer_}));
    loaded.version = std::move(found->version);
    return loaded;
  }

  Result<bool> HasDatabase(const std::string& database) override {
    ARROW_ASSIGN_OR_RAISE(const ObjectPage page, store_->List(DatabasePath(database) + '/', "", 1));
    return !page.objects.empty();
  }

  Result<SchemaPtr> GetTable(const std::string& table_path) override {
    ARROW_ASSIGN_OR_RAISE(auto found, GetVersionedTable(table_path));
    return found ? std::move(found->schema) : nullptr;
  }

  Status RemoveLeftovers(const CatalogContents&) override { return Status::OK(); }

  Status CreateDatabase(std::string_view database) override {
    const std::string key = MetadataKey(DatabasePath(database));
    const auto put = store_->PutIfAbsent(key, fmt::format(R"({{"type":"{}","made_by":"{}"}})", database, NewUuid()));
    Note(key);
    return !put.ok() && KindOf(put.status()) == ErrorKind::kConflict ? Status::OK() : put.status();
  }

  Result<SchemaPtr> CommitTable(const std::string& table_path, std::string_view table, const TableSchema& schema) override {
    const std::string key = MetadataKey(table_path);
    for (int attempt = 1;; ++attempt) {
      ARROW_ASSIGN_OR_RAISE(const auto found, GetVersionedTable(table_path));
      const SchemaPtr theirs = found ? found->schema : std::make_shared<const TableSchema>();
      ARROW_ASSIGN_OR_RAISE(SchemaPtr all, Union(theirs, schema, table));
      if (found && all == theirs) return all;
      const std::string content = EncodeTableMetadata(table, *all, NewUuid());
      const auto put = found ? store_->PutIfVersion(key, content, found->version) : store_->PutIfAbsent(key, content);
      Note(key);
      if (put.ok()) return all;
      if (KindOf(put.status()) != ErrorKind::kConflict || attempt == kTableAttemptsMax) return put.status();
    }
  }

  Result<std::string> CommitPartition(const std::string& partition_path, const PartitionMetadata& metadata,
                                      const std::string& version) override {
    const std::string key = MetadataKey(partition_path);
    const std::string content = EncodePartitionMetadata(metadata, NewUuid());
    auto put = version.empty() ? store_->PutIfAbsent(key, content) : store_->PutIfVersion(key, content, version);
    Note(key);
    return put;
  }

  /// With what other nodes have made below it.
  Status RemoveMetadata(const std::string& path) override {
    std::string start_after;
    do {
      ARROW_ASSIGN_OR_RAISE(ObjectPage page, store_->List(path + '/', start_after, kPageObjects));
      for (const ObjectInfo& object : page.objects) {
        if (!ParseCatalogKey(object.key)) continue;
        const Status removed = store_->Remove(object.key);
        Note(object.key);
        ARROW_RETURN_NOT_OK(removed);
      }
      start_after = std::move(page.next_start_after);
    } while (!start_after.empty());
    return Status::OK();
  }
  // A store has no folders.
  Status SyncRemovals(const std::string&) override { return Status::OK(); }
  Status RemoveEmptyDirectories(const std::vector<std::string>&, const std::string&) override { return Status::OK(); }

 private:
  struct VersionedSchema {
    SchemaPtr schema;
    std::string version;
  };

  Result<std::optional<VersionedSchema>> GetVersionedTable(const std::string& table_path) {
    const auto found = store_->Get(MetadataKey(table_path));
    if (!found.ok() && KindOf(found.status()) == ErrorKind::kNotFound) return std::nullopt;
    ARROW_RETURN_NOT_OK(found.status());
    ARROW_ASSIGN_OR_RAISE(SchemaPtr schema, DecodeTableMetadata(found->content));
    return VersionedSchema{std::move(schema), found->version};
  }

  /// Also of what failed, for it may have been done.
  void Note(const std::string& key) {
    if (note_) note_(key);
  }

  Result<std::vector<CatalogKey>> ListKeys() {
    std::vector<CatalogKey> keys;
    std::string start_after;
    do {
      ARROW_ASSIGN_OR_RAISE(ObjectPage page, store_->List("", start_after, kPageObjects));
      for (const ObjectInfo& object : page.objects) {
        if (auto key = ParseCatalogKey(object.key)) keys.push_back(*std::move(key));
      }
      start_after = std::move(page.next_start_after);
    } while (!start_after.empty());
    return keys;
  }

  const std::shared_ptr<ObjectStore> store_;
  const std::vector<LayerPtr> layers_;
  const FindPeerLayer find_peer_layer_;
  const std::string node_;
  const ChangeNote note_;
};

}  // namespace

std::unique_ptr<Catalog> MakeStoreCatalog(std::shared_ptr<ObjectStore> store, std::vector<LayerPtr> layers, std::string node,
                                          ChangeNote note, FindPeerLayer find_peer_layer) {
  return std::make_unique<StoreCatalog>(std::move(store), std::move(layers), std::move(find_peer_layer), std::move(node),
                                        std::move(note));
}

}  // namespace gigapi
