#include "maintenance/tier_planner.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <tuple>

namespace gigapi {
namespace {

/// A large file is not rewritten for a few rows more, and no chain of merges outruns the move.
constexpr int64_t kRewriteShareMin = 4;
constexpr int64_t kSlackShareOfTtl = 4;

using Files = std::vector<TierFile>;

bool IsOlder(const TierFile& a, const TierFile& b) {
  return std::tie(a.oldest_ns, a.index) < std::tie(b.oldest_ns, b.index);
}

class TierPlanner {
 public:
  TierPlanner(const std::vector<TierLayer>& layers, const Files& files, int64_t now_ns, const TierPlannerOptions& options)
      : layers_(layers), now_ns_(now_ns), options_(options), files_(layers.size()) {
    for (const TierFile& file : files) files_[file.layer].push_back(file);
    for (const TierLayer& layer : layers) {
      room_bytes_.push_back(layer.is_local ? layer.free_bytes - layer.wanted_free_bytes
                                           : std::numeric_limits<int64_t>::max());
    }
  }

  TierPlan Plan() {
    if (layers_.empty()) return {};
    PlanDrops();
    for (size_t layer = layers_.size() - 1; layer-- > 0;) PlanLayer(layer);
    return std::move(plan_);
  }

 private:
  int64_t Age(const TierFile& file) const { return now_ns_ - file.oldest_ns; }

  void PlanDrops() {
    const TierLayer& layer = layers_.back();
    if (layer.ttl_ns <= 0) return;
    for (const TierFile& file : files_.back()) {
      if (now_ns_ - file.newest_ns >= layer.ttl_ns) plan_.drops.push_back(file.index);
    }
  }

  void PlanLayer(size_t layer) {
    // What leaves is not counted as room for what comes: it is gone only later.
    int64_t missing_bytes = layers_[layer].is_local ? -room_bytes_[layer] - layers_[layer].waiting_bytes : 0;
    missing_bytes = std::max<int64_t>(0, missing_bytes);
    Files rest = std::move(files_[layer]);
    std::sort(rest.begin(), rest.end(), IsOlder);
    if (layers_[layer].ttl_ns > 0 && missing_bytes == 0) PlanMerges(layer, &rest);
    for (const TierFile& file : rest) {
      const bool is_due = layers_[layer].ttl_ns > 0 && Age(file) >= layers_[layer].ttl_ns;
      if (!is_due && missing_bytes <= 0) break;  // the oldest come first
      if (Move(file)) missing_bytes -= file.size_bytes;
    }
  }

  /// To the next layer that has room.
  bool Move(const TierFile& file) {
    for (size_t to = file.layer + 1; to < layers_.size(); ++to) {
      if (room_bytes_[to] < file.size_bytes) continue;
      if (layers_[to].is_local) room_bytes_[to] -= file.size_bytes;
      plan_.moves.push_back({file.index, to});
      return true;
    }
    return false;
  }

  /// Takes what it plans out of `files`.
  void PlanMerges(size_t layer, Files* files) {
    const int64_t ttl_ns = layers_[layer].ttl_ns;
    const int64_t slack_ns = std::min(ttl_ns / kSlackShareOfTtl, options_.slack_ns_max);
    Files small;
    std::copy_if(files->begin(), files->end(), std::back_inserter(small), [&](const TierFile& file) {
      const int64_t early_ns = ttl_ns - Age(file);
      return file.size_bytes <= options_.merge_file_bytes_max && early_ns <= slack_ns && early_ns >= -slack_ns;
    });
    std::stable_sort(small.begin(), small.end(),
                     [](const TierFile& a, const TierFile& b) { return a.partition < b.partition; });
    std::vector<size_t> taken;
    for (const Files& group : Group(small)) {
      if (!IsWorthMerging(group, ttl_ns) || !TakeRoom(layer, group)) continue;
      TierMerge merge{.files = {}, .output_level = OutputLevel(group)};
      for (const TierFile& file : group) merge.files.push_back(file.index);
      taken.insert(taken.end(), merge.files.begin(), merge.files.end());
      plan_.merges.push_back(std::move(merge));
    }
    std::sort(taken.begin(), taken.end());
    std::erase_if(*files, [&](const TierFile& file) { return std::binary_search(taken.begin(), taken.end(), file.index); });
  }

  /// Neighbours in age of one partition, as many as one merge takes.
  std::vector<Files> Group(const Files& files) const {
    std::vector<Files> groups;
    int64_t bytes = 0;
    for (const TierFile& file : files) {
      if (groups.empty() || groups.back().back().partition != file.partition ||
          groups.back().size() >= options_.merge_files_max || bytes + file.size_bytes > options_.merge_bytes_max) {
        groups.emplace_back();
        bytes = 0;
      }
      groups.back().push_back(file);
      bytes += file.size_bytes;
    }
    return groups;
  }

  bool IsWorthMerging(const Files& group, int64_t ttl_ns) const {
    if (group.size() < 2 || Age(group.front()) < ttl_ns) return false;
    if (std::all_of(group.begin(), group.end(), [&](const TierFile& file) { return file.level >= options_.level_max; })) {
      return false;
    }
    int64_t largest = 0;
    for (const TierFile& file : group) largest = std::max(largest, file.size_bytes);
    return (TotalBytes(group) - largest) * kRewriteShareMin >= largest;
  }

  /// For the result, which lies beside the inputs until these are dropped.
  bool TakeRoom(size_t layer, const Files& group) {
    if (!layers_[layer].is_local) return true;
    const int64_t bytes = TotalBytes(group);
    if (room_bytes_[layer] < bytes) return false;
    room_bytes_[layer] -= bytes;
    return true;
  }

  /// An hour that is over gets no merge after this one.
  int OutputLevel(const Files& group) const {
    int level = 1;
    for (const TierFile& file : group) level = std::max(level, file.is_hour_over ? options_.level_max : file.level + 1);
    return std::min(level, options_.level_max);
  }

  static int64_t TotalBytes(const Files& files) {
    int64_t bytes = 0;
    for (const TierFile& file : files) bytes += file.size_bytes;
    return bytes;
  }

  const std::vector<TierLayer>& layers_;
  const int64_t now_ns_;
  const TierPlannerOptions& options_;
  std::vector<Files> files_;         // by layer
  std::vector<int64_t> room_bytes_;  // by layer, for files that come; below 0: less is free than wanted
  TierPlan plan_;
};

}  // namespace

int64_t WantedFreeBytes(int64_t total_bytes, int64_t bytes_min, double percent_min) {
  return std::max(bytes_min, static_cast<int64_t>(static_cast<double>(total_bytes) * percent_min / 100));
}

TierPlan PlanTiers(const std::vector<TierLayer>& layers, const std::vector<TierFile>& files, int64_t now_ns,
                   const TierPlannerOptions& options) {
  return TierPlanner(layers, files, now_ns, options).Plan();
}

}  // namespace gigapi
