#include "maintenance/sweep_service.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "base/clock.h"
#include "base/log.h"
#include "catalog/catalog_key.h"
#include "catalog/drop_record.h"
#include "maintenance/data_files.h"
#include "object_store/journal_feed.h"
#include "repair/sweep_planner.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

/// The first run comes so much sooner: nodes that are restarted every day sweep too.
constexpr int64_t kFirstRunPart = 24;
/// Of a table in one run; the next run goes on.
constexpr size_t kHoursMax = 10'000;
/// Nodes that were away for long may have files of a dropped table on their own disks.
constexpr int64_t kDropsKeptNs = 30 * 24 * kNanosPerHour;

}  // namespace

std::unique_ptr<SweepService> SweepService::Start(Lake* lake, RepairSources sources, std::vector<LayerPtr> swept,
                                                  const SweepOptions& options) {
  auto service = Make(lake, std::move(sources), std::move(swept), options);
  if (options.interval_ns > 0 && !service->swept_.empty()) {
    const std::chrono::nanoseconds interval(options.interval_ns);
    service->thread_.Start("sweep", interval / kFirstRunPart, interval, [raw = service.get()] {
      const Status swept = raw->Run();
      if (!swept.ok() && KindOf(swept) != ErrorKind::kCancelled) {
        LOG_WARN("a sweep is left for the next time", "reason=\"{}\"", swept.message());
      }
    });
  }
  return service;
}

std::unique_ptr<SweepService> SweepService::Make(Lake* lake, RepairSources sources, std::vector<LayerPtr> swept,
                                                 const SweepOptions& options) {
  return std::unique_ptr<SweepService>(new SweepService(lake, std::move(sources), std::move(swept), options));
}

SweepService::SweepService(Lake* lake, RepairSources sources, std::vector<LayerPtr> swept, const SweepOptions& options)
    : lake_(lake), sources_(std::move(sources)), swept_(std::move(swept)), options_(options) {}

SweepService::~SweepService() { Stop(); }

void SweepService::Stop() { thread_.Stop(); }

Status SweepService::Run() {
  const int64_t before_ns = WallNanos() - options_.age_min_ns;
  Status first_failure;
  const auto note = [&](const Status& status) {
    if (!status.ok() && first_failure.ok()) first_failure = status;
  };
  for (const LayerPtr& layer : swept_) note(SweepUploads(*layer, before_ns));
  ObjectStore* const catalog = sources_.catalog_store.get();
  note(RemoveOldJournals(catalog, std::string(kJournalPrefix), WallNanos() - options_.journal_age_min_ns));
  const std::vector<PartitionFiles> partitions = lake_->ListPartitions();
  std::map<TableName, KnownPartitions> tables;
  for (const PartitionFiles& partition : partitions) tables[{partition.database, partition.table}].push_back(&partition);
  // Of tables that were dropped, too, which no catalog has any more.
  DropRecords drops;
  note(ReadDropRecords(catalog).Value(&drops));
  for (const auto& [name, record] : drops) tables[name];
  for (const auto& [name, known] : tables) {
    if (thread_.IsStopping()) break;
    const auto swept = SweepTable(name, known, before_ns);
    note(swept.status());
    const auto drop = drops.find(name);
    const bool is_over =
        swept.ok() && *swept == 0 && drop != drops.end() && drop->second.dropped_ns < WallNanos() - kDropsKeptNs;
    if (is_over) note(RemoveDropRecord(catalog, name.first, name.second));
  }
  const std::lock_guard lock(mutex_);
  ++metrics_.runs_total;
  if (!first_failure.ok()) ++metrics_.failures_total;
  return first_failure;
}

Status SweepService::SweepUploads(const Layer& layer, int64_t before_ns) {
  ARROW_ASSIGN_OR_RAISE(const int64_t removed, layer.store()->RemoveUnfinished(before_ns));
  if (removed == 0) return Status::OK();
  LOG_INFO("removed uploads that never ended", "layer={} uploads={}", layer.name(), removed);
  const std::lock_guard lock(mutex_);
  metrics_.removed_uploads_total += removed;
  return Status::OK();
}

/// Answers how many of its hours had files that this node does not know.
Result<size_t> SweepService::SweepTable(const TableName& name, const KnownPartitions& known, int64_t before_ns) {
  ARROW_ASSIGN_OR_RAISE(const auto hours, FindHours(name, known, before_ns));
  Status first_failure;
  for (const PartitionKey hour : hours) {
    if (thread_.IsStopping()) break;
    const Status swept = SweepHour({.database = name.first, .table = name.second, .partition = hour}, before_ns);
    if (!swept.ok() && first_failure.ok()) first_failure = swept;
  }
  ARROW_RETURN_NOT_OK(first_failure);
  return hours.size();
}

/// The hours of a table where something lies that this node does not know. What it knows may be behind, which costs no more
/// than a look at the hour.
Result<std::set<PartitionKey>> SweepService::FindHours(const TableName& name, const KnownPartitions& partitions,
                                                       int64_t before_ns) const {
  std::set<PartitionKey> hours;
  const KnownFiles known = KnownFilesOf(partitions);
  const std::string prefix = TablePath(name.first, name.second) + '/';
  for (const LayerPtr& layer : swept_) {
    const auto use = [&](const ObjectInfo& object, const CatalogKey& key) {
      if (object.modified_ns < before_ns && !known.contains({layer.get(), object.key})) hours.insert(*key.partition);
      return hours.size() < kHoursMax;
    };
    ARROW_RETURN_NOT_OK(ForEachDataFile(
        *layer, prefix, [this] { return thread_.IsStopping(); }, use));
  }
  return hours;
}

/// Upon what the catalog and the footers say now.
Status SweepService::SweepHour(const CatalogKey& hour, int64_t before_ns) {
  const RepairHooks hooks{.is_cancelled = [this] { return thread_.IsStopping(); }};
  const RepairOptions options{.node = lake_->node(), .is_shared = !lake_->node().empty()};
  ARROW_ASSIGN_OR_RAISE(const LakeInventory inventory, ReadHourInventory(sources_, hour, lake_->node(), hooks));
  std::vector<Orphan> orphans = PlanSweep(inventory, options, before_ns);
  std::erase_if(orphans, [&](const Orphan& orphan) { return std::ranges::count(swept_, orphan.layer) == 0; });
  for (const Orphan& orphan : orphans) {
    LOG_INFO("removing a file that no metadata names", "layer={} file={}", orphan.layer->name(), orphan.key);
  }
  ARROW_ASSIGN_OR_RAISE(const RemovedOrphans removed, RemoveFiles(orphans, hooks));
  const std::lock_guard lock(mutex_);
  metrics_.removed_files_total += removed.files;
  metrics_.removed_bytes_total += removed.bytes;
  return Status::OK();
}

SweepMetrics SweepService::metrics() const {
  const std::lock_guard lock(mutex_);
  return metrics_;
}

}  // namespace gigapi
