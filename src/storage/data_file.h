// One Parquet file of a table, as the catalog knows it. Immutable; shared by snapshots, which keep it from being deleted:
// the drop queue removes a replaced file only when nobody else holds its DataFile.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/partition.h"
#include "model/schema.h"
#include "storage/layer.h"

namespace gigapi {

/// A bound of a column's values; monostate when unknown (no statistics) or when there is no value but NULL.
using StatValue = std::variant<std::monostate, int64_t, uint64_t, double, bool, std::string>;

struct ColumnStats {
  std::string name;
  ColumnType type = ColumnType::kFloat64;
  int64_t null_count = 0;
  /// Bounds: no value is less or greater. Exact, except strings longer than kMaxStatStringBytes, which are shortened
  /// (max is then rounded up, or absent). NaN takes no part; has_nan says that there is one.
  StatValue min;
  StatValue max;
  bool has_nan = false;

  static constexpr size_t kMaxStatStringBytes = 64;
};

struct DataFile {
  uint64_t id = 0;  // unique in this process, never reused
  LayerPtr layer;
  std::string key;  // in the layer: hive_path.h
  /// The node whose local layer it lies in, where other nodes do not reach it; empty: all do.
  std::string node = {};
  bool is_elsewhere = false;  // lies with another node than this: `layer` is that node's, or out of reach
  PartitionKey partition = {};
  int level = 1;  // 1 to 4
  int64_t size_bytes = 0;
  int64_t rows = 0;
  int64_t min_time = 0;    // exact
  int64_t max_time = 0;    // exact
  int64_t created_ns = 0;  // wall time
  /// Wall times since when its oldest and its newest rows lie in files of this layer: what the layer's time to live counts
  /// from (maintenance/tier_planner.h). A flush and a move set both, a merge keeps those of its inputs.
  int64_t oldest_in_layer_ns = 0;
  int64_t newest_in_layer_ns = 0;
  /// The rows of this file came from WAL records of these sequences.
  uint64_t min_sequence = 0;
  uint64_t max_sequence = 0;
  /// The columns that the file has, besides time; a column of the table that is not here is NULL in every row.
  std::vector<ColumnStats> columns = {};

  /// Whether this node can read it, itself or by asking.
  bool IsReachable() const { return !is_elsewhere || !layer->local_directory(); }

  const ColumnStats* Find(std::string_view name) const {
    for (const auto& column : columns) {
      if (column.name == name) return &column;
    }
    return nullptr;
  }
};

using DataFilePtr = std::shared_ptr<const DataFile>;

/// Reads the file where it lies. What is fetched from a store counts in `counters`, which may be nullptr.
Result<std::shared_ptr<ReadableFile>> OpenDataFile(const DataFile& file, std::shared_ptr<ReadCounters> counters = nullptr);

/// An id that no other file of this process has. Thread-safe.
uint64_t NewDataFileId();

}  // namespace gigapi
