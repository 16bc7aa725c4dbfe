// Which requests fetch what is wanted of an object. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gigapi {

struct ByteRange {
  uint64_t offset = 0;
  uint64_t size = 0;
  uint64_t end() const { return offset + size; }
  bool operator==(const ByteRange&) const = default;
};

struct RangePolicy {
  /// Bytes that nobody wants and that are fetched rather than spend another request.
  uint64_t gap_bytes_max = 64 << 10;
  /// A longer range is fetched by several requests at once.
  uint64_t request_bytes_max = 4 << 20;
};

/// Requests in the order of offsets that together cover the wanted ranges, which may come in any order and overlap.
std::vector<ByteRange> PlanRequests(std::vector<ByteRange> wanted, const RangePolicy& policy);

}  // namespace gigapi
