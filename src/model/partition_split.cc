#include "model/partition_split.h"

#include <map>

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

}  // namespace gigapi
