// Moves files from layer to layer as they age, merges them before where that saves requests, and drops them where the last
// layer's time is over. Owns the thread "tier", which asks tier_planner.h now and then and carries its plan out.
//
// A move is a copy, verified, then one change of the catalog, then the drop queue: at every instant a file is
// in exactly one layer for every reader. What fails is planned again the next time. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/repeating_thread.h"
#include "lake/lake.h"
#include "maintenance/file_scope.h"
#include "maintenance/merge_service.h"
#include "maintenance/tier_planner.h"

namespace gigapi {

struct DiskSpace {
  int64_t total_bytes = 0;
  int64_t free_bytes = 0;
};

/// Of the disk that a folder lies on.
Result<DiskSpace> DiskSpaceOf(const std::string& directory);

struct TierOptions {
  FileScope scope = FileScope::kAllFiles;
  bool merges = true;  // small files before they move
  int64_t interval_ns = 10'000'000'000;
  /// What each local layer's disk keeps free: the larger of the two.
  int64_t free_bytes_min = 1 << 30;
  double free_percent_min = 5;
  std::function<Result<DiskSpace>(const std::string& directory)> disk_space = DiskSpaceOf;
};

struct TierMetrics {
  int64_t moves_total = 0;
  int64_t moved_bytes_total = 0;
  int64_t drops_total = 0;  // files whose time was over
  int64_t dropped_rows_total = 0;
  int64_t failures_total = 0;
};

class TierService {
 public:
  /// Starts the thread, unless files stay where they are for ever. `lake` and `merges` must outlive the service.
  static std::unique_ptr<TierService> Start(Lake* lake, MergeService* merges, std::vector<LayerPtr> layers,
                                            const TierOptions& options);
  /// The same without the thread: RunDue is all that happens.
  static std::unique_ptr<TierService> Make(Lake* lake, MergeService* merges, std::vector<LayerPtr> layers,
                                           const TierOptions& options);
  ~TierService();

  /// Carries out what is due now, on the calling thread; the first failure that came, after all was tried.
  Status RunDue();

  /// Ends the thread; a move that runs is given up and leaves nothing. No call may follow but metrics.
  void Stop();

  TierMetrics metrics() const;

 private:
  TierService(Lake* lake, MergeService* merges, std::vector<LayerPtr> layers, const TierOptions& options);
  std::vector<TierLayer> DescribeLayers() const;
  Status Move(const PartitionFiles& partition, const DataFilePtr& file, const LayerPtr& layer);
  Status DropFile(const PartitionFiles& partition, const DataFilePtr& file);
  void Count(const Status& status, const char* what, const PartitionFiles& partition);

  Lake* const lake_;
  MergeService* const merges_;
  const std::vector<LayerPtr> layers_;
  const TierOptions options_;
  std::mutex run_mutex_;  // held while a plan is made and carried out

  mutable std::mutex mutex_;
  TierMetrics metrics_;
  RepeatingThread thread_;  // last: it uses all that is above
};

}  // namespace gigapi
