#include "catalog/json_catalog.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "model/names.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

constexpr char kMetadataName[] = "/metadata.json";

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
  ARROW_ASSIGN_OR_RAISE(auto databases, fs_->List(root_));
  std::sort(databases.begin(), databases.end());
  for (const std::string& database : databases) {
    if (!ValidateDatabaseName(database).ok()) continue;
    ARROW_ASSIGN_OR_RAISE(auto segments, fs_->List(DatabaseDirectory(root_, database)));
    std::sort(segments.begin(), segments.end());
    contents.databases.push_back(database);
    for (const std::string& segment : segments) {
      const auto table = UnescapePathSegment(segment);
      if (!table || !ValidateTableName(*table).ok()) continue;
      ARROW_ASSIGN_OR_RAISE(LoadedTable loaded, LoadTable(database, segment, *table));
      if (loaded.schema) contents.tables.push_back(std::move(loaded));
    }
  }
  return contents;
}

/// A folder without a table's metadata is not one of ours: the answer has no schema.
Result<LoadedTable> JsonCatalog::LoadTable(const std::string& database, const std::string& segment,
                                           const std::string& table) {
  LoadedTable loaded{.database = database, .table = table};
  const std::string directory = DatabaseDirectory(root_, database) + "/" + segment;
  ARROW_ASSIGN_OR_RAISE(const bool known, fs_->Exists(directory + kMetadataName));
  if (!known) return loaded;
  ARROW_ASSIGN_OR_RAISE(const std::string json, ReadWholeFile(fs_, directory + kMetadataName));
  ARROW_ASSIGN_OR_RAISE(loaded.schema, DecodeTableMetadata(json));
  ARROW_ASSIGN_OR_RAISE(const auto keys, ListPartitions(fs_, directory));
  for (const PartitionKey key : keys) {
    const std::string partition_directory = PartitionDirectory(directory, key);
    ARROW_ASSIGN_OR_RAISE(const bool committed, fs_->Exists(partition_directory + kMetadataName));
    if (!committed) {
      loaded.partitions.push_back({key, {.table = table}});
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const std::string partition_json, ReadWholeFile(fs_, partition_directory + kMetadataName));
    ARROW_ASSIGN_OR_RAISE(auto metadata, DecodePartitionMetadata(partition_json, partition_directory, key));
    for (const DataFilePtr& file : metadata.files) {
      ARROW_ASSIGN_OR_RAISE(const bool exists, fs_->Exists(file->path));
      if (!exists) return Errorf(ErrorKind::kInternal, "{} is in the catalog but not on the disk", file->path);
    }
    loaded.partitions.push_back({key, std::move(metadata)});
  }
  return loaded;
}

Status JsonCatalog::RemoveLeftovers(const CatalogContents& contents) {
  for (const LoadedTable& table : contents.tables) {
    const std::string directory = TableDirectory(root_, table.database, table.table);
    ARROW_RETURN_NOT_OK(fs_->Remove(directory + kMetadataName + ".bak"));
    for (const LoadedPartition& partition : table.partitions) {
      ARROW_RETURN_NOT_OK(RemoveLeftoversOf(PartitionDirectory(directory, partition.key), partition.metadata));
    }
  }
  return Status::OK();
}

Status JsonCatalog::RemoveLeftoversOf(const std::string& directory, const PartitionMetadata& metadata) {
  std::set<std::string> committed;
  for (const DataFilePtr& file : metadata.files) committed.insert(file->path);
  ARROW_ASSIGN_OR_RAISE(const auto names, fs_->List(directory));
  for (const std::string& name : names) {
    const std::string path = directory + "/" + name;
    const bool temporary = name.ends_with(".tmp") || name.ends_with(".bak");
    if (!temporary && (!LevelOfFileName(name) || committed.contains(path))) continue;
    LOG_INFO("removing what a crash left over", "file={}", path);
    ARROW_RETURN_NOT_OK(fs_->Remove(path));
  }
  return Status::OK();
}

Status JsonCatalog::CommitPartition(const std::string& directory, const PartitionMetadata& metadata) {
  return ReplaceFile(fs_, directory + kMetadataName, EncodePartitionMetadata(metadata));
}

Status JsonCatalog::CommitTable(const std::string& directory, std::string_view table, const TableSchema& schema) {
  return ReplaceFile(fs_, directory + kMetadataName, EncodeTableMetadata(table, schema));
}

}  // namespace gigapi
