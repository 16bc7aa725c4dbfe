// Brings back what a shared catalog has lost: a Redis that was restarted from an older state, or replaced by a replica that
// was behind, lacks the last commits, and their files lie in the layers without a name. A node that had committed some of
// them notices (lake.h TakeFallenBack), and this adds the files of those partitions again, as `gigapi repair --add-unlisted`
// would. When the catalog as a whole was found to have fallen back (lake.h FallsOfCatalog) it looks through the layers, and
// does so in every hour whose files are not those that the catalog names. Owns the thread "heal". Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/repeating_thread.h"
#include "lake/lake.h"
#include "repair/repair_job.h"

namespace gigapi {

struct HealMetrics {
  int64_t files_total = 0;  // that were added again
  int64_t rows_total = 0;
  int64_t left_files_total = 0;  // that no catalog names and that were left alone
  int64_t failures_total = 0;
};

class HealService {
 public:
  /// Starts the thread. `lake` must outlive the service.
  static std::unique_ptr<HealService> Start(Lake* lake, RepairSources sources);
  /// The same without the thread: Run is all that happens.
  static std::unique_ptr<HealService> Make(Lake* lake, RepairSources sources);
  ~HealService();

  /// Heals what has fallen back, on the calling thread; what fails is tried again the next time.
  Status Run();

  /// Ends the thread. No call may follow but metrics.
  void Stop();

  HealMetrics metrics() const;

 private:
  struct Pending {
    CatalogKey partition;
    int failures = 0;
    int runs_to_wait = 0;
  };

  HealService(Lake* lake, RepairSources sources) : lake_(lake), sources_(std::move(sources)) {}
  Status HealPending();
  Status LookEverywhere();
  Status Heal(const CatalogKey& key);
  void TellOfFailure(const CatalogKey& key, const Status& reason);
  void TellOfLeftFiles(const CatalogKey& key, const RepairPlan& plan, const RepairOptions& options);

  Lake* const lake_;
  const RepairSources sources_;
  // Of whoever runs Run:
  std::map<std::string, Pending> pending_;  // by path
  uint64_t looked_after_ = 0;               // falls of the catalog
  int64_t look_again_at_ns_ = 0;            // steady clock; after a failure

  mutable std::mutex mutex_;
  HealMetrics metrics_;
  RepeatingThread thread_;  // last: it uses all that is above
};

}  // namespace gigapi
