#include "maintenance/heal_service.h"

#include <chrono>

#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"
#include "maintenance/data_files.h"
#include "repair/repair_planner.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

constexpr auto kLookInterval = std::chrono::milliseconds(500);
/// A list of all layers takes long, and a node may have no right to it.
constexpr int64_t kLookAgainNs = 10 * kNanosPerSecond;
/// About a minute; then it is tried once in as many runs: a file that is gone and was listed may be taken out by then, as
/// one whose time is over, or by `gigapi repair`.
constexpr int kFailuresMax = 120;

std::string PathOf(const CatalogKey& key) { return PartitionPath(TablePath(key.database, key.table), *key.partition); }

}  // namespace

std::unique_ptr<HealService> HealService::Start(Lake* lake, RepairSources sources) {
  auto service = Make(lake, std::move(sources));
  // What a run leaves was logged, or is tried again.
  service->thread_.Start("heal", kLookInterval, kLookInterval, [raw = service.get()] { (void)raw->Run(); });
  return service;
}

std::unique_ptr<HealService> HealService::Make(Lake* lake, RepairSources sources) {
  return std::unique_ptr<HealService>(new HealService(lake, std::move(sources)));
}

HealService::~HealService() { Stop(); }

void HealService::Stop() { thread_.Stop(); }

Status HealService::Run() {
  for (const CatalogKey& key : lake_->TakeFallenBack()) pending_.try_emplace(PathOf(key), Pending{.partition = key});
  const uint64_t falls = lake_->FallsOfCatalog();
  // First: rows of these may wait to be flushed.
  Status first_failure = HealPending();
  if (falls > looked_after_ && SteadyNanos() >= look_again_at_ns_) {
    Status looked = LookEverywhere();
    if (looked.ok()) {
      looked_after_ = falls;
      looked = HealPending();
    } else if (!thread_.IsStopping()) {
      LOG_WARN("the layers could not be looked through for what the catalog has lost, trying again", "reason=\"{}\"",
               looked.message());
      look_again_at_ns_ = SteadyNanos() + kLookAgainNs;
    }
    if (first_failure.ok()) first_failure = std::move(looked);
  }
  // Until then a restart looks again.
  if (falls > 0 && falls == looked_after_ && pending_.empty()) lake_->MadeGood(falls);
  return first_failure;
}

Status HealService::HealPending() {
  Status first_failure;
  for (auto next = pending_.begin(); next != pending_.end() && !thread_.IsStopping();) {
    const auto each = next++;
    Pending& pending = each->second;
    if (pending.runs_to_wait > 0) {
      --pending.runs_to_wait;
      continue;
    }
    const Status healed = Heal(pending.partition);
    if (healed.ok()) {
      lake_->EndHealing(pending.partition);
      pending_.erase(each);
      continue;
    }
    if (first_failure.ok()) first_failure = healed;
    if (++pending.failures < kFailuresMax) continue;
    pending.runs_to_wait = kFailuresMax;
    if (pending.failures == kFailuresMax) TellOfFailure(pending.partition, healed);
  }
  return first_failure;
}

void HealService::TellOfFailure(const CatalogKey& key, const Status& reason) {
  LOG_ERROR("the catalog has lost files of an hour, which could not be added again: `gigapi repair` tells more",
            "partition={} reason=\"{}\"", PathOf(key), reason.message());
  lake_->EndHealing(key);
  const std::lock_guard lock(mutex_);
  ++metrics_.failures_total;
}

/// For hours where a file lies that the catalog does not name, or one does not lie that it names. What is under way there,
/// as a flush, is met as well: its commit finds its file named.
Status HealService::LookEverywhere() {
  LOG_INFO("the catalog has fallen back to an older state: looking through the layers for what it lacks");
  const std::vector<PartitionFiles> partitions = lake_->ListPartitions();
  std::vector<const PartitionFiles*> all;
  for (const PartitionFiles& partition : partitions) all.push_back(&partition);
  KnownFiles missing = KnownFilesOf(all);
  std::map<std::string, Pending> odd;
  const auto add = [&](const CatalogKey& key) { odd.try_emplace(PathOf(key), Pending{.partition = key}); };
  for (const LayerPtr& layer : sources_.layers) {
    const auto use = [&](const ObjectInfo& object, const CatalogKey& key) {
      if (missing.erase({layer.get(), object.key}) == 0) add(key);
      return true;
    };
    ARROW_RETURN_NOT_OK(ForEachDataFile(
        *layer, "", [this] { return thread_.IsStopping(); }, use));
  }
  for (const auto& [layer, key] : missing) {
    const auto hour = ParseCatalogKey(MetadataKey(ParentOf(std::string(key))));
    if (hour && hour->partition) add(*hour);
  }
  LOG_INFO("hours whose files are not those that the catalog names", "hours={}", odd.size());
  pending_.merge(odd);
  return Status::OK();
}

