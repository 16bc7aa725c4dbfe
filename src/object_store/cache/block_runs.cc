#include "object_store/cache/block_runs.h"

#include <algorithm>

namespace gigapi {

std::vector<BlockRun> BlockRuns::Cover(size_t offset, size_t size) const {
  std::vector<BlockRun> cover;
  for (size_t at = offset; at < offset + size; at = cover.back().end()) {
    const BlockRun* furthest = nullptr;
    for (const BlockRun& run : runs_) {
      const bool has_it = run.offset <= at && at < run.end();
      if (has_it && (furthest == nullptr || run.end() > furthest->end())) furthest = &run;
    }
    if (furthest == nullptr) return {};
    cover.push_back(*furthest);
  }
  return cover;
}

std::vector<BlockRun> BlockRuns::Touching(size_t offset, size_t size) const {
  std::vector<BlockRun> touching;
  for (const BlockRun& run : runs_) {
    if (run.offset <= offset + size && offset <= run.end()) touching.push_back(run);
  }
  return touching;
}

void BlockRuns::Add(const BlockRun& run) {
  std::erase_if(runs_, [&](const BlockRun& old) { return run.offset <= old.offset && old.end() <= run.end(); });
  if (runs_.size() == kRunsMax) {
    runs_.erase(
        std::min_element(runs_.begin(), runs_.end(), [](const BlockRun& a, const BlockRun& b) { return a.size < b.size; }));
  }
  runs_.push_back(run);
}

void BlockRuns::Remove(const BlockRun& run) { std::erase(runs_, run); }

}  // namespace gigapi
