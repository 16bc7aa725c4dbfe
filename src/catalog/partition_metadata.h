// The content of a partition's metadata.json: which files it has. GigAPI's fields, and those that we need besides
// (docs/lake_layout.md). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "storage/data_file.h"

namespace gigapi {

/// A file that was replaced and waits for its removal.
struct DroppedName {
  std::string layer;  // empty: the one that the catalog lies in
  std::string name;   // in the partition

  bool operator==(const DroppedName&) const = default;
};

struct PartitionMetadata {
  std::string table;
  /// All rows that WAL records up to this sequence have for this partition are in the files.
  uint64_t wal_sequence = 0;
  std::vector<DataFilePtr> files;
  std::vector<DroppedName> drop_queue = {};
};

std::string EncodePartitionMetadata(const PartitionMetadata& metadata);

/// What the names in a partition's metadata refer to.
struct MetadataContext {
  const std::vector<LayerPtr>& layers;  // files without the name of one lie in the first
  const std::string& partition_path;    // what the keys of its files begin with, without the slash
  PartitionKey partition;
};

/// The files get ids of this process. Fails when a layer is not there.
Result<PartitionMetadata> DecodePartitionMetadata(std::string_view json, const MetadataContext& context);

/// The content of a table's metadata.json: its columns.
std::string EncodeTableMetadata(std::string_view table, const TableSchema& schema);
Result<SchemaPtr> DecodeTableMetadata(std::string_view json);

}  // namespace gigapi
