// Whether nodes are at work on a catalog, seen from outside.
#pragma once

#include <functional>

#include "base/error.h"
#include "object_store/object_store.h"

namespace gigapi {

/// kConflict when a node sends heartbeats. Waits for those of nodes that have left an entry, two of their intervals at most;
/// kCancelled once `is_cancelled` says so.
Status CheckNoNodeRuns(ObjectStore* catalog, const std::function<bool()>& is_cancelled);

}  // namespace gigapi
