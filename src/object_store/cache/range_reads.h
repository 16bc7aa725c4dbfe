// Several ranges of a file at once.
#pragma once

#include <vector>

#include "base/file_system.h"
#include "object_store/cache/range_plan.h"

namespace gigapi {

struct RangeRead {
  uint64_t offset = 0;
  size_t size = 0;
  char* out = nullptr;
};

/// Reads each range to its place: neighbours by one request, a long one by several, at most in_flight_max at a time. All of
/// it must lie in the file. After a failure the places have anything.
Status ReadRanges(const ReadableFile& file, const std::vector<RangeRead>& reads, const RangePolicy& policy,
                  size_t in_flight_max);

}  // namespace gigapi
