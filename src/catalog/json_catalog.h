// The catalog as files of a local disk: a metadata.json in each partition's folder, and one in each table's for its columns.
// Each is replaced as a whole, synced (base/file_system.h ReplaceFile). One process owns it. Thread-safe for different
// partitions; the lake serialises the commits of one partition.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "catalog/catalog.h"

namespace gigapi {

class JsonCatalog final : public Catalog {
 public:
  /// `root` is a folder, `layers` all that files may lie in. Where one of them is that folder, its files are compared with
  /// what the catalog says. `fs` must outlive the catalog.
  JsonCatalog(FileSystem* fs, std::string root, std::vector<LayerPtr> layers)
      : fs_(fs), root_(std::move(root)), layers_(std::move(layers)) {}

  bool is_shared() const override { return false; }

  /// A file that the catalog names and the disk lacks is an error, and a table that has hours but no columns: rows would be
  /// missing in silence.
  Result<CatalogContents> Load(const DropList& drops) override;
  Result<LoadedPartition> GetPartition(const std::string& table_path, PartitionKey key) override;
  Result<bool> HasDatabase(const std::string& database) override;
  Result<SchemaPtr> GetTable(const std::string& table_path) override;
  /// Files under temporary names, Parquet files that were never committed, replaced and dropped ones.
  Status RemoveLeftovers(const CatalogContents& contents) override;

  Status CreateDatabase(std::string_view database) override;
  Result<SchemaPtr> CommitTable(const std::string& table_path, std::string_view table, const TableSchema& schema) override;
  Result<std::string> CommitPartition(const std::string& partition_path, const PartitionMetadata& metadata,
                                      const std::string& version) override;
  Status RemoveMetadata(const std::string& path) override;
  Status SyncRemovals(const std::string& path) override;
  Status RemoveEmptyDirectories(const std::vector<std::string>& paths, const std::string& top) override;

 private:
  Result<LoadedTable> LoadTable(const std::string& database, const std::string& segment, const std::string& table,
                                const DropList& drops, CatalogContents* contents);
  Result<std::optional<LoadedPartition>> LoadPartition(const std::string& table_path, const std::string& table,
                                                       PartitionKey key, uint64_t dropped_up_to);
  Status CheckHasNoHours(const std::string& table_path);
  Status CheckHasNoFilesSince(uint64_t dropped_up_to, const std::string& table_path, const std::string& table,
                              const std::vector<PartitionKey>& hours);
  Result<bool> HasOwnFiles(const std::string& path, PartitionKey key);
  bool LiesInRoot(const DataFile& file) const { return file.layer->local_directory() == root_; }
  Status RemoveRemains(const DroppedRemains& remains);
  Status RemoveLeftover(const std::string& path);
  std::string DirectoryOf(std::string_view path) const { return fmt::format("{}/{}", root_, path); }

  FileSystem* const fs_;
  const std::string root_;
  const std::vector<LayerPtr> layers_;
};

}  // namespace gigapi
