// What there is of a lake: the files of its layers and the metadata of its catalog, hour by hour, as they are. Values.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catalog/drop_record.h"
#include "catalog/partition_metadata.h"
#include "storage/parquet_footer.h"

namespace gigapi {

struct FoundFile {
  LayerPtr layer;
  size_t layer_position = 0;
  std::string key;
  int64_t size_bytes = 0;
  int64_t modified_ns = 0;  // by the store's clock
  /// Read only where it is needed (NeedsFooters).
  std::optional<ParquetFooter> footer = {};
  std::string problem = {};  // why the footer could not be read
};

struct HourInventory {
  std::vector<FoundFile> files = {};
  std::optional<PartitionMetadata> metadata = {};
  std::string version = {};  // of the metadata
  std::string problem = {};  // why the metadata could not be read
};

struct TableInventory {
  SchemaPtr schema = nullptr;  // nullptr: no metadata
  std::string problem = {};    // why it could not be read
  DropRecord dropped = {};     // in a catalog that nodes share
  std::map<PartitionKey, HourInventory> hours = {};
};

struct LakeInventory {
  std::set<std::string> databases;                                       // that the catalog has, by themselves or by tables
  std::map<std::pair<std::string, std::string>, TableInventory> tables;  // by database and table
};

/// Whether the catalog does not say what the hour's files are, or not of all of them.
bool NeedsFooters(const TableInventory& table, const HourInventory& hour);

}  // namespace gigapi
