#include "backup/retry_wait.h"

#include <chrono>
#include <cstdint>
#include <limits>
#include <thread>

#include "base/clock.h"
#include "object_store/retry_policy.h"

namespace gigapi {
namespace {

constexpr RetryPolicy kForEver{.attempts_max = std::numeric_limits<int>::max(),
                               .first_delay_ms = 500,
                               .delay_ms_max = 30'000,
                               .elapsed_ms_max = std::numeric_limits<int64_t>::max()};
constexpr std::chrono::milliseconds kAskInterval{50};

}  // namespace

bool MayPass(const Status& failure) {
  switch (KindOf(failure)) {
    case ErrorKind::kUnauthorized:
    case ErrorKind::kForbidden:  // credentials are mended elsewhere
    case ErrorKind::kOverloaded:
    case ErrorKind::kUnavailable:
    case ErrorKind::kTimeout:
    case ErrorKind::kInternal: return true;  // a disk that fails, too
    default: return false;
  }
}

bool WaitAfterAttempt(int attempt, const std::function<bool()>& gives_up) {
  const int64_t end_ns = SteadyNanos() + kForEver.DelayMs(attempt, 0, RandomShare()) * kNanosPerMilli;
  while (!gives_up()) {
    if (SteadyNanos() >= end_ns) return true;
    std::this_thread::sleep_for(kAskInterval);
  }
  return false;
}

}  // namespace gigapi
