#include "lake/flush_planner.h"

#include <algorithm>

namespace gigapi {
namespace {

bool IsDue(const FlushCandidate& candidate, const FlushPolicy& policy) {
  return candidate.bytes >= policy.partition_bytes || candidate.age_ns >= policy.interval_ns ||
         (candidate.has_waiters && candidate.age_ns >= policy.waiters_interval_ns);
}

}  // namespace

std::vector<size_t> PlanFlushes(std::vector<FlushCandidate> candidates, const FlushPolicy& policy,
                                const FlushPressure& pressure) {
  std::erase_if(candidates, [](const auto& candidate) { return candidate.retry_in_ns > 0; });
  std::vector<size_t> plan;
  const auto take = [&](auto first, auto last) {
    for (auto candidate = first; candidate != last; ++candidate) plan.push_back(candidate->index);
    candidates.erase(first, last);
  };
  if (pressure.total_bytes > policy.total_bytes_high) {
    std::sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
    int64_t over = pressure.total_bytes - policy.total_bytes_high;
    auto last = candidates.begin();
    for (; last != candidates.end() && over > 0; ++last) over -= last->bytes;
    take(candidates.begin(), last);
  }
  if (pressure.wal_bytes > policy.wal_bytes_high && !candidates.empty()) {
    // The log shrinks from its old end: only the partition with the oldest record frees anything.
    const auto oldest = std::min_element(candidates.begin(), candidates.end(),
                                         [](const auto& a, const auto& b) { return a.first_sequence < b.first_sequence; });
    take(oldest, oldest + 1);
  }
  std::sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) { return a.age_ns > b.age_ns; });
  const auto due = std::stable_partition(candidates.begin(), candidates.end(),
                                         [&](const auto& candidate) { return IsDue(candidate, policy); });
  take(candidates.begin(), due);
  return plan;
}

}  // namespace gigapi
