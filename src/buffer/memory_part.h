// The rows of one partition that are not yet in a Parquet file, as a query sees them. Immutable.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "model/column_batch.h"
#include "model/partition.h"

namespace gigapi {

struct MemoryPart {
  PartitionKey partition;
  /// In the order of the WAL. A chunk may lack columns of the table (NULL) and never has others; its types are the
  /// table's. Rows are in no order; all lie in the partition.
  std::vector<ColumnBatchPtr> chunks;
  int64_t rows = 0;
  int64_t min_time = 0;
  int64_t max_time = 0;

  void Add(ColumnBatchPtr chunk) {
    min_time = chunks.empty() ? chunk->min_time : std::min(min_time, chunk->min_time);
    max_time = chunks.empty() ? chunk->max_time : std::max(max_time, chunk->max_time);
    rows += static_cast<int64_t>(chunk->rows());
    chunks.push_back(std::move(chunk));
  }
};

using MemoryPartPtr = std::shared_ptr<const MemoryPart>;

}  // namespace gigapi
