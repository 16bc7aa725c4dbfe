#include "catalog/json_catalog.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/parallel.h"
#include "base/path.h"
#include "model/names.h"
#include "storage/hive_path.h"
#include "storage/parquet_footer.h"

namespace gigapi {
namespace {

constexpr char kMetadataName[] = "/metadata.json";
/// They mostly wait for the disk.
constexpr size_t kLoadThreads = 8;
const std::string kNoNode;

/// Whether a file of a partition's folder that no metadata.json lists is one of ours.
bool MayBeLeftOver(const std::string& name) {
  return name.ends_with(".tmp") || name.ends_with(".bak") || LevelOfFileName(name).has_value();
}

/// Who wrote a file that is named as ours are.
enum class Writer {
  kThisProgram,
  kAnother,
  kNobody,  // it is no Parquet file: what is half there
};
Writer WriterOf(FileSystem* fs, const std::string& path) {
  auto file = fs->OpenForRead(path);
  if (!file.ok()) return Writer::kAnother;
  const auto footer = ReadParquetFooter(*std::move(file));
  if (footer.ok()) return footer->provenance ? Writer::kThisProgram : Writer::kAnother;
  return KindOf(footer.status()) == ErrorKind::kInvalidArgument ? Writer::kNobody : Writer::kAnother;
}

bool HasFileOf(Writer writer, FileSystem* fs, const std::string& directory, const std::vector<std::string>& names) {
  return std::ranges::any_of(names, [&](const std::string& name) {
    return LevelOfFileName(name) && WriterOf(fs, directory + "/" + name) == writer;
  });
}

/// For sure: all files of an hour of ours may lie in other layers.
bool IsAnothersHour(FileSystem* fs, const std::string& directory, const std::vector<std::string>& names) {
  return HasFileOf(Writer::kAnother, fs, directory, names) && !HasFileOf(Writer::kThisProgram, fs, directory, names);
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

Result<CatalogContents> JsonCatalog::Load(const DropList& drops) {
  CatalogContents contents;
  ARROW_ASSIGN_OR_RAISE(auto databases, fs_->List(root_));
  std::sort(databases.begin(), databases.end());
  for (const std::string& database : databases) {
    if (!ValidateDatabaseName(database).ok()) continue;
    ARROW_ASSIGN_OR_RAISE(auto segments, fs_->List(DirectoryOf(DatabasePath(database))));
    std::sort(segments.begin(), segments.end());
    const size_t tables_before = contents.tables.size();
    for (const std::string& segment : segments) {
      const auto table = UnescapePathSegment(segment);
      if (!table || !ValidateTableName(*table).ok()) continue;
      ARROW_ASSIGN_OR_RAISE(LoadedTable loaded, LoadTable(database, segment, *table, drops, &contents));
      if (loaded.schema) contents.tables.push_back(std::move(loaded));
    }
    const Drop* const drop = drops.FindDatabase(database);
    const bool exists = drop == nullptr || drop->recreated || contents.tables.size() > tables_before;
    (exists ? contents.databases : contents.dropped_databases).push_back(database);
  }
  return contents;
}

/// A folder without a table's metadata is not one of ours, unless it has hours: the answer has no schema.
Result<LoadedTable> JsonCatalog::LoadTable(const std::string& database, const std::string& segment, const std::string& table,
                                           const DropList& drops, CatalogContents* contents) {
  LoadedTable loaded;
  loaded.database = database;
  loaded.table = table;
  const std::string path = DatabasePath(database) + "/" + segment;
  const std::string directory = DirectoryOf(path);
  const uint64_t dropped_up_to = drops.DroppedUpTo(database, table);
  DroppedRemains remains;
  remains.table_path = path;
  remains.dropped_up_to = dropped_up_to;
  ARROW_ASSIGN_OR_RAISE(loaded.schema, GetTable(path));
  const bool known = loaded.schema != nullptr;
  if (!known && dropped_up_to == 0) {
    ARROW_RETURN_NOT_OK(CheckHasNoHours(path));
    return loaded;
  }
  if (!known) {
    ARROW_ASSIGN_OR_RAISE(remains.partitions, ListPartitions(fs_, directory));
    ARROW_RETURN_NOT_OK(CheckHasNoFilesSince(dropped_up_to, path, table, remains.partitions));
    remains.whole_table = true;
    contents->remains.push_back(std::move(remains));
    return loaded;
  }
  ARROW_ASSIGN_OR_RAISE(const auto keys, ListPartitions(fs_, directory));
  std::vector<std::optional<LoadedPartition>> partitions(keys.size());
  ARROW_RETURN_NOT_OK(ForEachConcurrently(keys.size(), kLoadThreads, "load", [&](size_t i) -> Status {
    ARROW_ASSIGN_OR_RAISE(partitions[i], LoadPartition(path, table, keys[i], dropped_up_to));
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

Status LostColumns(const std::string& directory) {
  return Errorf(ErrorKind::kInternal, "{} has files of a table but not its metadata.json: run `gigapi repair`", directory);
}

/// Hours are made after the table: where they are without it, the table's metadata was lost, and a new one of the same name
/// would not know their files. What another program has written is left alone.
Status JsonCatalog::CheckHasNoHours(const std::string& table_path) {
  ARROW_ASSIGN_OR_RAISE(const auto keys, ListPartitions(fs_, DirectoryOf(table_path)));
  for (const PartitionKey key : keys) {
    ARROW_ASSIGN_OR_RAISE(const bool is_ours, HasOwnFiles(PartitionPath(table_path, key), key));
    if (is_ours) return LostColumns(DirectoryOf(table_path));
  }
  if (!keys.empty()) {
    LOG_WARN("a folder of another program's files is left alone: `gigapi import` takes them", "path={}",
             DirectoryOf(table_path));
  }
  return Status::OK();
}

/// The same of a table that was dropped once: it may have been made anew since.
Status JsonCatalog::CheckHasNoFilesSince(uint64_t dropped_up_to, const std::string& table_path, const std::string& table,
                                         const std::vector<PartitionKey>& hours) {
  for (const PartitionKey key : hours) {
    ARROW_ASSIGN_OR_RAISE(const auto loaded, LoadPartition(table_path, table, key, dropped_up_to));
    if (loaded && !loaded->metadata.files.empty()) return LostColumns(DirectoryOf(table_path));
  }
  return Status::OK();
}

Result<bool> JsonCatalog::HasOwnFiles(const std::string& path, PartitionKey key) {
  const std::string directory = DirectoryOf(path);
  ARROW_ASSIGN_OR_RAISE(const bool has_metadata, fs_->Exists(directory + kMetadataName));
  if (has_metadata) {
    ARROW_ASSIGN_OR_RAISE(const std::string json, ReadWholeFile(fs_, directory + kMetadataName));
    if (DecodePartitionMetadata(json, {layers_, path, key, kNoNode}).ok()) return true;
  }
  ARROW_ASSIGN_OR_RAISE(const auto names, fs_->List(directory));
  return HasFileOf(Writer::kThisProgram, fs_, directory, names);
}

/// A lake of years has many thousands of these: the folder is listed once, and one file is read. nullopt: all of it was
/// dropped.
Result<std::optional<LoadedPartition>> JsonCatalog::LoadPartition(const std::string& table_path, const std::string& table,
                                                                  PartitionKey key, uint64_t dropped_up_to) {
  LoadedPartition loaded;
  loaded.key = key;
  loaded.metadata.table = table;
  const std::string path = PartitionPath(table_path, key);
  const std::string directory = DirectoryOf(path);
  ARROW_ASSIGN_OR_RAISE(const auto names, fs_->List(directory));
  loaded.has_metadata = std::find(names.begin(), names.end(), kMetadataName + 1) != names.end();
  if (loaded.has_metadata) {
    ARROW_ASSIGN_OR_RAISE(const std::string json, ReadWholeFile(fs_, directory + kMetadataName));
    auto metadata = DecodePartitionMetadata(json, {layers_, path, key, kNoNode});
    if (!metadata.ok() && IsAnothersHour(fs_, directory, names)) {
      LOG_WARN("an hour of another program's files is left alone: `gigapi import` takes them", "path={}", directory);
      return loaded;
    }
    ARROW_ASSIGN_OR_RAISE(loaded.metadata, std::move(metadata));
  }
  if (dropped_up_to > 0) {
    // A file is older or newer than a drop as a whole: a drop leaves no rows in memory that could join newer ones.
    std::erase_if(loaded.metadata.files, [&](const DataFilePtr& file) { return file->min_sequence <= dropped_up_to; });
    if (loaded.metadata.files.empty()) return std::nullopt;
  }
  std::set<std::string> missing;
  for (const DataFilePtr& file : loaded.metadata.files) {
    if (LiesInRoot(*file)) missing.insert(NameOf(file->key));
  }
  for (const std::string& name : names) {
    if (missing.erase(name) == 0 && MayBeLeftOver(name)) loaded.leftovers.push_back(name);
  }
  // Beside a running server a file may have come after the listing.
  for (const std::string& name : missing) {
    ARROW_ASSIGN_OR_RAISE(const bool exists, fs_->Exists(directory + "/" + name));
    if (!exists) return Errorf(ErrorKind::kInternal, "{}/{} is in the catalog but not on the disk", directory, name);
  }
  return loaded;
}

Status JsonCatalog::RemoveRemains(const DroppedRemains& remains) {
  LOG_INFO("removing what was dropped", "path={} partitions={}", remains.table_path, remains.partitions.size());
  std::vector<std::string> paths;
  for (const PartitionKey key : remains.partitions) {
    paths.push_back(PartitionPath(remains.table_path, key));
    ARROW_ASSIGN_OR_RAISE(const auto names, fs_->List(DirectoryOf(paths.back())));
    for (const std::string& name : names) {
      if (MayBeLeftOver(name)) ARROW_RETURN_NOT_OK(RemoveLeftover(paths.back() + "/" + name));
    }
    // Last: files without it look like those of an hour that has lost it (lake/leftover_check.h).
    ARROW_RETURN_NOT_OK(fs_->SyncDirectory(DirectoryOf(paths.back())));
    ARROW_RETURN_NOT_OK(RemoveMetadata(paths.back()));
  }
  if (remains.whole_table) ARROW_RETURN_NOT_OK(RemoveMetadata(remains.table_path));
  paths.push_back(remains.table_path);
  return RemoveEmptyDirectories(paths, ParentOf(remains.table_path));
}

Status JsonCatalog::RemoveLeftovers(const CatalogContents& contents) {
  for (const DroppedRemains& remains : contents.remains) ARROW_RETURN_NOT_OK(RemoveRemains(remains));
  for (const std::string& database : contents.dropped_databases) {
    ARROW_RETURN_NOT_OK(RemoveEmptyDirectories({DatabasePath(database)}, ""));
  }
  for (const LoadedTable& table : contents.tables) {
    const std::string path = TablePath(table.database, table.table);
    ARROW_RETURN_NOT_OK(fs_->Remove(DirectoryOf(path) + kMetadataName + ".bak"));
    for (const LoadedPartition& partition : table.partitions) {
      for (const std::string& name : partition.leftovers) {
        ARROW_RETURN_NOT_OK(RemoveLeftover(PartitionPath(path, partition.key) + "/" + name));
      }
    }
  }
  return Status::OK();
}

Status JsonCatalog::RemoveLeftover(const std::string& path) {
  if (LevelOfFileName(NameOf(path)) && WriterOf(fs_, DirectoryOf(path)) == Writer::kAnother) {
    LOG_WARN("a file of another program is left alone: `gigapi import` takes it", "file={}", path);
    return Status::OK();
  }
  LOG_INFO("removing what a crash left over", "file={}", path);
  return fs_->Remove(DirectoryOf(path));
}

Status JsonCatalog::CreateDatabase(std::string_view database) {
  ARROW_RETURN_NOT_OK(fs_->CreateDirectories(DirectoryOf(DatabasePath(database))));
  return fs_->SyncDirectory(root_);
}

Result<LoadedPartition> JsonCatalog::GetPartition(const std::string& table_path, PartitionKey key) {
  ARROW_ASSIGN_OR_RAISE(auto loaded, LoadPartition(table_path, {}, key, 0));
  return *std::move(loaded);
}

Result<bool> JsonCatalog::HasDatabase(const std::string& database) {
  return fs_->Exists(root_ + "/" + DatabasePath(database));
}

Result<SchemaPtr> JsonCatalog::GetTable(const std::string& table_path) {
  const std::string path = DirectoryOf(table_path) + kMetadataName;
  ARROW_ASSIGN_OR_RAISE(const bool exists, fs_->Exists(path));
  if (!exists) return nullptr;
  ARROW_ASSIGN_OR_RAISE(const std::string json, ReadWholeFile(fs_, path));
  return DecodeTableMetadata(json);
}

Result<std::string> JsonCatalog::CommitPartition(const std::string& partition_path, const PartitionMetadata& metadata,
                                                 const std::string&) {
  ARROW_RETURN_NOT_OK(ReplaceFile(fs_, DirectoryOf(partition_path) + kMetadataName, EncodePartitionMetadata(metadata)));
  return std::string();
}

Result<SchemaPtr> JsonCatalog::CommitTable(const std::string& table_path, std::string_view table,
                                           const TableSchema& schema) {
  const std::string directory = DirectoryOf(table_path);
  ARROW_ASSIGN_OR_RAISE(const bool exists, fs_->Exists(directory));
  if (!exists) ARROW_RETURN_NOT_OK(MakeDirectories(fs_, directory, root_));
  ARROW_RETURN_NOT_OK(ReplaceFile(fs_, directory + kMetadataName, EncodeTableMetadata(table, schema)));
  return std::make_shared<const TableSchema>(schema);
}

Status JsonCatalog::RemoveMetadata(const std::string& path) {
  const std::string directory = DirectoryOf(path);
  ARROW_RETURN_NOT_OK(fs_->Remove(directory + kMetadataName));
  return fs_->Remove(directory + kMetadataName + ".bak");
}

Status JsonCatalog::SyncRemovals(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const bool exists, fs_->Exists(DirectoryOf(path)));
  return exists ? fs_->SyncDirectory(DirectoryOf(path)) : Status::OK();
}

Status JsonCatalog::RemoveEmptyDirectories(const std::vector<std::string>& paths, const std::string& top_path) {
  const std::string top = top_path.empty() ? root_ : DirectoryOf(top_path);
  std::set<std::string> changed;
  for (const std::string& path : paths) {
    std::string directory = DirectoryOf(path);
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
  for (const std::string& directory : changed) {
    ARROW_ASSIGN_OR_RAISE(const bool exists, fs_->Exists(directory));
    if (exists) ARROW_RETURN_NOT_OK(fs_->SyncDirectory(directory));
  }
  return Status::OK();
}

}  // namespace gigapi
