#include "process_stats.h"

#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <deque>
#include <string>
#include <utility>

#include "options.h"

namespace gigapi::bench {
namespace {

double Seconds(clockid_t clock) {
  timespec now{};
  if (clock_gettime(clock, &now) != 0) Fail("the process is gone");
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

constexpr double kIdleShare = 0.02;
constexpr useconds_t kPollMicros = 250'000;

}  // namespace

double CpuSeconds(pid_t pid) {
  clockid_t clock{};
  if (clock_getcpuclockid(pid, &clock) != 0) Fail("no process " + std::to_string(pid));
  return Seconds(clock);
}

int64_t PeakMemoryBytes(pid_t pid) {
  FILE* status = fopen(("/proc/" + std::to_string(pid) + "/status").c_str(), "r");
  if (status == nullptr) Fail("no process " + std::to_string(pid));
  char line[256];
  long long kib = 0;
  while (fgets(line, sizeof(line), status) != nullptr) {
    if (sscanf(line, "VmHWM: %lld kB", &kib) == 1) break;
  }
  fclose(status);
  return kib * 1024;
}

bool WaitUntilIdle(pid_t pid, double window_s, double timeout_s, double* cpu_s) {
  const double deadline = Now() + timeout_s;
  std::deque<std::pair<double, double>> samples;  // time, CPU seconds; the oldest is at least a window old
  while (true) {
    const double now = Now();
    samples.emplace_back(now, CpuSeconds(pid));
    while (samples.size() > 1 && samples[1].first <= now - window_s) samples.pop_front();
    *cpu_s = samples.front().second;
    const double span = now - samples.front().first;
    if (span >= window_s && samples.back().second - samples.front().second < kIdleShare * span) return true;
    if (now > deadline) return false;
    usleep(kPollMicros);
  }
}

double Now() { return Seconds(CLOCK_MONOTONIC); }

}  // namespace gigapi::bench
