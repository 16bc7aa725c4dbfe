#include "maintenance/merge_planner.h"

#include <algorithm>
#include <map>

namespace gigapi {
namespace {

constexpr int kLastLevel = 4;
/// A late file is merged into an old one at once when it is not much smaller; else it waits for the last tier's interval.
constexpr int64_t kRewriteShareMin = 4;
/// A flush stores values that hardly repeat as they are, 8 bytes each, and leaves it to the merge to make them small.
constexpr int64_t kPlainBytesAValue = 6;
constexpr int64_t kRewriteBytesMin = 1 << 20;

using Files = std::vector<DataFilePtr>;

Files OldestFirst(Files files) {
  std::sort(files.begin(), files.end(), [](const DataFilePtr& a, const DataFilePtr& b) {
    return a->min_sequence != b->min_sequence ? a->min_sequence < b->min_sequence : a->created_ns < b->created_ns;
  });
  return files;
}

Files OfLevel(const Files& files, int level) {
  Files found;
  std::copy_if(files.begin(), files.end(), std::back_inserter(found),
               [level](const DataFilePtr& file) { return file->level == level; });
  return found;
}

int64_t TotalBytes(const Files& files) {
  int64_t bytes = 0;
  for (const DataFilePtr& file : files) bytes += file->size_bytes;
  return bytes;
}

int64_t Interval(const MergePlannerOptions& options, int level) {
  const auto t = static_cast<double>(options.interval_ns);
  return static_cast<int64_t>(options.tiers[static_cast<size_t>(level - 1)].interval_in_t * t);
}

/// Neighbours in age together, as many as the limits allow; files without a neighbour are left.
std::vector<MergePlan> Group(const Files& files, int output_level, int64_t bytes_max, size_t files_max) {
  std::vector<MergePlan> plans;
  MergePlan plan;
  int64_t bytes = 0;
  const auto finish = [&] {
    plan.output_level = output_level;
    if (plan.inputs.size() > 1) plans.push_back(std::move(plan));
    plan = {};
    bytes = 0;
  };
  for (const DataFilePtr& file : files) {
    if (plan.inputs.size() == files_max || bytes + file->size_bytes > bytes_max) finish();
    plan.inputs.push_back(file);
    bytes += file->size_bytes;
  }
  finish();
  return plans;
}

bool IsOver(PartitionKey partition, const Files& files, int64_t now_ns, const MergePlannerOptions& options) {
  if (partition.last_ns() >= now_ns) return false;
  return std::all_of(files.begin(), files.end(),
                     [&](const DataFilePtr& file) { return file->created_ns <= now_ns - options.interval_ns; });
}

bool GainsFromRewriting(const DataFile& file) {
  int64_t fields = 0;
  for (const ColumnStats& column : file.columns) fields += KindOf(column.type) == ColumnKind::kField;
  return file.level == 1 && file.size_bytes >= kRewriteBytesMin && file.size_bytes > kPlainBytesAValue * fields * file.rows;
}

/// The smallest files first, when there are more than one merge takes: the large ones are then rewritten once.
MergePlan SmallestToOne(Files files, const MergePlannerOptions& options) {
  MergePlan plan;
  if (files.size() > options.files_max) {
    std::stable_sort(files.begin(), files.end(),
                     [](const DataFilePtr& a, const DataFilePtr& b) { return a->size_bytes < b->size_bytes; });
    files.resize(options.files_max);
    plan.output_level = 2;
    for (const DataFilePtr& file : files) plan.output_level = std::max(plan.output_level, file->level);
  } else {
    plan.output_level = kLastLevel;
  }
  plan.inputs = OldestFirst(std::move(files));
  return plan;
}

std::vector<MergePlan> PlanFinal(const Files& files, const LastMergeTimes& last_merges_ns, int64_t now_ns,
                                 const MergePlannerOptions& options) {
  const int64_t bytes_max = options.tiers.back().bytes_max;
  Files small;  // a file at the limit stays as it is
  std::copy_if(files.begin(), files.end(), std::back_inserter(small),
               [bytes_max](const DataFilePtr& file) { return file->size_bytes <= bytes_max / 2; });
  if (small.size() == 1 && GainsFromRewriting(*small[0])) return {{small, kLastLevel}};
  if (small.size() < 2) return {};
  if (TotalBytes(small) > bytes_max) return Group(OldestFirst(small), kLastLevel, bytes_max, options.files_max);
  const int64_t largest = (*std::max_element(small.begin(), small.end(), [](const DataFilePtr& a, const DataFilePtr& b) {
                            return a->size_bytes < b->size_bytes;
                          }))->size_bytes;
  const bool is_worth_it = (TotalBytes(small) - largest) * kRewriteShareMin >= largest;
  const bool is_due = now_ns - last_merges_ns[kLastLevel - 1] >= Interval(options, kLastLevel);
  if (is_worth_it || is_due || small.size() >= options.files_max) return {SmallestToOne(small, options)};
  return {};
}

/// Whether the level's interval has passed since its last merge, or since its oldest file came.
bool IsDue(const Files& files, int level, int64_t last_merge_ns, int64_t now_ns, const MergePlannerOptions& options) {
  int64_t since = last_merge_ns;
  if (since == 0) {
    since = now_ns;
    for (const DataFilePtr& file : files) since = std::min(since, file->created_ns);
  }
  return now_ns - since >= Interval(options, level);
}

}  // namespace

std::vector<std::vector<DataFilePtr>> ByLayer(const std::vector<DataFilePtr>& files) {
  std::map<const Layer*, std::vector<DataFilePtr>> by_layer;
  for (const DataFilePtr& file : files) by_layer[file->layer.get()].push_back(file);
  std::vector<std::vector<DataFilePtr>> groups;
  for (auto& [layer, group] : by_layer) groups.push_back(std::move(group));
  return groups;
}

std::vector<MergePlan> PlanMerges(PartitionKey partition, const Files& files, const LastMergeTimes& last_merges_ns,
                                  int64_t now_ns, const MergePlannerOptions& options) {
  if (IsOver(partition, files, now_ns, options)) return PlanFinal(files, last_merges_ns, now_ns, options);
  // An hour that is over but still being written becomes one file soon: a merge before that would be one for nothing,
  // unless files pile up.
  const size_t files_min = partition.last_ns() < now_ns ? options.files_max : 2;
  std::vector<MergePlan> plans;
  for (int level = 1; level <= kLastLevel; ++level) {
    const Files candidates = OldestFirst(OfLevel(files, level));
    if (candidates.size() < files_min) continue;
    if (!IsDue(candidates, level, last_merges_ns[static_cast<size_t>(level - 1)], now_ns, options)) continue;
    const auto grouped = Group(candidates, std::min(level + 1, kLastLevel),
                               options.tiers[static_cast<size_t>(level - 1)].bytes_max, options.files_max);
    plans.insert(plans.end(), grouped.begin(), grouped.end());
  }
  return plans;
}

MergePlan PlanMergeAll(const Files& files, const MergePlannerOptions& options) {
  if (files.size() == 1 && GainsFromRewriting(*files[0])) return {files, kLastLevel};
  if (files.size() < 2) return {};
  return SmallestToOne(files, options);
}

}  // namespace gigapi
