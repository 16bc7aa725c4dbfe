// The catalog as files: a metadata.json in each partition's folder, and one in each table's for its columns. Each is
// replaced as a whole, synced (base/file_system.h ReplaceFile). Thread-safe for different partitions; the lake serialises
// the commits of one partition.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "catalog/partition_metadata.h"

namespace gigapi {

struct LoadedPartition {
  PartitionKey key;
  PartitionMetadata metadata;
};

struct LoadedTable {
  std::string database;
  std::string table;
  SchemaPtr schema;
  std::vector<LoadedPartition> partitions;
};

struct CatalogContents {
  std::vector<std::string> databases;
  std::vector<LoadedTable> tables;
};

class JsonCatalog {
 public:
  JsonCatalog(FileSystem* fs, std::string root) : fs_(fs), root_(std::move(root)) {}

  /// Reads all of it. A file that the catalog names and the disk lacks is an error: rows would be missing in silence.
  Result<CatalogContents> Load();

  /// Removes what a crash left over: files under temporary names, Parquet files that were never committed, and replaced
  /// ones. Only before the first commit.
  Status RemoveLeftovers(const CatalogContents& contents);

  Status CommitPartition(const std::string& directory, const PartitionMetadata& metadata);
  Status CommitTable(const std::string& directory, std::string_view table, const TableSchema& schema);

 private:
  Result<LoadedTable> LoadTable(const std::string& database, const std::string& segment, const std::string& table);
  Status RemoveLeftoversOf(const std::string& directory, const PartitionMetadata& metadata);

  FileSystem* const fs_;
  const std::string root_;
};

}  // namespace gigapi
