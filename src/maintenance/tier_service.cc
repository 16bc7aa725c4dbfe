#include "maintenance/tier_service.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/clock.h"
#include "base/log.h"
#include "maintenance/tier_job.h"

namespace gigapi {
namespace {

/// A file of the plan, found again.
struct Place {
  const PartitionFiles* partition;
  DataFilePtr file;
};

bool FilesEverLeave(const std::vector<LayerPtr>& layers) { return layers.size() > 1 || layers.front()->ttl_ns() > 0; }

/// A time to live of seconds is looked after more often.
std::chrono::nanoseconds IntervalOf(const std::vector<LayerPtr>& layers, int64_t interval_ns) {
  for (const LayerPtr& layer : layers) {
    if (layer->ttl_ns() > 0) interval_ns = std::min(interval_ns, std::max(kNanosPerSecond / 2, layer->ttl_ns() / 4));
  }
  return std::chrono::nanoseconds(interval_ns);
}

}  // namespace

Result<DiskSpace> DiskSpaceOf(const std::string& directory) {
  std::error_code unknown;
  const auto space = std::filesystem::space(directory, unknown);
  if (unknown) return Status::IOError("space of ", directory, ": ", unknown.message());
  return DiskSpace{.total_bytes = static_cast<int64_t>(space.capacity), .free_bytes = static_cast<int64_t>(space.available)};
}

std::unique_ptr<TierService> TierService::Start(Lake* lake, MergeService* merges, std::vector<LayerPtr> layers,
                                                const TierOptions& options) {
  auto service = Make(lake, merges, std::move(layers), options);
  if (options.scope != FileScope::kNothing && FilesEverLeave(service->layers_)) {
    const auto interval = IntervalOf(service->layers_, options.interval_ns);
    // Each failure was logged, and what failed is planned again.
    service->thread_.Start("tier", interval, interval, [raw = service.get()] { (void)raw->RunDue(); });
  }
  return service;
}

std::unique_ptr<TierService> TierService::Make(Lake* lake, MergeService* merges, std::vector<LayerPtr> layers,
                                               const TierOptions& options) {
  return std::unique_ptr<TierService>(new TierService(lake, merges, std::move(layers), options));
}

TierService::TierService(Lake* lake, MergeService* merges, std::vector<LayerPtr> layers, const TierOptions& options)
    : lake_(lake), merges_(merges), layers_(std::move(layers)), options_(options) {}

TierService::~TierService() { Stop(); }

void TierService::Stop() { thread_.Stop(); }

std::vector<TierLayer> TierService::DescribeLayers() const {
  const auto waiting_bytes = lake_->metrics().drop_queue_bytes;
  std::vector<TierLayer> layers;
  for (const LayerPtr& layer : layers_) {
    TierLayer& described = layers.emplace_back();
    described.name = layer->name();
    described.ttl_ns = layer->ttl_ns();
    if (!layer->local_directory()) continue;
    const auto space = options_.disk_space(*layer->local_directory());
    if (!space.ok()) continue;
    const auto waiting = waiting_bytes.find(layer->name());
    described.is_local = true;
    described.free_bytes = space->free_bytes;
    described.waiting_bytes = waiting == waiting_bytes.end() ? 0 : waiting->second;
    described.wanted_free_bytes = WantedFreeBytes(space->total_bytes, options_.free_bytes_min, options_.free_percent_min);
  }
  return layers;
}

Status TierService::RunDue() {
  const std::lock_guard run(run_mutex_);
  const int64_t now_ns = WallNanos();
  const std::vector<PartitionFiles> partitions = lake_->ListPartitions();
  std::vector<Place> places;
  std::vector<TierFile> files;
  for (size_t i = 0; i < partitions.size(); ++i) {
    for (const DataFilePtr& file : partitions[i].files) {
      if (!IsInScope(options_.scope, *file)) continue;
      const auto layer = std::find(layers_.begin(), layers_.end(), file->layer);
      files.push_back({.index = places.size(),
                       .partition = i,
                       .layer = static_cast<size_t>(layer - layers_.begin()),
                       .size_bytes = file->size_bytes,
                       .oldest_ns = file->oldest_in_layer_ns,
                       .newest_ns = file->newest_in_layer_ns,
                       .level = file->level,
                       .is_hour_over = partitions[i].partition.last_ns() < now_ns});
      places.push_back({&partitions[i], file});
    }
  }
  TierPlannerOptions planner_options;
  if (!options_.merges) planner_options.merge_files_max = 0;
  const TierPlan plan = PlanTiers(DescribeLayers(), files, now_ns, planner_options);
  Status first_failure;
  const auto note = [&](const Status& status, const char* what, const PartitionFiles& partition) {
    Count(status, what, partition);
    if (!status.ok() && KindOf(status) != ErrorKind::kConflict && first_failure.ok()) first_failure = status;
  };
  for (const size_t index : plan.drops) {
    if (thread_.IsStopping()) return first_failure;
    note(DropFile(*places[index].partition, places[index].file), "drop", *places[index].partition);
  }
  for (const TierMove& move : plan.moves) {
    if (thread_.IsStopping()) return first_failure;
    note(Move(*places[move.file].partition, places[move.file].file, layers_[move.layer]), "move",
         *places[move.file].partition);
  }
  for (const TierMerge& merge : plan.merges) {
    if (thread_.IsStopping()) return first_failure;
    MergePlan inputs{.inputs = {}, .output_level = merge.output_level};
    for (const size_t index : merge.files) inputs.inputs.push_back(places[index].file);
    const PartitionFiles& partition = *places[merge.files.front()].partition;
    note(merges_->Merge(partition, inputs), "merge", partition);
  }
  return first_failure;
}

Status TierService::Move(const PartitionFiles& partition, const DataFilePtr& file, const LayerPtr& layer) {
  ARROW_RETURN_NOT_OK(lake_->LeasePartition(partition));
  auto copied = CopyToLayer(
      *file, layer, WallNanos(), [this] { return thread_.IsStopping(); },
      [&](const DataFile& copy) { lake_->GiveUpFile(partition, copy); });
  if (!copied.ok()) {
    (void)lake_->ReturnPartition(partition);
    return copied.status();
  }
  ARROW_RETURN_NOT_OK(lake_->ReplaceFiles(partition, {file}, {*std::move(copied)}));
  LOG_DEBUG("moved", "key={} from={} to={} bytes={}", file->key, file->layer->name(), layer->name(), file->size_bytes);
  const std::lock_guard lock(mutex_);
  ++metrics_.moves_total;
  metrics_.moved_bytes_total += file->size_bytes;
  return Status::OK();
}

Status TierService::DropFile(const PartitionFiles& partition, const DataFilePtr& file) {
  ARROW_RETURN_NOT_OK(lake_->LeasePartition(partition));
  ARROW_RETURN_NOT_OK(lake_->ReplaceFiles(partition, {file}, {}));
  LOG_INFO("dropped a file whose time is over", "layer={} key={} rows={}", file->layer->name(), file->key, file->rows);
  const std::lock_guard lock(mutex_);
  ++metrics_.drops_total;
  metrics_.dropped_rows_total += file->rows;
  return Status::OK();
}

void TierService::Count(const Status& status, const char* what, const PartitionFiles& partition) {
  if (status.ok()) return;
  const ErrorKind kind = KindOf(status);
  if (kind == ErrorKind::kCancelled || kind == ErrorKind::kConflict) return;  // stopping, or a merge was first
  LOG_WARN("a file could not leave its layer yet", "what={} database={} table={} reason=\"{}\"", what, partition.database,
           partition.table, status.message());
  const std::lock_guard lock(mutex_);
  ++metrics_.failures_total;
}

TierMetrics TierService::metrics() const {
  const std::lock_guard lock(mutex_);
  return metrics_;
}

}  // namespace gigapi
