#include "app/node_metrics.h"

#include <algorithm>

namespace gigapi {
namespace {

/// In Redis; a catalog in a bucket counts with the layer whose store it has.
bool IsCatalogApart(const NodeStorage& storage) {
  return storage.shared_catalog && std::ranges::none_of(storage.layers, [&](const LayerPtr& layer) {
           return layer->store() == storage.shared_catalog.get();
         });
}

}  // namespace

void WriteMerges(const MergeMetrics& merges, Exposition* page) {
  page->Counter("gigapi_merges_total", "Merges that were committed.", static_cast<double>(merges.merges_total));
  page->Counter("gigapi_merge_failures_total", "Merges that failed.", static_cast<double>(merges.failures_total));
  page->Counter("gigapi_merge_rows_total", "Rows that were merged.", static_cast<double>(merges.rows_total));
  page->Counter("gigapi_merge_read_bytes_total", "Bytes of the files that were merged.",
                static_cast<double>(merges.bytes_in_total));
  page->Counter("gigapi_merge_written_bytes_total", "Bytes of the files that merges made.",
                static_cast<double>(merges.bytes_out_total));
  page->Counter("gigapi_merge_cpu_seconds_total", "CPU time of merges.", merges.cpu_seconds_total);
}

void WriteTiers(const TierMetrics& tiers, Exposition* page) {
  page->Counter("gigapi_tier_moves_total", "Files that were moved to another layer.",
                static_cast<double>(tiers.moves_total));
  page->Counter("gigapi_tier_moved_bytes_total", "Their bytes.", static_cast<double>(tiers.moved_bytes_total));
  page->Counter("gigapi_tier_drops_total", "Files that were dropped from the last layer.",
                static_cast<double>(tiers.drops_total));
  page->Counter("gigapi_tier_dropped_rows_total", "Their rows.", static_cast<double>(tiers.dropped_rows_total));
  page->Counter("gigapi_tier_failures_total", "Moves, drops and merges before a move that failed.",
                static_cast<double>(tiers.failures_total));
}

void WriteSweeps(const SweepMetrics& sweeps, Exposition* page) {
  page->Counter("gigapi_sweeps_total", "Times that the layers were looked through for what nobody names.",
                static_cast<double>(sweeps.runs_total));
  page->Counter("gigapi_sweep_failures_total", "Of these, those that something failed in.",
                static_cast<double>(sweeps.failures_total));
  page->Counter("gigapi_sweep_removed_files_total", "Files that they removed.",
                static_cast<double>(sweeps.removed_files_total));
  page->Counter("gigapi_sweep_removed_bytes_total", "Their bytes.", static_cast<double>(sweeps.removed_bytes_total));
  page->Counter("gigapi_sweep_removed_uploads_total", "Uploads that never ended, which they removed.",
                static_cast<double>(sweeps.removed_uploads_total));
}

void WriteHeals(const HealMetrics& heals, Exposition* page) {
  page->Counter("gigapi_heal_files_total", "Files that the catalog had lost, and that were added again.",
                static_cast<double>(heals.files_total));
  page->Counter("gigapi_heal_rows_total", "Their rows.", static_cast<double>(heals.rows_total));
  page->Counter("gigapi_heal_left_files_total", "Files that no catalog names and that were left to `gigapi repair`.",
                static_cast<double>(heals.left_files_total));
  page->Counter("gigapi_heal_failures_total", "Hours whose files could not be added again.",
                static_cast<double>(heals.failures_total));
}

void WriteStorage(const NodeStorage& storage, Exposition* page) {
  struct StoreCounter {
    const char* name;
    const char* help;
    int64_t StoreMetrics::*value;
  };
  constexpr StoreCounter kCounters[] = {
      {"gigapi_store_get_requests_total", "Requests that read objects.", &StoreMetrics::get_requests_total},
      {"gigapi_store_put_requests_total", "Requests that write objects.", &StoreMetrics::put_requests_total},
      {"gigapi_store_list_requests_total", "Requests that list objects.", &StoreMetrics::list_requests_total},
      {"gigapi_store_remove_requests_total", "Requests that remove objects.", &StoreMetrics::remove_requests_total},
      {"gigapi_store_retries_total", "Requests that were sent again.", &StoreMetrics::retries_total},
      {"gigapi_store_failures_total", "Requests without an answer or with one that says to try again.",
       &StoreMetrics::failures_total},
      {"gigapi_store_read_bytes_total", "Bytes of objects that were read.", &StoreMetrics::read_bytes_total},
      {"gigapi_store_written_bytes_total", "Bytes of objects that were written.", &StoreMetrics::written_bytes_total},
  };
  const bool catalog_apart = IsCatalogApart(storage);
  for (const StoreCounter& counter : kCounters) {
    page->BeginFamily(counter.name, "counter", counter.help);
    for (const LayerPtr& layer : storage.layers) {
      page->Sample(counter.name, {{"layer", layer->name().empty() ? "default" : layer->name()}},
                   static_cast<double>(layer->store()->metrics().*counter.value));
    }
    if (!catalog_apart) continue;
    page->Sample(counter.name, {{"store", "catalog"}},
                 static_cast<double>(storage.shared_catalog->metrics().*counter.value));
  }
  if (!storage.cache) return;
  const ReadCounters& reads = storage.cache->counters();
  page->Counter("gigapi_cache_wanted_bytes_total", "Bytes of files in buckets that were asked for.",
                static_cast<double>(reads.wanted_bytes));
  page->Counter("gigapi_cache_memory_bytes_total", "Of these, bytes that were in memory.",
                static_cast<double>(reads.memory_bytes));
  page->Counter("gigapi_cache_disk_bytes_total", "Of these, bytes that were on the local disk.",
                static_cast<double>(reads.disk_bytes));
  page->Counter("gigapi_cache_fetched_bytes_total", "Bytes that were fetched.", static_cast<double>(reads.fetched_bytes));
  page->Counter("gigapi_cache_requests_total", "Requests that fetched them.", static_cast<double>(reads.requests));
  page->Gauge("gigapi_cache_disk_bytes", "Bytes that the cache has on the local disk.",
              static_cast<double>(storage.cache->block_metrics().blocks * static_cast<int64_t>(BlockCache::kBlockBytes)));
}

}  // namespace gigapi
