#include "model/partition_split.h"

#include <algorithm>
#include <map>
#include <unordered_set>

namespace gigapi {

std::vector<PartitionRows> SplitByPartition(ColumnBatch batch) {
  std::vector<PartitionRows> parts;
  if (batch.rows() == 0) return parts;
  const PartitionKey first = PartitionKey::Of(batch.min_time);
  if (first == PartitionKey::Of(batch.max_time)) {
    parts.push_back({first, std::make_shared<const ColumnBatch>(std::move(batch))});
    return parts;
  }
  std::map<PartitionKey, PodVector<uint32_t>> rows_of;
  PartitionKey current = first;
  PodVector<uint32_t>* rows = &rows_of[first];
  for (uint32_t row = 0; row < batch.rows(); ++row) {
    const int64_t time = batch.time[row];
    if (time < current.begin_ns() || time > current.last_ns()) {
      current = PartitionKey::Of(time);
      rows = &rows_of[current];
    }
    rows->PushBack(row);
  }
  for (const auto& [partition, positions] : rows_of) {
    if (positions.empty()) continue;
    parts.push_back({partition, std::make_shared<const ColumnBatch>(Take(batch, positions.data(), positions.size()))});
  }
  return parts;
}

bool LieInMorePartitionsThan(size_t partitions_max, const std::vector<TableRows>& tables) {
  size_t at_most = 0;
  for (const TableRows& table : tables) {
    const int64_t hours = PartitionKey::Of(table.rows.max_time).hour - PartitionKey::Of(table.rows.min_time).hour + 1;
    at_most += std::min(static_cast<size_t>(hours), table.rows.rows());
  }
  if (at_most <= partitions_max) return false;  // as nearly always
  size_t partitions = 0;
  for (const TableRows& table : tables) {
    std::unordered_set<int64_t> hours;
    for (const int64_t time : table.rows.time) {
      hours.insert(PartitionKey::Of(time).hour);
      if (partitions + hours.size() > partitions_max) return true;
    }
    partitions += hours.size();
  }
  return false;
}

}  // namespace gigapi
