#include "catalog/json_catalog.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/parallel.h"
#include "base/path.h"
#include "model/names.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

constexpr char kMetadataName[] = "/metadata.json";
constexpr char kDropsName[] = "/.gigapi/drops.json";
/// They mostly wait for the disk.
constexpr size_t kLoadThreads = 8;

/// Whether a file of a partition's folder that no metadata.json lists is one of ours.
bool MayBeLeftOver(const std::string& name) {
  return name.ends_with(".tmp") || name.ends_with(".bak") || LevelOfFileName(name).has_value();
}

/// The partition folders of a table that have the form date=.../hour=..
Result<std::vector<PartitionKey>> ListPartitions(FileSystem* fs, const std::string& table_directory) {
  std::vector<PartitionKey> keys;
  ARROW_ASSIGN_OR_RAISE(const auto dates, fs->List(table_directory));
  for (const std::string& date : dates) {
    if (!date.starts_with("date=")) continue;
    ARROW_ASSIGN_OR_RAISE(const auto hours, fs->List(table_directory + "/" + date));
    for (const std::string& hour : hours) {
      PartitionKey key;
      if (ParseHivePath(date + "/" + hour, &key)) keys.push_back(key);
    }
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace

Result<CatalogContents> JsonCatalog::Load() {
  CatalogContents contents;
  ARROW_ASSIGN_OR_RAISE(const bool any_drops, fs_->Exists(root_ + kDropsName));
  if (any_drops) {
    ARROW_ASSIGN_OR_RAISE(const std::string json, ReadWholeFile(fs_, root_ + kDropsName));
    ARROW_ASSIGN_OR_RAISE(contents.drops, DecodeDropList(json));
  }
  ARROW_ASSIGN_OR_RAISE(auto databases, fs_->List(root_));
  std::sort(databases.begin(), databases.end());
  for (const std::string& database : databases) {
    if (!ValidateDatabaseName(database).ok()) continue;
    ARROW_ASSIGN_OR_RAISE(auto segments, fs_->List(DatabaseDirectory(root_, database)));
    std::sort(segments.begin(), segments.end());
    const size_t tables_before = contents.tables.size();
    for (const std::string& segment : segments) {
      const auto table = UnescapePathSegment(segment);
      if (!table || !ValidateTableName(*table).ok()) continue;
      ARROW_ASSIGN_OR_RAISE(LoadedTable loaded, LoadTable(database, segment, *table, &contents));
      if (loaded.schema) contents.tables.push_back(std::move(loaded));
    }
    const Drop* const drop = contents.drops.FindDatabase(database);
    const bool exists = drop == nullptr || drop->recreated || contents.tables.size() > tables_before;
    (exists ? contents.databases : contents.dropped_databases).push_back(database);
  }
  return contents;
}

/// A folder without a table's metadata is not one of ours: the answer has no schema.
Result<LoadedTable> JsonCatalog::LoadTable(const std::string& database, const std::string& segment, const std::string& table,
                                           CatalogContents* contents) {
  LoadedTable loaded;
  loaded.database = database;
  loaded.table = table;
  const std::string directory = DatabaseDirectory(root_, database) + "/" + segment;
  const uint64_t dropped_up_to = contents->drops.DroppedUpTo(database, table);
  DroppedRemains remains;
  remains.table_directory = directory;
  ARROW_ASSIGN_OR_RAISE(const bool known, fs_->Exists(directory + kMetadataName));
  if (!known && dropped_up_to == 0) return loaded;
  if (!known) {
    ARROW_ASSIGN_OR_RAISE(remains.partitions, ListPartitions(fs_, directory));
    remains.whole_table = true;
    contents->remains.push_back(std::move(remains));
    return loaded;
  }
  ARROW_ASSIGN_OR_RAISE(const std::string json, ReadWholeFile(fs_, directory + kMetadataName));
  ARROW_ASSIGN_OR_RAISE(loaded.schema, DecodeTableMetadata(json));
  ARROW_ASSIGN_OR_RAISE(const auto keys, ListPartitions(fs_, directory));
  std::vector<std::optional<LoadedPartition>> partitions(keys.size());
  ARROW_RETURN_NOT_OK(ForEachConcurrently(keys.size(), kLoadThreads, "load", [&](size_t i) -> Status {
    ARROW_ASSIGN_OR_RAISE(partitions[i], LoadPartition(directory, table, keys[i], dropped_up_to));
    return Status::OK();
  }));
  for (size_t i = 0; i < keys.size(); ++i) {
    if (partitions[i]) loaded.partitions.push_back(*std::move(partitions[i]));
    else remains.partitions.push_back(keys[i]);
  }
  if (dropped_up_to == 0) return loaded;
  // Without a file of its own the table is the dropped one, columns and all.
  remains.whole_table = loaded.partitions.empty();
  if (remains.whole_table) loaded.schema = nullptr;
  if (remains.whole_table || !remains.partitions.empty()) contents->remains.push_back(std::move(remains));
  return loaded;
}

/// A lake of years has many thousands of these: the folder is listed once, and one file is read. nullopt: all of it was
/// dropped.
Result<std::optional<LoadedPartition>> JsonCatalog::LoadPartition(const std::string& table_directory,
                                                                  const std::string& table, PartitionKey key,
                                                                  uint64_t dropped_up_to) {
  LoadedPartition loaded;
  loaded.key = key;
  loaded.metadata.table = table;
  const std::string directory = PartitionDirectory(table_directory, key);
  ARROW_ASSIGN_OR_RAISE(const auto names, fs_->List(directory));
  if (std::find(names.begin(), names.end(), kMetadataName + 1) != names.end()) {
    ARROW_ASSIGN_OR_RAISE(const std::string json, ReadWholeFile(fs_, directory + kMetadataName));
    ARROW_ASSIGN_OR_RAISE(loaded.metadata, DecodePartitionMetadata(json, directory, key));
  }
  if (dropped_up_to > 0) {
    // A file is older or newer than a drop as a whole: a drop leaves no rows in memory that could join newer ones.
    std::erase_if(loaded.metadata.files, [&](const DataFilePtr& file) { return file->min_sequence <= dropped_up_to; });
    if (loaded.metadata.files.empty()) return std::nullopt;
  }
  std::set<std::string> missing;
  for (const DataFilePtr& file : loaded.metadata.files) missing.insert(file->path);
  for (const std::string& name : names) {
    const std::string path = directory + "/" + name;
    if (missing.erase(path) == 0 && MayBeLeftOver(name)) loaded.leftovers.push_back(path);
  }
  // Beside a running server a file may have come after the listing.
  for (const std::string& path : missing) {
    ARROW_ASSIGN_OR_RAISE(const bool exists, fs_->Exists(path));
    if (!exists) return Errorf(ErrorKind::kInternal, "{} is in the catalog but not on the disk", path);
  }
  return loaded;
}

Status JsonCatalog::RemoveRemains(const DroppedRemains& remains) {
  LOG_INFO("removing what was dropped", "directory={} partitions={}", remains.table_directory, remains.partitions.size());
  std::vector<std::string> directories;
  for (const PartitionKey key : remains.partitions) {
    directories.push_back(PartitionDirectory(remains.table_directory, key));
    ARROW_RETURN_NOT_OK(RemoveMetadata(directories.back()));
    ARROW_ASSIGN_OR_RAISE(const auto names, fs_->List(directories.back()));
    for (const std::string& name : names) {
      if (MayBeLeftOver(name)) ARROW_RETURN_NOT_OK(RemoveLeftover(directories.back() + "/" + name));
    }
  }
  if (remains.whole_table) ARROW_RETURN_NOT_OK(RemoveMetadata(remains.table_directory));
  directories.push_back(remains.table_directory);
  return RemoveEmptyDirectories(directories, ParentOf(remains.table_directory));
}

Status JsonCatalog::RemoveLeftovers(const CatalogContents& contents) {
  for (const DroppedRemains& remains : contents.remains) ARROW_RETURN_NOT_OK(RemoveRemains(remains));
  for (const std::string& database : contents.dropped_databases) {
    ARROW_RETURN_NOT_OK(RemoveEmptyDirectories({DatabaseDirectory(root_, database)}, root_));
  }
  for (const LoadedTable& table : contents.tables) {
    const std::string directory = TableDirectory(root_, table.database, table.table);
    ARROW_RETURN_NOT_OK(fs_->Remove(directory + kMetadataName + ".bak"));
    for (const LoadedPartition& partition : table.partitions) {
      for (const std::string& path : partition.leftovers) ARROW_RETURN_NOT_OK(RemoveLeftover(path));
    }
  }
  return Status::OK();
}

Status JsonCatalog::RemoveLeftover(const std::string& path) {
  LOG_INFO("removing what a crash left over", "file={}", path);
  return fs_->Remove(path);
}

Status JsonCatalog::CommitPartition(const std::string& directory, const PartitionMetadata& metadata) {
  return ReplaceFile(fs_, directory + kMetadataName, EncodePartitionMetadata(metadata));
}

Status JsonCatalog::CommitTable(const std::string& directory, std::string_view table, const TableSchema& schema) {
  return ReplaceFile(fs_, directory + kMetadataName, EncodeTableMetadata(table, schema));
}

Status JsonCatalog::CommitDrops(const DropList& drops) {
  return ReplaceFile(fs_, root_ + kDropsName, EncodeDropList(drops));
}

Status JsonCatalog::RemoveMetadata(const std::string& directory) {
  ARROW_RETURN_NOT_OK(fs_->Remove(directory + kMetadataName));
  return fs_->Remove(directory + kMetadataName + ".bak");
}

Status JsonCatalog::RemoveEmptyDirectories(const std::vector<std::string>& directories, const std::string& top) {
  std::set<std::string> changed;
  for (std::string directory : directories) {
    while (directory.size() > top.size()) {
      ARROW_ASSIGN_OR_RAISE(const bool exists, fs_->Exists(directory));
      if (exists) {
        changed.insert(directory);
        ARROW_ASSIGN_OR_RAISE(const auto names, fs_->List(directory));
        if (!names.empty()) break;
        ARROW_RETURN_NOT_OK(fs_->RemoveDirectory(directory));
        changed.erase(directory);
      }
      directory = ParentOf(directory);
    }
    if (directory == top) changed.insert(top);
  }
  for (const std::string& directory : changed) ARROW_RETURN_NOT_OK(fs_->SyncDirectory(directory));
  return Status::OK();
}

}  // namespace gigapi
