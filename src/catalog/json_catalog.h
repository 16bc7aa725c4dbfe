// The catalog as files of a local disk: a metadata.json in each partition's folder, and one in each table's for its columns.
// Each is replaced as a whole, synced (base/file_system.h ReplaceFile). One process owns it. Thread-safe for different partitions; the lake serialises
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
  /// Names of files that a crash left in the folder, and of replaced ones.
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
  std::string table_path;
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
  /// `root` is a folder, `layers` all that files may lie in. Where one of them is that folder, its files are compared with
  /// what the catalog says. `fs` must outlive the catalog.
  JsonCatalog(FileSystem* fs, std::string root, std::vector<LayerPtr> layers)
      : fs_(fs), root_(std::move(root)), layers_(std::move(layers)) {}

  /// Reads all of it, without what was dropped. A file that the catalog names and the disk lacks is an error: rows would be
  /// missing in silence.
  Result<CatalogContents> Load();

  /// Removes what a crash left over: files under temporary names, Parquet files that were never committed, replaced and
  /// dropped ones. Only before the first commit.
  Status RemoveLeftovers(const CatalogContents& contents);

  // Paths are those of storage/hive_path.h.

  Status CreateDatabase(std::string_view database);
  Status CommitPartition(const std::string& partition_path, const PartitionMetadata& metadata);
  Status CommitTable(const std::string& table_path, std::string_view table, const TableSchema& schema);
  /// From its return on, what the list names is gone, also after a crash.
  Status CommitDrops(const DropList& drops);

  /// Takes a partition, or a table, out of the catalog; its files are the caller's business. Not synced: while the list of
  /// drops has it, nothing comes back.
  Status RemoveMetadata(const std::string& path);
  /// Makes the removal of files from a folder that stays survive a crash.
  Status SyncRemovals(const std::string& path);
  /// Removes those of the folders that are empty, and those above them up to `top` (a path; empty: the root), which stays;
  /// syncs what stays.
  Status RemoveEmptyDirectories(const std::vector<std::string>& paths, const std::string& top);

 private:
  Result<LoadedTable> LoadTable(const std::string& database, const std::string& segment, const std::string& table,
                                CatalogContents* contents);
  Result<std::optional<LoadedPartition>> LoadPartition(const std::string& table_path, const std::string& table,
                                                       PartitionKey key, uint64_t dropped_up_to);
  bool LiesInRoot(const DataFile& file) const { return file.layer->local_directory() == root_; }
  Status RemoveRemains(const DroppedRemains& remains);
  Status RemoveLeftover(const std::string& path);
  std::string DirectoryOf(std::string_view path) const { return fmt::format("{}/{}", root_, path); }

  FileSystem* const fs_;
  const std::string root_;
  const std::vector<LayerPtr> layers_;
};

}  // namespace gigapi
