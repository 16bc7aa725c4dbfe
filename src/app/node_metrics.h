// What a node's parts say of themselves at /metrics, in the names of Prometheus.
#pragma once

#include "app/node_storage.h"
#include "maintenance/heal_service.h"
#include "maintenance/merge_service.h"
#include "maintenance/sweep_service.h"
#include "maintenance/tier_service.h"
#include "server/metrics/exposition.h"

namespace gigapi {

void WriteMerges(const MergeMetrics& merges, Exposition* page);
void WriteTiers(const TierMetrics& tiers, Exposition* page);
void WriteSweeps(const SweepMetrics& sweeps, Exposition* page);
void WriteHeals(const HealMetrics& heals, Exposition* page);
/// Of every layer's store, of a shared catalog's, and of the cache.
void WriteStorage(const NodeStorage& storage, Exposition* page);

}  // namespace gigapi
