// The catalog as files: a metadata.json in each partition's folder, and one in each table's for its columns. Each is
// replaced as a whole, synced (base/file_system.h ReplaceFile). Thread-safe for different partitions; the lake serialises
// the commits of one partition.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "catalog/drop_list.h"
#include "catalog/partition_metadata.h"

namespace gigapi {

struct LoadedPartition {
  PartitionKey key;
  PartitionMetadata metadata;
  /// Paths of files that a crash left in the folder, and of replaced ones.
  std::vector<std::string> leftovers;
};

struct LoadedTable {
  std::string database;
  std::string table;
  SchemaPtr schema;
  std::vector<LoadedPartition> partitions;
};

/// What a drop that a crash cut short has left in a table's folder.
struct DroppedRemains {
  std::string table_directory;
  std::vector<PartitionKey> partitions;  // to be removed
  bool whole_table = false;              // nothing of it was written anew
};

struct CatalogContents {
  DropList drops;
  std::vector<std::string> databases;
  std::vector<LoadedTable> tables;
  std::vector<DroppedRemains> remains;
  std::vector<std::string> dropped_databases;  // names whose folder is still there
};

class JsonCatalog {
 public:
  JsonCatalog(FileSystem* fs, std::string root) : fs_(fs), root_(std::move(root)) {}

  /// Reads all of it, without what was dropped. A file that the catalog names and the disk lacks is an error: rows would be
  /// missing in silence.
  Result<CatalogContents> Load();

  /// Removes what a crash left over: files under temporary names, Parquet files that were never committed, replaced and
  /// dropped ones. Only before the first commit.
  Status RemoveLeftovers(const CatalogContents& contents);

  Status CommitPartition(const std::string& directory, const PartitionMetadata& metadata);
  Status CommitTable(const std::string& directory, std::string_view table, const TableSchema& schema);
  /// From its return on, what the list names is gone, also after a crash.
  Status CommitDrops(const DropList& drops);

  /// Takes a partition, or a table, out of the catalog; its files are the caller's business. Not synced: while the list of
  /// drops has it, nothing comes back.
  Status RemoveMetadata(const std::string& directory);
  /// Removes those of the folders that are empty, and those above them up to `top`, which stays; syncs what stays.
  Status RemoveEmptyDirectories(const std::vector<std::string>& directories, const std::string& top);

 private:
  Result<LoadedTable> LoadTable(const std::string& database, const std::string& segment, const std::string& table,
                                CatalogContents* contents);
  Result<std::optional<LoadedPartition>> LoadPartition(const std::string& table_directory, const std::string& table,
                                                       PartitionKey key, uint64_t dropped_up_to);
  Status RemoveRemains(const DroppedRemains& remains);
  Status RemoveLeftover(const std::string& path);

  FileSystem* const fs_;
  const std::string root_;
};

}  // namespace gigapi
