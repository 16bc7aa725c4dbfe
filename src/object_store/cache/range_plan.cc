#include "object_store/cache/range_plan.h"

#include <algorithm>

namespace gigapi {

std::vector<ByteRange> PlanRequests(std::vector<ByteRange> wanted, const RangePolicy& policy) {
  std::erase_if(wanted, [](const ByteRange& range) { return range.size == 0; });
  std::sort(wanted.begin(), wanted.end(), [](const ByteRange& a, const ByteRange& b) { return a.offset < b.offset; });
  std::vector<ByteRange> merged;
  for (const ByteRange& range : wanted) {
    if (merged.empty() || range.offset > merged.back().end() + policy.gap_bytes_max) {
      merged.push_back(range);
    } else {
      merged.back().size = std::max(merged.back().end(), range.end()) - merged.back().offset;
    }
  }
  std::vector<ByteRange> requests;
  for (const ByteRange& range : merged) {
    // Of equal sizes, so that none is left waiting for the longest.
    const uint64_t count = (range.size + policy.request_bytes_max - 1) / policy.request_bytes_max;
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t begin = range.size * i / count;
      requests.push_back({range.offset + begin, range.size * (i + 1) / count - begin});
    }
  }
  return requests;
}

}  // namespace gigapi
