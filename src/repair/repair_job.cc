#include "repair/repair_job.h"

#include <algorithm>
#include <mutex>

#include "base/parallel.h"
#include "base/path.h"
#include "catalog/catalog_key.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

/// They mostly wait for stores.
constexpr size_t kReadThreads = 16;

/// Counts what many threads do.
class Progress {
 public:
  Progress(const RepairHooks& hooks, const char* step, size_t total)
      : hooks_(hooks), step_(step), total_(static_cast<int64_t>(total)) {}
  /// kCancelled once it is asked for.
  Status Begin() const { return hooks_.is_cancelled() ? Error(ErrorKind::kCancelled, "cancelled") : Status::OK(); }
  void Done() {
    const std::lock_guard lock(mutex_);
    hooks_.on_progress(step_, ++done_, total_);
  }

 private:
  const RepairHooks& hooks_;
  const char* const step_;
  const int64_t total_;
  std::mutex mutex_;
  int64_t done_ = 0;
};

Status ForEachObject(ObjectStore* store, const std::string& prefix, const RepairHooks& hooks,
                     const std::function<void(const ObjectInfo&)>& use) {
  std::string start_after;
  do {
    if (hooks.is_cancelled()) return Error(ErrorKind::kCancelled, "cancelled");
    ARROW_ASSIGN_OR_RAISE(ObjectPage page, store->List(prefix, start_after, SIZE_MAX));
    for (const ObjectInfo& object : page.objects) use(object);
    start_after = std::move(page.next_start_after);
  } while (!start_after.empty());
  return Status::OK();
}

class InventoryReader {
 public:
  InventoryReader(const RepairSources& sources, const std::string& node, const RepairHooks& hooks)
      : sources_(sources), node_(node), hooks_(hooks) {}

  Result<LakeInventory> Read() {
    std::vector<CatalogKey> keys;
    ARROW_RETURN_NOT_OK(ForEachObject(sources_.catalog_store.get(), "", hooks_, [&](const ObjectInfo& object) {
      if (auto key = ParseCatalogKey(object.key)) keys.push_back(*std::move(key));
    }));
    return ReadBelow("", keys, [this] { return ReadDropRecords(sources_.catalog_store.get()); });
  }

  Result<LakeInventory> ReadHour(const CatalogKey& hour) {
    const auto read_drops = [&]() -> Result<DropRecords> {
      ARROW_ASSIGN_OR_RAISE(auto record, ReadDropRecord(sources_.catalog_store.get(), hour.database, hour.table));
      return DropRecords{{{hour.database, hour.table}, std::move(record)}};
    };
    return ReadBelow(PartitionPath(TablePath(hour.database, hour.table), *hour.partition) + '/',
                     {{.database = hour.database, .table = hour.table}, hour}, read_drops);
  }

 private:
  TableInventory& TableAt(const CatalogKey& key) { return inventory_.tables[{key.database, key.table}]; }

  Result<LakeInventory> ReadBelow(const std::string& prefix, const std::vector<CatalogKey>& keys,
                                  const std::function<Result<DropRecords>()>& read_drops) {
    // The metadata first: a file that is committed meanwhile is an orphan for now, and no listed one is missed.
    ARROW_RETURN_NOT_OK(ReadMetadata(keys));
    // After it, so that what has just been dropped is not taken for lost.
    ARROW_ASSIGN_OR_RAISE(DropRecords drops, read_drops());
    for (size_t position = 0; position < sources_.layers.size(); ++position) {
      ARROW_RETURN_NOT_OK(ListLayer(position, prefix));
    }
    for (auto& [name, record] : drops) {
      const auto table = inventory_.tables.find(name);
      if (table != inventory_.tables.end()) table->second.dropped = std::move(record);
    }
    ARROW_RETURN_NOT_OK(ReadFooters());
    return std::move(inventory_);
  }

  Status ListLayer(size_t position, const std::string& prefix) {
    const LayerPtr& layer = sources_.layers[position];
    return ForEachObject(layer->store(), prefix, hooks_, [&](const ObjectInfo& object) {
      if (!LevelOfFileName(NameOf(object.key))) return;
      const auto key = ParseCatalogKey(MetadataKey(ParentOf(object.key)));
      if (!key || !key->partition) return;
      TableAt(*key).hours[*key->partition].files.push_back({.layer = layer,
                                                            .layer_position = position,
                                                            .key = object.key,
                                                            .size_bytes = static_cast<int64_t>(object.size_bytes),
                                                            .modified_ns = object.modified_ns});
    });
  }

  Status ReadMetadata(const std::vector<CatalogKey>& keys) {
    for (const CatalogKey& key : keys) {
      inventory_.databases.insert(key.database);
      if (key.partition) TableAt(key).hours.try_emplace(*key.partition);
      else if (!key.table.empty()) (void)TableAt(key);
    }
    Progress progress(hooks_, "reading metadata", keys.size());
    return ForEachConcurrently(keys.size(), kReadThreads, "repair", [&](size_t i) -> Status {
      ARROW_RETURN_NOT_OK(progress.Begin());
      if (!keys[i].table.empty()) ARROW_RETURN_NOT_OK(ReadOne(keys[i]));
      progress.Done();
      return Status::OK();
    });
  }

