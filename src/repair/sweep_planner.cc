#include "repair/sweep_planner.h"

#include <algorithm>
#include <set>

#include "base/path.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

/// Whether the hour has had the same files since.
bool IsQuietSince(const HourInventory& hour, int64_t before_ns) {
  if (!hour.metadata || hour.metadata->files.empty()) return false;
  return std::ranges::all_of(hour.metadata->files, [&](const DataFilePtr& file) {
    return std::max(file->created_ns, file->newest_in_layer_ns) < before_ns;
  });
}

}  // namespace

std::vector<Orphan> PlanSweep(const LakeInventory& inventory, const RepairOptions& options, int64_t before_ns) {
  std::set<std::string> quiet, dropped_before;
  for (const auto& [name, table] : inventory.tables) {
    for (const auto& [partition, hour] : table.hours) {
      std::string path = PartitionPath(TablePath(name.first, name.second), partition);
      if (table.dropped.dropped_ns < before_ns) dropped_before.insert(path);
      if (IsQuietSince(hour, before_ns)) quiet.insert(std::move(path));
    }
  }
  RepairPlan plan = MakeRepairPlan(inventory, options);
  for (const MissingFile& missing : plan.missing) quiet.erase(ParentOf(missing.file->key));
  std::erase_if(plan.orphans, [&](const Orphan& orphan) {
    if (orphan.modified_ns >= before_ns) return true;
    const std::string hour = ParentOf(orphan.key);
    return !(orphan.kind == OrphanKind::kReplaced && quiet.contains(hour)) &&
           !(orphan.kind == OrphanKind::kOfDroppedTable && dropped_before.contains(hour));
  });
  return std::move(plan.orphans);
}

}  // namespace gigapi
