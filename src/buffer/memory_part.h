// The rows of one partition that are not yet in a Parquet file, as a query sees them. Immutable.
#pragma once

#include <memory>
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
};

using MemoryPartPtr = std::shared_ptr<const MemoryPart>;

}  // namespace gigapi