  /// Each has an element of its own.
  Status ReadOne(const CatalogKey& key) {
    TableInventory& table = inventory_.tables.at({key.database, key.table});
    const std::string path = TablePath(key.database, key.table);
    if (!key.partition) {
      const auto read = sources_.catalog_store->Get(MetadataKey(path));
      if (!read.ok()) return KindOf(read.status()) == ErrorKind::kNotFound ? Status::OK() : read.status();
      auto schema = DecodeTableMetadata(read->content);
      if (schema.ok()) table.schema = *std::move(schema);
      else table.problem = schema.status().message();
      return Status::OK();
    }
    HourInventory& hour = table.hours.at(*key.partition);
    const std::string hour_path = PartitionPath(path, *key.partition);
    auto read = sources_.catalog_store->Get(MetadataKey(hour_path));
    if (!read.ok()) return KindOf(read.status()) == ErrorKind::kNotFound ? Status::OK() : read.status();
    auto metadata = DecodePartitionMetadata(read->content, {sources_.layers, hour_path, *key.partition, node_});
    hour.version = std::move(read->version);
    if (metadata.ok()) hour.metadata = *std::move(metadata);
    else hour.problem = metadata.status().message();
    return Status::OK();
  }

  Status ReadFooters() {
    std::vector<FoundFile*> files;
    for (auto& [name, table] : inventory_.tables) {
      for (auto& [partition, hour] : table.hours) {
        if (!NeedsFooters(table, hour)) continue;
        for (FoundFile& file : hour.files) files.push_back(&file);
      }
    }
    Progress progress(hooks_, "reading footers", files.size());
    return ForEachConcurrently(files.size(), kReadThreads, "repair", [&](size_t i) -> Status {
      ARROW_RETURN_NOT_OK(progress.Begin());
      ARROW_RETURN_NOT_OK(ReadFooter(files[i]));
      progress.Done();
      return Status::OK();
    });
  }

  static Status ReadFooter(FoundFile* file) {
    // Without the cache: each is read once.
    ARROW_ASSIGN_OR_RAISE(const auto opened, file->layer->store()->Open(file->key, static_cast<uint64_t>(file->size_bytes)));
    auto footer = ReadParquetFooter(opened);
    if (footer.ok()) {
      file->footer = *std::move(footer);
      return Status::OK();
    }
    const ErrorKind kind = KindOf(footer.status());
    if (kind != ErrorKind::kInvalidArgument && kind != ErrorKind::kUnsupported && kind != ErrorKind::kNotFound) {
      return footer.status();
    }
    file->problem = footer.status().message();
    return Status::OK();
  }

  const RepairSources& sources_;
  const std::string& node_;
  const RepairHooks& hooks_;
  LakeInventory inventory_;
};

}  // namespace

Result<LakeInventory> ReadInventory(const RepairSources& sources, const std::string& node, const RepairHooks& hooks) {
  return InventoryReader(sources, node, hooks).Read();
}

Result<LakeInventory> ReadHourInventory(const RepairSources& sources, const CatalogKey& hour, const std::string& node,
                                        const RepairHooks& hooks) {
  return InventoryReader(sources, node, hooks).ReadHour(hour);
}

Status ApplyRepair(const RepairPlan& plan, Catalog* catalog, const RepairHooks& hooks) {
  // In the order in which a flush makes them: what a reader meets in between is whole.
  for (const std::string& database : plan.databases) ARROW_RETURN_NOT_OK(catalog->CreateDatabase(database));
  for (const TableChange& table : plan.tables) {
    ARROW_RETURN_NOT_OK(catalog->CommitTable(TablePath(table.database, table.table), table.table, *table.schema).status());
  }
  Progress progress(hooks, "writing metadata", plan.hours.size());
  return ForEachConcurrently(plan.hours.size(), kReadThreads, "repair", [&](size_t i) -> Status {
    ARROW_RETURN_NOT_OK(progress.Begin());
    const HourChange& hour = plan.hours[i];
    const std::string path = PartitionPath(TablePath(hour.database, hour.table), hour.partition);
    const auto committed = catalog->CommitPartition(path, hour.metadata, hour.version);
    if (!committed.ok() && KindOf(committed.status()) == ErrorKind::kConflict) {
      return Errorf(ErrorKind::kConflict, "a node has changed {} meanwhile: repair again", path);
    }
    ARROW_RETURN_NOT_OK(committed.status());
    progress.Done();
    return Status::OK();
  });
}

bool IsRemovable(const Orphan& orphan, int64_t written_before_ns) {
  const bool has_own_rows = orphan.kind == OrphanKind::kUnlisted || orphan.kind == OrphanKind::kConflicting;
  return !has_own_rows && orphan.kind != OrphanKind::kUnreadable && orphan.modified_ns < written_before_ns;
}

Result<RemovedOrphans> RemoveOrphans(const RepairPlan& plan, int64_t written_before_ns, const RepairHooks& hooks) {
  std::vector<Orphan> orphans;
  std::ranges::copy_if(plan.orphans, std::back_inserter(orphans),
                       [&](const Orphan& orphan) { return IsRemovable(orphan, written_before_ns); });
  return RemoveFiles(orphans, hooks);
}

Result<RemovedOrphans> RemoveFiles(const std::vector<Orphan>& orphans, const RepairHooks& hooks) {
  RemovedOrphans removed;
  Progress progress(hooks, "removing orphans", orphans.size());
  for (const Orphan& orphan : orphans) {
    ARROW_RETURN_NOT_OK(progress.Begin());
    ARROW_RETURN_NOT_OK(orphan.layer->Remove(orphan.key));
    ++removed.files;
    removed.bytes += orphan.size_bytes;
    progress.Done();
  }
  return removed;
}

}  // namespace gigapi
