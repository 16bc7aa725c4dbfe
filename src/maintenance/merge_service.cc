#include "maintenance/merge_service.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <ctime>

#include "base/clock.h"
#include "base/log.h"
#include "maintenance/merge_job.h"

namespace gigapi {
namespace {

constexpr int kNice = 10;

double ThreadCpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

int64_t TotalBytes(const MergePlan& plan) {
  int64_t bytes = 0;
  for (const DataFilePtr& input : plan.inputs) bytes += input->size_bytes;
  return bytes;
}

}  // namespace

std::unique_ptr<MergeService> MergeService::Start(Lake* lake, const MergeOptions& options) {
  auto service = std::unique_ptr<MergeService>(new MergeService(lake, options));
  if (!options.enabled) return service;
  const std::chrono::nanoseconds interval(service->planner_options_.interval_ns);
  service->thread_.Start("merge", interval, interval, [raw = service.get()] {
    // On Linux this is the priority of the calling thread alone.
    (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
    raw->RunDue();
  });
  return service;
}

MergeService::MergeService(Lake* lake, const MergeOptions& options) : lake_(lake), scope_(options.scope) {
  planner_options_.interval_ns = static_cast<int64_t>(options.merge_timeout_s * static_cast<double>(kNanosPerSecond));
}

MergeService::~MergeService() { Stop(); }

void MergeService::Stop() { thread_.Stop(); }

void MergeService::RunDue() {
  const std::lock_guard run(run_mutex_);
  const std::vector<PartitionFiles> partitions = lake_->ListPartitions();
  std::map<PartitionName, LastMergeTimes> last_merges;  // forgets partitions that are gone
  for (const PartitionFiles& partition : partitions) {
    const PartitionName name{partition.database, partition.table, partition.partition.hour};
    const auto known = last_merges_ns_.find(name);
    LastMergeTimes times = known == last_merges_ns_.end() ? LastMergeTimes{} : known->second;
    std::vector<DataFilePtr> in_scope = partition.files;
    std::erase_if(in_scope, [this](const DataFilePtr& file) { return !IsInScope(scope_, *file); });
    for (const auto& files : ByLayer(in_scope)) {
      for (const MergePlan& plan : PlanMerges(partition.partition, files, times, WallNanos(), planner_options_)) {
        if (thread_.IsStopping()) return;
        if (!MergeAndLog(partition, plan)) continue;
        // A final merge takes files of all levels; it counts as one of the last tier.
        times[static_cast<size_t>(plan.output_level == 4 ? 3 : plan.output_level - 2)] = WallNanos();
        if (plan.output_level == 4) times[2] = WallNanos();
      }
    }
    if (times != LastMergeTimes{}) last_merges.emplace(name, times);
  }
  last_merges_ns_ = std::move(last_merges);
}

bool MergeService::MergeAndLog(const PartitionFiles& partition, const MergePlan& plan) {
  const Status status = Merge(partition, plan);
  if (status.ok()) return true;
  const ErrorKind kind = KindOf(status);
  if (kind == ErrorKind::kCancelled || kind == ErrorKind::kConflict) return false;  // stopping, or another merge was first
  LOG_ERROR("merge failed", "database={} table={} partition={} files={} error=\"{}\"", partition.database, partition.table,
            HivePath(partition.partition), plan.inputs.size(), status.ToString());
  return false;
}

Result<DataFile> MergeService::LeaseAndRun(const PartitionFiles& partition, const MergePlan& plan) {
  ARROW_RETURN_NOT_OK(lake_->LeasePartition(partition));
  auto output = RunMerge(
      partition, plan, [this] { return thread_.IsStopping(); },
      [&](const DataFile& file) { lake_->GiveUpFile(partition, file); });
  // A failure leaves the lease here: this node goes on when it can, and when it dies the lease ends.
  if (!output.ok()) (void)lake_->ReturnPartition(partition);
  return output;
}

Status MergeService::Merge(const PartitionFiles& partition, const MergePlan& plan) {
  const double cpu_start = ThreadCpuSeconds();
  Status status;
  int64_t rows = 0, bytes = 0;
  Result<DataFile> output = LeaseAndRun(partition, plan);
  if (output.ok()) {
    rows = output->rows;
    bytes = output->size_bytes;
    status = lake_->ReplaceFiles(partition, plan.inputs, {*std::move(output)});
  } else {
    status = output.status();
  }
  const std::lock_guard lock(mutex_);
  metrics_.cpu_seconds_total += ThreadCpuSeconds() - cpu_start;
  if (!status.ok()) {
    metrics_.failures_total += KindOf(status) != ErrorKind::kCancelled && KindOf(status) != ErrorKind::kConflict;
    return status;
  }
  ++metrics_.merges_total;
  metrics_.rows_total += rows;
  metrics_.bytes_in_total += TotalBytes(plan);
  metrics_.bytes_out_total += bytes;
  LOG_DEBUG("merged", "database={} table={} partition={} files={} rows={} bytes={}", partition.database, partition.table,
            HivePath(partition.partition), plan.inputs.size(), rows, bytes);
  return status;
}

Status MergeService::MergeAll() {
  const std::lock_guard run(run_mutex_);
  for (bool any_merged = true; any_merged;) {
    any_merged = false;
    for (const PartitionFiles& partition : lake_->ListPartitions()) {
      for (const auto& files : ByLayer(partition.files)) {
        const MergePlan plan = PlanMergeAll(files, planner_options_);
        if (plan.inputs.empty()) continue;
        ARROW_RETURN_NOT_OK(Merge(partition, plan));
        any_merged = true;
      }
    }
  }
  return Status::OK();
}

MergeMetrics MergeService::metrics() const {
  const std::lock_guard lock(mutex_);
  return metrics_;
}

}  // namespace gigapi
