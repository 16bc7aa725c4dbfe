// Which files that no metadata names may be removed while nodes run. Pure.
//
// What a merge, a move or a flush that was cut short has left in a layer is swept when all its rows are in files that the
// metadata names. It as well as those are older than a time that no query and no upload takes: so nobody reads it any more,
// and nobody is about to name it. Nobody can later either: who would commit it meets the others' commit first (a lease that
// is over, a log that is flushed further).
//
// So is what a removal of a dropped table that was cut short has left, when the drop is as old.
#pragma once

#include <cstdint>
#include <vector>

#include "repair/repair_planner.h"

namespace gigapi {

/// `before_ns`: wall time. Of an hour that lacks its metadata or one of its files, nothing but what is of a dropped table.
std::vector<Orphan> PlanSweep(const LakeInventory& inventory, const RepairOptions& options, int64_t before_ns);

}  // namespace gigapi
