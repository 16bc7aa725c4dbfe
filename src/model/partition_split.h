// Cuts rows into the partitions they belong to.
#pragma once

#include <vector>

#include "model/column_batch.h"
#include "model/partition.h"
#include "model/write_batch.h"

namespace gigapi {

struct PartitionRows {
  PartitionKey partition;
  ColumnBatchPtr rows;
};

/// The batch's rows by partition, in the order of partitions; within one, rows keep their order. A batch that lies in one
/// partition is not copied.
std::vector<PartitionRows> SplitByPartition(ColumnBatch batch);

/// Whether the rows of all tables together lie in more partitions than that.
bool LieInMorePartitionsThan(size_t partitions_max, const std::vector<TableRows>& tables);

}  // namespace gigapi
