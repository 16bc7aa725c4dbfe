// Cuts rows into the partitions they belong to.
#pragma once

#include <vector>

#include "model/column_batch.h"
#include "model/partition.h"

namespace gigapi {

struct PartitionRows {
  PartitionKey partition;
  ColumnBatchPtr rows;
};

/// The batch's rows by partition, in the order of partitions; within one, rows keep their order. A batch that lies in one
/// partition is not copied.
std::vector<PartitionRows> SplitByPartition(ColumnBatch batch);

}  // namespace gigapi
