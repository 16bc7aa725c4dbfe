// Removes from the layers what nobody names: files of merges, moves and flushes that were cut short, and uploads that never
// ended; and from the catalog's store the journals of nodes that are gone. Owns the thread "sweep", which looks once in a
// long while; repair/sweep_planner.h decides what goes.
//
// Any number of nodes may sweep the same layers: what one removes the other finds gone. Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/repeating_thread.h"
#include "lake/lake.h"
#include "repair/repair_job.h"

namespace gigapi {

struct SweepOptions {
  int64_t interval_ns = 24 * 3'600'000'000'000;  // 0: never
  /// What is younger is left alone, as are hours that have changed since. Longer than any query, and than any upload.
  int64_t age_min_ns = 24 * 3'600'000'000'000;
  /// What nodes tell others goes when it is older: each start reads all of it.
  int64_t journal_age_min_ns = 30 * 24 * 3'600'000'000'000;
};

struct SweepMetrics {
  int64_t runs_total = 0;
  int64_t failures_total = 0;
  int64_t removed_files_total = 0;
  int64_t removed_bytes_total = 0;
  int64_t removed_uploads_total = 0;
};

class SweepService {
 public:
  /// Starts the thread. `lake` and the catalog of `sources` must outlive the service; only `swept` of its layers are swept.
  static std::unique_ptr<SweepService> Start(Lake* lake, RepairSources sources, std::vector<LayerPtr> swept,
                                             const SweepOptions& options);
  /// The same without the thread: Run is all that happens.
  static std::unique_ptr<SweepService> Make(Lake* lake, RepairSources sources, std::vector<LayerPtr> swept,
                                            const SweepOptions& options);
  ~SweepService();

  /// Sweeps once, on the calling thread; the first failure that came, after all was tried.
  Status Run();

  /// Ends the thread. No call may follow but metrics.
  void Stop();

  SweepMetrics metrics() const;

 private:
  using TableName = std::pair<std::string, std::string>;  // database, table
  using KnownPartitions = std::vector<const PartitionFiles*>;

  SweepService(Lake* lake, RepairSources sources, std::vector<LayerPtr> swept, const SweepOptions& options);
  Status SweepUploads(const Layer& layer, int64_t before_ns);
  Result<size_t> SweepTable(const TableName& name, const KnownPartitions& known, int64_t before_ns);
  Result<std::set<PartitionKey>> FindHours(const TableName& name, const KnownPartitions& known, int64_t before_ns) const;
  Status SweepHour(const CatalogKey& hour, int64_t before_ns);

  Lake* const lake_;
  const RepairSources sources_;
  const std::vector<LayerPtr> swept_;
  const SweepOptions options_;

  mutable std::mutex mutex_;
  SweepMetrics metrics_;
  RepeatingThread thread_;  // last: it uses all that is above
};

}  // namespace gigapi
