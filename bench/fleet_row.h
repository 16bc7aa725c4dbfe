// One row of the workload, before it has a form.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "workload.h"

namespace gigapi::bench {

inline constexpr std::array<std::string_view, 5> kRegions = {"eu-w", "eu-n", "us-e", "us-w", "ap-s"};
inline constexpr std::array<std::string_view, 5> kFields = {"usage_user", "usage_system", "usage_idle", "usage_nice",
                                                            "usage_iowait"};

/// splitmix64: one well-mixed number for each row, without state.
inline uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// One row of the fleet.
struct FleetRow {
  FleetRow(const Workload& workload, int64_t row) : host(row % workload.hosts) {
    const auto offset = static_cast<__int128>(workload.spread_ns) * row / workload.rows;
    time_ns = workload.start_ns + static_cast<int64_t>(offset);
    uint64_t random = Mix(static_cast<uint64_t>(row));
    for (uint64_t& field : hundredths) {
      field = random % 10'000;
      random = Mix(random);
    }
  }
  std::string_view region() const { return kRegions[static_cast<size_t>(host) % kRegions.size()]; }

  int64_t host;
  int64_t time_ns;
  std::array<uint64_t, kFields.size()> hundredths;
};

}  // namespace gigapi::bench
