// How often and when a request to a store is sent again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "base/clock.h"

namespace gigapi {

struct RetryPolicy {
  int attempts_max = 6;
  int64_t first_delay_ms = 50;
  int64_t delay_ms_max = 5'000;
  /// No attempt begins later than this after the first did.
  int64_t elapsed_ms_max = 60'000;

  /// How long to wait after the attempt of this number (from 1) has failed, or -1: give up. The wait is a share of a bound
  /// that doubles, so that many clients of a store that failed do not come back in step. `share` is random, in [0, 1).
  int64_t DelayMs(int attempt, int64_t elapsed_ms, double share) const {
    if (attempt >= attempts_max) return -1;
    const int64_t bound = std::min(delay_ms_max, first_delay_ms << std::min(attempt - 1, 20));
    const auto delay = static_cast<int64_t>(static_cast<double>(bound) * (0.25 + 0.75 * share));
    return elapsed_ms + delay > elapsed_ms_max ? -1 : delay;
  }
};

/// In [0, 1), for RetryPolicy.
inline double RandomShare() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(random);
}

}  // namespace gigapi
