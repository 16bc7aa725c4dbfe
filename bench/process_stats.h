// What another process has used so far, from /proc and its CPU clock.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace gigapi::bench {

/// CPU seconds of all threads, ended ones included, to the nanosecond. 0 stands for this process.
double CpuSeconds(pid_t pid);

/// The most memory that the process ever had resident.
int64_t PeakMemoryBytes(pid_t pid);

/// Returns when the process used less than 2 % of one CPU over `window_s` seconds, or after `timeout_s`; the answer says
/// whether it has gone idle. `cpu_s` is the CPU time used up to the beginning of the idle window.
bool WaitUntilIdle(pid_t pid, double window_s, double timeout_s, double* cpu_s);

/// Seconds of a clock that never goes back.
double Now();

}  // namespace gigapi::bench
