// Merges in the background: owns the thread "merge", which wakes every merge interval, asks the planner about every
// partition and carries the plans out, one after the other, at low priority. Writes and queries never wait for it.
//
// What to do is planned from the files that there are, so merging goes on after a restart without a new write.
// Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "base/repeating_thread.h"
#include "lake/lake.h"
#include "maintenance/file_scope.h"
#include "maintenance/merge_planner.h"

namespace gigapi {

struct MergeOptions {
  bool enabled = true;  // false: only MergeAll merges
  FileScope scope = FileScope::kAllFiles;
  double merge_timeout_s = 10;  // T of the plan
};

struct MergeMetrics {
  int64_t merges_total = 0;
  int64_t failures_total = 0;
  int64_t rows_total = 0;
  int64_t bytes_in_total = 0;
  int64_t bytes_out_total = 0;
  double cpu_seconds_total = 0;
};

class MergeService {
 public:
  /// Starts the thread if merging is enabled. `lake` must outlive the service.
  static std::unique_ptr<MergeService> Start(Lake* lake, const MergeOptions& options);
  ~MergeService();

  /// Carries out what is due now, on the calling thread. Failures are logged, and what failed is planned again.
  void RunDue();

  /// Merges every partition to one file now, on the calling thread, and waits for it. Flush first what shall be in it.
  Status MergeAll();

  /// Carries one merge out on the calling thread, and commits it. kConflict when another one was first.
  Status Merge(const PartitionFiles& partition, const MergePlan& plan);

  /// Ends the thread; a merge that runs is given up within a row group and leaves nothing. No call may follow but metrics.
  void Stop();

  MergeMetrics metrics() const;

 private:
  using PartitionName = std::tuple<std::string, std::string, int64_t>;  // database, table, hour

  MergeService(Lake* lake, const MergeOptions& options);
  Result<DataFile> LeaseAndRun(const PartitionFiles& partition, const MergePlan& plan);
  bool MergeAndLog(const PartitionFiles& partition, const MergePlan& plan);

  Lake* const lake_;
  const FileScope scope_;
  MergePlannerOptions planner_options_;

  std::mutex run_mutex_;  // held while plans are made and carried out
  std::map<PartitionName, LastMergeTimes> last_merges_ns_;

  mutable std::mutex mutex_;
  MergeMetrics metrics_;
  RepeatingThread thread_;  // last: it uses all that is above
};

}  // namespace gigapi
