#include "catalog/store_catalog.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/log.h"
#include "base/parallel.h"
#include "base/uuid.h"
#include "catalog/catalog_key.h"
#include "catalog/catalog_listing.h"
#include "catalog/checkpoint_writer.h"
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

  /// A list tells what there is; what the checkpoint has of it tells how to cut the list, and saves reading it.
  Result<CatalogContents> Load(const DropList&) override {
    ARROW_ASSIGN_OR_RAISE(const CheckpointParts parts, ListCheckpointParts(store_.get()));
    const std::vector<std::string>& begins = parts.begins;
    std::vector<KnownPart> known(begins.size());
    ARROW_RETURN_NOT_OK(ForEachConcurrently(begins.size(), kLoadThreads, "load", [&](size_t i) {
      known[i] = ReadPart(begins[i]);
      return Status::OK();
    }));
    std::vector<std::pair<ListedRange, KnownPart*>> lists;
    for (size_t i = 0; i < begins.size(); ++i) {
      const std::string end = i + 1 < begins.size() ? begins[i + 1] : "";
      for (ListedRange& range : CutIntoLists(begins[i], end, known[i].expected)) {
        lists.emplace_back(std::move(range), &known[i]);
      }
    }
    std::vector<std::vector<LoadedObject>> ranges(lists.size());
    ARROW_RETURN_NOT_OK(ForEachConcurrently(lists.size(), kLoadThreads, "load", [&](size_t i) {
      return LoadRange(lists[i].first, lists[i].second).Value(&ranges[i]);
    }));
    std::vector<LoadedObject*> unknown;
    for (auto& range : ranges) {
      for (LoadedObject& object : range) {
        if (!object.is_loaded) unknown.push_back(&object);
      }
    }
    ARROW_RETURN_NOT_OK(
        ForEachConcurrently(unknown.size(), kLoadThreads, "load", [&](size_t i) { return GetObject(unknown[i]); }));
    LOG_DEBUG("read the catalog", "parts={} lists={} objects_read_one_by_one={}", begins.size(), lists.size(),
              unknown.size());
    return ContentsOf(std::move(ranges));
  }

  Result<std::vector<CatalogEntry>> List(const std::function<bool()>& is_cancelled) override {
    ARROW_ASSIGN_OR_RAISE(const CheckpointParts parts, ListCheckpointParts(store_.get()));
    ARROW_ASSIGN_OR_RAISE(auto objects, ListCatalog(store_.get(), parts.begins, is_cancelled));
    std::vector<CatalogEntry> entries;
    for (ObjectInfo& object : objects) entries.push_back({*ParseCatalogKey(object.key), std::move(object.version)});
    return entries;
  }

  Status WriteCheckpoint(const std::function<bool()>& is_cancelled) override { return checkpoint_.Write(is_cancelled); }

  Result<LoadedPartition> GetPartition(const std::string& table_path, PartitionKey key) override {
    auto found = store_->Get(MetadataKey(PartitionPath(table_path, key)));
    if (!found.ok() && KindOf(found.status()) == ErrorKind::kNotFound) return LoadedPartition{.key = key, .metadata = {}};
    ARROW_RETURN_NOT_OK(found.status());
    return DecodePartition(table_path, key, found->content, std::move(found->version));
  }

  Result<bool> HasDatabase(const std::string& database) override {
    // Files of one that was dropped lie there a while longer.
    std::string start_after;
    do {
      ARROW_ASSIGN_OR_RAISE(ObjectPage page, store_->List(DatabasePath(database) + '/', start_after, kPageObjects));
      const bool is_there = std::ranges::any_of(
          page.objects, [](const ObjectInfo& object) { return ParseCatalogKey(object.key).has_value(); });
      if (is_there) return true;
      start_after = std::move(page.next_start_after);
    } while (!start_after.empty());
    return false;
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

  Status RecordDrop(const DropRecord& record) override { return PutDropRecord(record, store_.get()); }

  Result<DropList> DropsOf(const std::string& node) override {
    ARROW_ASSIGN_OR_RAISE(const DropRecords records, ReadDropRecords(store_.get()));
    DropList drops;
    for (const auto& [name, record] : records) {
      const uint64_t sequence = SequenceOf(record.wal_sequences, node);
      if (sequence > 0) drops.Add({.database = name.first, .table = name.second, .sequence = sequence});
    }
    return drops;
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
  /// One of the catalog's objects and what it says. Of a database: nothing, of a table: the columns.
  struct LoadedObject {
    CatalogKey key = {};
    bool is_loaded = false;
    SchemaPtr schema = {};  // nullptr: it was removed meanwhile
    LoadedPartition partition = {};
  };

  /// What a part of the checkpoint has; each of the three in the order of keys.
  struct KnownPart {
    std::vector<CheckpointEntry> entries = {};  // without their contents
    std::vector<LoadedObject> objects = {};     // what these say
    std::vector<ExpectedObject> expected = {};
  };

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

  KnownPart ReadPart(const std::string& begin) {
    const UnpackedCheckpointPart read = ReadCheckpointPart(store_.get(), begin);
    KnownPart part;
    part.objects.resize(read.entries.size());
    for (size_t i = 0; i < read.entries.size(); ++i) {
      const auto& [key, version, content] = read.entries[i];
      auto decoded = DecodeObject(std::string(key), std::string(version), content);
      // It may not be of the catalog any more. Where it is, it is read, and found to be what it is.
      if (decoded.ok()) part.objects[i] = *std::move(decoded);
      part.entries.push_back({.key = std::string(key), .version = std::string(version), .content = {}});
      part.expected.push_back({std::string(key), CountFilesBeside(part.objects[i].partition.metadata)});
    }
    return part;
  }

  /// Of a range of keys, with all that the checkpoint knows, which is taken out of the part.
  Result<std::vector<LoadedObject>> LoadRange(const ListedRange& listed, KnownPart* part) {
    ARROW_ASSIGN_OR_RAISE(const auto there, ListCatalogRange(store_.get(), listed, [] { return false; }));
    std::vector<LoadedObject> range;
    for (const ObjectInfo& object : there) {
      const CheckpointEntry* const entry = FindCurrent(part->entries, object);
      LoadedObject loaded;
      if (entry != nullptr) loaded = std::move(part->objects[static_cast<size_t>(entry - part->entries.data())]);
      loaded.key = *ParseCatalogKey(object.key);
      loaded.is_loaded |= loaded.key.table.empty();
      range.push_back(std::move(loaded));
    }
    return range;
  }

  Result<LoadedObject> DecodeObject(const std::string& object_key, std::string version, std::string_view content) {
    LoadedObject object;
    const auto key = ParseCatalogKey(object_key);
    if (!key) return Error(ErrorKind::kInvalidArgument, "not the catalog's");
    if (key->partition) {
      ARROW_ASSIGN_OR_RAISE(object.partition, DecodePartition(TablePath(key->database, key->table), *key->partition, content,
                                                              std::move(version)));
    } else if (!key->table.empty()) {
      ARROW_ASSIGN_OR_RAISE(object.schema, DecodeTableMetadata(content));
    }
    object.is_loaded = true;
    return object;
  }

  /// Of an hour's files, those that lie where the catalog does.
  size_t CountFilesBeside(const PartitionMetadata& metadata) const {
    const auto is_beside = [&](const LayerPtr& layer) { return layer && layer->store() == store_.get(); };
    const auto files = std::ranges::count_if(metadata.files, [&](const auto& file) { return is_beside(file->layer); });
    const auto dropped = std::ranges::count_if(metadata.drop_queue, [&](const DroppedName& name) {
      return name.layer.empty() || is_beside(FindLayer(layers_, name.layer));
    });
    return static_cast<size_t>(files + dropped);
  }

  Status GetObject(LoadedObject* object) {
    const std::string table_path = TablePath(object->key.database, object->key.table);
    if (object->key.partition) return GetPartition(table_path, *object->key.partition).Value(&object->partition);
    return GetTable(table_path).Value(&object->schema);
  }

  Result<LoadedPartition> DecodePartition(const std::string& table_path, PartitionKey key, std::string_view content,
                                          std::string version) {
    LoadedPartition loaded{.key = key, .metadata = {}, .version = std::move(version)};
    const std::string path = PartitionPath(table_path, key);
    ARROW_ASSIGN_OR_RAISE(loaded.metadata, DecodePartitionMetadata(content, {layers_, path, key, node_, find_peer_layer_}));
    return loaded;
  }

  static CatalogContents ContentsOf(std::vector<std::vector<LoadedObject>> ranges) {
    std::set<std::string> databases;
    std::map<std::pair<std::string, std::string>, LoadedTable> tables;
    for (auto& range : ranges) {
      for (LoadedObject& object : range) {
        databases.insert(object.key.database);
        if (object.key.table.empty()) continue;
        LoadedTable& table = tables[{object.key.database, object.key.table}];
        if (object.key.partition) table.partitions.push_back(std::move(object.partition));
        else table.schema = std::move(object.schema);
      }
    }
    CatalogContents contents;
    contents.databases.assign(databases.begin(), databases.end());
    for (auto& [name, table] : tables) {
      // A table without columns of its own is one that is being removed or made.
      if (table.schema == nullptr) continue;
      std::tie(table.database, table.table) = name;
      contents.tables.push_back(std::move(table));
    }
    return contents;
  }

  const std::shared_ptr<ObjectStore> store_;
  const std::vector<LayerPtr> layers_;
  const FindPeerLayer find_peer_layer_;
  const std::string node_;
  const ChangeNote note_;
  CheckpointWriter checkpoint_{store_.get()};
};

}  // namespace

std::unique_ptr<Catalog> MakeStoreCatalog(std::shared_ptr<ObjectStore> store, std::vector<LayerPtr> layers, std::string node,
                                          ChangeNote note, FindPeerLayer find_peer_layer) {
  return std::make_unique<StoreCatalog>(std::move(store), std::move(layers), std::move(find_peer_layer), std::move(node),
                                        std::move(note));
}

}  // namespace gigapi
