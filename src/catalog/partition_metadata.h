// The content of a partition's metadata.json: which files it has. GigAPI's fields, and those that we need besides
// (docs/lake_layout.md). Pure.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
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

/// Which run of which node may replace files of a partition at present: it merges them, moves or drops them.
struct MaintenanceLease {
  std::string node;
  std::string epoch;  // of the run

  bool operator==(const MaintenanceLease&) const = default;
};

/// By node: all rows that its WAL records up to this sequence have for a partition are in the partition's files. Under the
/// empty name: of the one process that owns the lake.
using WalSequences = std::map<std::string, uint64_t>;

/// 0: nothing is known of the node.
inline uint64_t SequenceOf(const WalSequences& sequences, const std::string& node) {
  const auto found = sequences.find(node);
  return found == sequences.end() ? 0 : found->second;
}

/// To the higher of each.
inline void RaiseTo(const WalSequences& others, WalSequences* sequences) {
  for (const auto& [node, sequence] : others) {
    uint64_t& known = (*sequences)[node];
    known = std::max(known, sequence);
  }
}

struct PartitionMetadata {
  std::string table;
  WalSequences wal_sequences = {};
  std::vector<DataFilePtr> files;
  std::vector<DroppedName> drop_queue = {};
  /// Holds while that run of the node is alive (cluster/membership.h).
  std::optional<MaintenanceLease> lease = {};
};

/// `commit_id` makes two commits of the same content differ; may be empty.
std::string EncodePartitionMetadata(const PartitionMetadata& metadata, std::string_view commit_id = {});

/// What the names in a partition's metadata refer to.
struct MetadataContext {
  const std::vector<LayerPtr>& layers;  // files without the name of one lie in the first
  const std::string& partition_path;    // what the keys of its files begin with, without the slash
  PartitionKey partition;
  const std::string& node;  // this one
  FindPeerLayer find_peer_layer = {};
};

/// The files get ids of this process. Fails when a layer is not there.
Result<PartitionMetadata> DecodePartitionMetadata(std::string_view json, const MetadataContext& context);

/// The content of a table's metadata.json: its columns.
std::string EncodeTableMetadata(std::string_view table, const TableSchema& schema, std::string_view commit_id = {});
Result<SchemaPtr> DecodeTableMetadata(std::string_view json);

}  // namespace gigapi
