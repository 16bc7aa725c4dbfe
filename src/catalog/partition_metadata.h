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

struct PartitionMetadata {
  std::string table;
  /// All rows that WAL records up to this sequence have for this partition are in the files.
  uint64_t wal_sequence = 0;
  std::vector<DataFilePtr> files;
  /// File names that were replaced and wait for their removal.
  std::vector<std::string> drop_queue = {};
};

std::string EncodePartitionMetadata(const PartitionMetadata& metadata);
/// `directory` is prepended to the names of files; they get ids of this process.
Result<PartitionMetadata> DecodePartitionMetadata(std::string_view json, const std::string& directory,
                                                  PartitionKey partition);

/// The content of a table's metadata.json: its columns.
std::string EncodeTableMetadata(std::string_view table, const TableSchema& schema);
Result<SchemaPtr> DecodeTableMetadata(std::string_view json);

}  // namespace gigapi
