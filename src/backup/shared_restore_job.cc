#include "backup/shared_restore_job.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "backup/replaced_tables.h"
#include "backup/restore_copy.h"
#include "backup/restore_mark.h"
#include "backup/retry_wait.h"
#include "backup/running_nodes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/path.h"
#include "catalog/catalog_key.h"
#include "catalog/drop_record.h"
#include "catalog/store_catalog.h"
#include "object_store/for_each_object.h"
#include "storage/hive_path.h"
#include "storage/parquet_footer.h"

namespace gigapi {
namespace {

/// They mostly wait for the store.
constexpr size_t kCatalogThreads = 16;

bool IsDataFile(const std::string& key) {
  return LevelOfFileName(NameOf(key)) && ParseCatalogKey(MetadataKey(ParentOf(key)));
}

/// A partition to be.
struct Hour {
  TableKey table;
  PartitionKey key;
  PartitionMetadata metadata;
};

class Job {
 public:
  Job(const BackupManifest& manifest, const SharedRestoreTarget& target, LayerPtr layer, const BackupHooks& hooks)
      : manifest_(manifest),
        target_(target),
        store_(target.catalog.get()),
        layer_(std::move(layer)),
        hooks_(hooks),
        catalog_(MakeStoreCatalog(target.catalog, target.layers, "restore", {})),
        mark_(store_, target.mark_times) {}

  Status Run() {
    ARROW_RETURN_NOT_OK(CheckNoNodeRuns(store_, hooks_.is_cancelled));
    ARROW_RETURN_NOT_OK(mark_.Look(hooks_.is_cancelled));
    if (!mark_.goes_on() && !target_.replace_existing) {
      ARROW_RETURN_NOT_OK(CheckNoTables());
      ARROW_RETURN_NOT_OK(CheckNoOtherFiles());
    }
    ARROW_RETURN_NOT_OK(RestoreCopy(manifest_, *layer_, hooks_).CopyAll());
    ARROW_ASSIGN_OR_RAISE(const std::vector<Hour> hours, MakeHours());
    ARROW_RETURN_NOT_OK(Persist([&] { return mark_.Take(); }));
    // While files were copied nothing kept nodes from coming.
    const Status alone = mark_.goes_on() ? Status::OK() : Persist([&] { return CheckAgain(); });
    if (!alone.ok()) {
      ARROW_RETURN_NOT_OK(Persist([&] { return mark_.GiveUp(); }));
      return alone;
    }
    return Persist([&] { return Replace(hours); });
  }

 private:
  /// What is neither done nor undone by now, again and again.
  Status Persist(const std::function<Status()>& step) {
    for (int attempt = 1;; ++attempt) {
      const Status done = step();
      if (done.ok() || !MayPass(done) || hooks_.gives_up()) {
        if (attempt > 1) hooks_.on_waiting(Status::OK());
        return done;
      }
      LOG_WARN("a restore waits", "catalog={} attempt={} reason=\"{}\"", store_->Describe(), attempt, done.message());
      hooks_.on_waiting(done);
      if (!WaitAfterAttempt(attempt, hooks_.gives_up)) return done;
    }
  }

  /// All of it anew at each attempt.
  Status Replace(const std::vector<Hour>& hours) {
    ARROW_RETURN_NOT_OK(mark_.Renew());
    if (mark_.has_ended()) return Status::OK();
    Status content = RecordWhatGoes(hours);
    if (content.ok()) content = RemoveTables();
    if (content.ok()) content = Commit(hours);
    // Nobody else changes it: what is met is a put of an earlier attempt that came late.
    const bool is_own = !content.ok() && KindOf(content) == ErrorKind::kConflict && mark_.Check().ok();
    if (is_own) return Error(ErrorKind::kUnavailable, content.message());
    ARROW_RETURN_NOT_OK(content);
    return mark_.End();
  }

  Status CheckNoTables() const {
    return ForEachObject(store_, "", [&](const ObjectInfo& object) -> Status {
      if (!ParseCatalogKey(object.key)) return Status::OK();
      return Errorf(ErrorKind::kConflict,
                    "the catalog in {} is not empty; --force puts the backup in the place of what it has",
                    store_->Describe());
    });
  }

  /// But for those that an earlier try has copied.
  Status CheckNoOtherFiles() const {
    std::set<std::string> own;
    for (const auto& [database, tables] : manifest_.databases) {
      for (const auto& [name, table] : tables) {
        for (const BackupFile& each : table.files) own.insert(RestoredKey(*each.file));
      }
    }
    for (const LayerPtr& layer : target_.layers) {
      ARROW_RETURN_NOT_OK(ForEachObject(layer->store(), "", [&](const ObjectInfo& object) -> Status {
        if (!IsDataFile(object.key) || own.contains(object.key)) return Status::OK();
        return Errorf(ErrorKind::kConflict, "layer '{}' has files, such as {}; --force leaves them there and restores",
                      layer->name(), object.key);
      }));
    }
    return Status::OK();
  }

  Status CheckAgain() const {
    ARROW_RETURN_NOT_OK(CheckNoNodeRuns(store_, hooks_.is_cancelled));
    return target_.replace_existing ? Status::OK() : CheckNoTables();
  }

