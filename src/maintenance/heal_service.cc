#include "maintenance/heal_service.h"

#include <chrono>

#include "base/log.h"
#include "base/thread.h"
#include "repair/repair_planner.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

constexpr auto kLookInterval = std::chrono::milliseconds(500);
/// About a minute; then it is left to `gigapi repair`.
constexpr int kFailuresMax = 120;

std::string PathOf(const CatalogKey& key) { return PartitionPath(TablePath(key.database, key.table), *key.partition); }

}  // namespace

std::unique_ptr<HealService> HealService::Start(Lake* lake, RepairSources sources) {
  auto service = Make(lake, std::move(sources));
  service->thread_ = StartThread("heal", [raw = service.get()] { raw->Loop(); });
  return service;
}

std::unique_ptr<HealService> HealService::Make(Lake* lake, RepairSources sources) {
  return std::unique_ptr<HealService>(new HealService(lake, std::move(sources)));
}

HealService::~HealService() { Stop(); }

void HealService::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void HealService::Loop() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, kLookInterval, [this] { return stopping_.load(); })) return;
    }
    (void)Run();  // what it leaves was logged, or is tried again
  }
}

Status HealService::Run() {
  for (FallenBackPartition& partition : lake_->TakeFallenBack()) pending_.push_back({.partition = std::move(partition)});
  Status first_failure;
  std::vector<Pending> left;
  for (Pending& each : pending_) {
    if (stopping_) break;
    const Status healed = Heal(each.partition);
    if (healed.ok()) continue;
    if (first_failure.ok()) first_failure = healed;
    if (++each.failures < kFailuresMax) {
      left.push_back(std::move(each));
      continue;
    }
    LOG_ERROR("the catalog has lost files of an hour: run `gigapi repair --apply --add-unlisted`",
              "partition={} reason=\"{}\"", PathOf(each.partition.key), healed.message());
    const std::lock_guard lock(mutex_);
    ++metrics_.failures_total;
  }
  pending_ = std::move(left);
  return first_failure;
}

Status HealService::Heal(const FallenBackPartition& partition) {
  const CatalogKey& key = partition.key;
  RepairOptions options{.node = lake_->node(), .is_shared = true, .add_unlisted = true};
  // Else no file of a dropped table can still lie there (lake/drop.cc keeps drops for longer). All that is missing is added:
  // files of several logs would hide from the other nodes that theirs are missing too.
  if (partition.dropped_up_to > 0) {
    options.own_rows_only = true;
    options.drops.Add({.database = key.database, .table = key.table, .sequence = partition.dropped_up_to});
  }
  const RepairHooks hooks{.is_cancelled = [this] { return stopping_.load(); }};
  ARROW_ASSIGN_OR_RAISE(const LakeInventory inventory, ReadHourInventory(sources_, key, lake_->node(), hooks));
  const auto& metadata = inventory.tables.at({key.database, key.table}).hours.at(*key.partition).metadata;
  const RepairPlan plan = MakeRepairPlan(inventory, options);
  // Then nothing is known for certain. It may be there in a moment: files come and go meanwhile.
  if (!plan.missing.empty()) return Error(ErrorKind::kConflict, "a file that the hour names is not there");
  for (const HourChange& change : plan.hours) {
    ARROW_RETURN_NOT_OK(lake_->AddFiles(key, metadata ? metadata->files : std::vector<DataFilePtr>(), change.added,
                                        change.metadata.wal_sequences));
    int64_t rows = 0;
    for (const DataFilePtr& file : change.added) rows += file->rows;
    LOG_WARN("the catalog had lost files of an hour: they are back", "partition={} files={} rows={}", PathOf(key),
             change.added.size(), rows);
    const std::lock_guard lock(mutex_);
    metrics_.files_total += static_cast<int64_t>(change.added.size());
    metrics_.rows_total += rows;
  }
  return Status::OK();
}

HealMetrics HealService::metrics() const {
  const std::lock_guard lock(mutex_);
  return metrics_;
}

}  // namespace gigapi
