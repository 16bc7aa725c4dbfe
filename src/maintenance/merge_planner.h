// Which files of a partition to merge now. Pure: no disk, no clock, no threads.
//
// While an hour is being written, files go up in tiers as they do in GigAPI: level 1 to 2 at up to 100 MB every T, 2 to 3 at
// 400 MB every 10 T, 3 to 4 at 4 GB every 100 T, level 4 again every 420 T. When an hour is over and no file has come for a
// while, what is left of it becomes one file at once, whatever the levels.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "storage/data_file.h"

namespace gigapi {

struct MergeTier {
  int64_t bytes_max;     // of the inputs together
  double interval_in_t;  // times MergePlannerOptions::interval_ns
};

struct MergePlannerOptions {
  int64_t interval_ns = 10'000'000'000;  // T
  /// By level of the inputs, from 1.
  std::array<MergeTier, 4> tiers = {{{100 << 20, 1}, {400 << 20, 10}, {int64_t{4} << 30, 100}, {int64_t{4} << 30, 420}}};
  size_t files_max = 16;  // of one merge
};

struct MergePlan {
  std::vector<DataFilePtr> inputs;  // the oldest first
  int output_level = 2;
};

/// When each level of a partition was last merged, by level - 1; 0: not since the start.
using LastMergeTimes = std::array<int64_t, 4>;

/// The files by the layer they lie in, in no order of layers: a merge stays in one.
std::vector<std::vector<DataFilePtr>> ByLayer(const std::vector<DataFilePtr>& files);

/// Plans whose inputs have no file in common; the files are of one layer. `now_ns` is wall time, as DataFile::created_ns and
/// the last merges are.
std::vector<MergePlan> PlanMerges(PartitionKey partition, const std::vector<DataFilePtr>& files,
                                  const LastMergeTimes& last_merges_ns, int64_t now_ns, const MergePlannerOptions& options);

/// The next merge on the way to one file, at once; no inputs when nothing is left to do.
MergePlan PlanMergeAll(const std::vector<DataFilePtr>& files, const MergePlannerOptions& options);

}  // namespace gigapi