  Result<std::vector<Hour>> MakeHours() const {
    std::vector<Hour> hours;
    for (const auto& [database, tables] : manifest_.databases) {
      for (const auto& [name, table] : tables) {
        for (auto& [key, metadata] : RestoredPartitions(name, table, layer_)) {
          hours.push_back({{database, name}, key, metadata});
        }
      }
    }
    ARROW_RETURN_NOT_OK(ForEachConcurrently(hours.size(), kCatalogThreads, "restore", [&](size_t i) -> Status {
      for (const DataFilePtr& file : hours[i].metadata.files) {
        if (hooks_.is_cancelled()) return Error(ErrorKind::kCancelled, "cancelled");
        ARROW_RETURN_NOT_OK(RaiseSequences(*file, &hours[i].metadata.wal_sequences));
      }
      return Status::OK();
    }));
    return hours;
  }

  static Status RaiseSequences(const DataFile& file, std::map<std::string, uint64_t>* sequences) {
    ARROW_ASSIGN_OR_RAISE(const auto opened, OpenDataFile(file));
    ARROW_ASSIGN_OR_RAISE(const ParquetFooter footer, ReadParquetFooter(opened));
    if (!footer.provenance) return Status::OK();
    for (const auto& [log, ranges] : footer.provenance->logs) {
      if (ranges.empty()) continue;
      uint64_t& sequence = (*sequences)[log];
      sequence = std::max(sequence, ranges.back().up_to);
    }
    return Status::OK();
  }

  /// Nodes, sweeps and repairs would else take what the restore takes away for files whose metadata was lost.
  Status RecordWhatGoes(const std::vector<Hour>& hours) {
    ARROW_ASSIGN_OR_RAISE(const TableSequences replaced, ReadTableSequences(store_, catalog_.get()));
    ARROW_ASSIGN_OR_RAISE(const DropRecords earlier, ReadDropRecords(store_));
    HourSequences restored;
    for (const Hour& hour : hours) restored[hour.table][hour.key] = hour.metadata.wal_sequences;
    for (const auto& [table, record] : RecordsOfReplaced(replaced, earlier, restored, WallNanos())) {
      ARROW_RETURN_NOT_OK(mark_.Check());
      ARROW_RETURN_NOT_OK(PutDropRecord(record, store_));
    }
    return Status::OK();
  }

  Status RemoveTables() {
    std::vector<std::string> keys;
    ARROW_RETURN_NOT_OK(ForEachObject(store_, "", [&](const ObjectInfo& object) {
      if (ParseCatalogKey(object.key)) keys.push_back(object.key);
      return Status::OK();
    }));
    return ForEachConcurrently(keys.size(), kCatalogThreads, "restore", [&](size_t i) -> Status {
      ARROW_RETURN_NOT_OK(mark_.Check());
      return store_->Remove(keys[i]);
    });
  }

  Status Commit(const std::vector<Hour>& hours) {
    for (const auto& [database, tables] : manifest_.databases) {
      ARROW_RETURN_NOT_OK(mark_.Check());
      ARROW_RETURN_NOT_OK(catalog_->CreateDatabase(database));
      for (const auto& [name, table] : tables) {
        ARROW_RETURN_NOT_OK(mark_.Check());
        ARROW_RETURN_NOT_OK(catalog_->CommitTable(TablePath(database, name), name, *table.schema).status());
      }
    }
    return ForEachConcurrently(hours.size(), kCatalogThreads, "restore", [&](size_t i) -> Status {
      ARROW_RETURN_NOT_OK(mark_.Check());
      const auto& [table, key, metadata] = hours[i];
      return catalog_->CommitPartition(PartitionPath(TablePath(table.first, table.second), key), metadata, "").status();
    });
  }

  const BackupManifest& manifest_;
  const SharedRestoreTarget& target_;
  ObjectStore* const store_;
  const LayerPtr layer_;
  const BackupHooks& hooks_;
  const std::unique_ptr<Catalog> catalog_;
  RestoreMark mark_;
};

/// Read and written without the cache: each file is used once.
Result<LayerPtr> FirstSharedLayer(const std::vector<LayerPtr>& layers) {
  const auto found =
      std::ranges::find_if(layers, [](const LayerPtr& layer) { return layer->is_global() || !layer->local_directory(); });
  if (found == layers.end()) {
    return Error(ErrorKind::kUnsupported, "no layer is one that all nodes reach, so there is no place for the files");
  }
  const LayerPtr& layer = *found;
  LayerOptions options{.name = layer->name(), .is_global = layer->is_global(), .ttl_ns = layer->ttl_ns()};
  options.local_directory = layer->local_directory();
  return std::make_shared<const Layer>(std::move(options), std::shared_ptr<ObjectStore>(layer, layer->store()), nullptr);
}

}  // namespace

Status RunSharedRestore(const BackupManifest& manifest, const SharedRestoreTarget& target, const BackupHooks& hooks) {
  ARROW_ASSIGN_OR_RAISE(LayerPtr layer, FirstSharedLayer(target.layers));
  return Job(manifest, target, std::move(layer), hooks).Run();
}

}  // namespace gigapi
