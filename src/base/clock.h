// Time. Wall time is nanoseconds since the Unix epoch, as stored in `time`; steady time only measures how long things take.
#pragma once

#include <cstdint>

namespace gigapi {

constexpr int64_t kNanosPerMicro = 1'000;
constexpr int64_t kNanosPerMilli = 1'000'000;
constexpr int64_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kNanosPerHour = 3'600 * kNanosPerSecond;

int64_t WallNanos();
int64_t SteadyNanos();

}  // namespace gigapi
