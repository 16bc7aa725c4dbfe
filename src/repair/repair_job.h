// Looks at a lake's layers and catalog, and writes what the catalog lacks. The lake itself must not be open here; where
// nodes share it, others may run: what they commit meanwhile is kept, and refused here (kConflict).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/catalog_key.h"
#include "object_store/object_store.h"
#include "repair/repair_planner.h"

namespace gigapi {

struct RepairSources {
  std::vector<LayerPtr> layers;
  std::shared_ptr<ObjectStore> catalog_store;  // where the metadata lies
  Catalog* catalog = nullptr;                  // the same, to write with
};

struct RepairHooks {
  /// Asked now and then: true ends the work with kCancelled.
  std::function<bool()> is_cancelled = [] { return false; };
  /// Told after each footer and each change, by any thread, one at a time. `step` is a verb.
  std::function<void(const char* step, int64_t done, int64_t total)> on_progress = [](const char*, int64_t, int64_t) {};
};

/// Lists layers and catalog, and reads the metadata and those footers that are needed; a few requests a file at most.
Result<LakeInventory> ReadInventory(const RepairSources& sources, const std::string& node, const RepairHooks& hooks);

/// The same for one hour of a table alone; its key names a partition.
Result<LakeInventory> ReadHourInventory(const RepairSources& sources, const CatalogKey& hour, const std::string& node,
                                        const RepairHooks& hooks);

/// Writes the plan's tables and hours. What was done when it fails stays, and is not in the next plan.
Status ApplyRepair(const RepairPlan& plan, Catalog* catalog, const RepairHooks& hooks);

struct RemovedOrphans {
  int64_t files = 0;
  int64_t bytes = 0;
};
/// Removes the orphans that were written before this wall time and whose rows are in listed files, were dropped, or of which
/// nothing is known; those that may have rows of their own stay.
Result<RemovedOrphans> RemoveOrphans(const RepairPlan& plan, int64_t written_before_ns, const RepairHooks& hooks);
bool IsRemovable(const Orphan& orphan, int64_t written_before_ns);

/// Removes these, whatever they are.
Result<RemovedOrphans> RemoveFiles(const std::vector<Orphan>& orphans, const RepairHooks& hooks);

/// The report as JSON.
std::string EncodeRepairPlan(const RepairPlan& plan);

}  // namespace gigapi