Status HealService::Heal(const CatalogKey& key) {
  RepairOptions options{.node = lake_->node(), .is_shared = true, .add_unlisted = true};
  // Else no file of a dropped table can still lie there (lake/drop.cc keeps drops for longer). All that is missing is added:
  // files of several logs would hide from the other nodes that theirs are missing too.
  const uint64_t dropped_up_to = lake_->DroppedUpTo(key);
  if (dropped_up_to > 0) {
    options.own_rows_only = true;
    options.drops.Add({.database = key.database, .table = key.table, .sequence = dropped_up_to});
  }
  const RepairHooks hooks{.is_cancelled = [this] { return thread_.IsStopping(); }};
  ARROW_ASSIGN_OR_RAISE(const LakeInventory inventory, ReadHourInventory(sources_, key, lake_->node(), hooks));
  const auto& metadata = inventory.tables.at({key.database, key.table}).hours.at(*key.partition).metadata;
  const RepairPlan plan = MakeRepairPlan(inventory, options);
  // Then nothing is known for certain. It may be there in a moment: files come and go meanwhile.
  if (!plan.missing.empty()) return Error(ErrorKind::kConflict, "a file that the hour names is not there");
  // A table that is dropped now must not be made again.
  if (lake_->DroppedUpTo(key) != dropped_up_to) return Error(ErrorKind::kConflict, "the table was dropped meanwhile");
  // In the order in which a flush makes them.
  for (const TableChange& table : plan.tables) {
    ARROW_RETURN_NOT_OK(lake_->AddColumns(table.database, table.table, table.schema));
  }
  for (const HourChange& change : plan.hours) {
    FoundFiles found{.listed = {},
                     .added = change.added,
                     .replaced = change.replaced,
                     .sequences = change.metadata.wal_sequences,
                     .dropped_up_to = dropped_up_to};
    if (metadata) found.listed = metadata->files;
    ARROW_RETURN_NOT_OK(lake_->AddFiles(key, found));
    int64_t rows = 0;
    for (const DataFilePtr& file : change.added) rows += file->rows;
    // A node that was restarted has forgotten which other hours it had committed to.
    LOG_WARN("the catalog had lost files of an hour: they are back. `gigapi repair` tells whether other hours lack some",
             "partition={} files={} rows={}", PathOf(key), change.added.size(), rows);
    const std::lock_guard lock(mutex_);
    metrics_.files_total += static_cast<int64_t>(change.added.size());
    metrics_.rows_total += rows;
  }
  TellOfLeftFiles(key, plan, options);
  return Status::OK();
}

/// What nobody can be sure of, as where a file of the hour lies on a node's own disk.
void HealService::TellOfLeftFiles(const CatalogKey& key, const RepairPlan& plan, const RepairOptions& options) {
  int64_t left = 0;
  const Orphan* first = nullptr;
  for (const Orphan& orphan : plan.orphans) {
    // Unlisted ones of other logs may be of the dropped table.
    const bool is_lost = orphan.kind == OrphanKind::kUnlisted && !options.own_rows_only;
    if (!is_lost && orphan.kind != OrphanKind::kUnknown && orphan.kind != OrphanKind::kConflicting) continue;
    if (++left == 1) first = &orphan;
  }
  if (left == 0) return;
  LOG_WARN("the catalog may have lost files of an hour that were left alone: `gigapi repair` tells why",
           "partition={} files={} first={}", PathOf(key), left, first->key);
  const std::lock_guard lock(mutex_);
  metrics_.left_files_total += left;
}

HealMetrics HealService::metrics() const {
  const std::lock_guard lock(mutex_);
  return metrics_;
}

}  // namespace gigapi
