// Carries one merge plan out: reads the files, writes the merged one. What it makes is not committed yet.
#pragma once

#include "lake/lake.h"
#include "maintenance/merge_planner.h"

namespace gigapi {

/// Writes the merged file to the layer that the inputs lie in: until it is committed to the catalog it is a file that no
/// catalog names. Blocks; called by the thread of the merges. The answer is ready for Lake::ReplaceFiles. `is_stopping` is
/// asked between row groups: where it answers true the merge ends with kCancelled and leaves no file. `give_up` is called
/// after a failure with what may have been written all the same.
Result<DataFile> RunMerge(const PartitionFiles& partition, const MergePlan& plan, const std::function<bool()>& is_stopping,
                          const std::function<void(const DataFile&)>& give_up);

}  // namespace gigapi
