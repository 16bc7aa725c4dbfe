#include "server/metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iterator>

#include "base/clock.h"

namespace gigapi {
namespace {

double Seconds(const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6; }

/// Bytes of the process: all that is mapped, and what of it is in memory.
bool ReadMemory(double* virtual_bytes, double* resident_bytes) {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return false;
  long long pages = 0, resident_pages = 0;
  const int read = std::fscanf(file, "%lld %lld", &pages, &resident_pages);
  std::fclose(file);
  const auto page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));
  *virtual_bytes = static_cast<double>(pages) * page_bytes;
  *resident_bytes = static_cast<double>(resident_pages) * page_bytes;
  return read == 2;
}

/// When the process began, near enough: when this file's statics were made.
const double kStartSeconds = static_cast<double>(WallNanos()) * 1e-9;

}  // namespace

void WriteProcessMetrics(Exposition* out) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  out->Counter("process_cpu_seconds_total", "User and system processor time.",
               Seconds(usage.ru_utime) + Seconds(usage.ru_stime));
  double virtual_bytes = 0, resident_bytes = 0;
  if (ReadMemory(&virtual_bytes, &resident_bytes)) {
    out->Gauge("process_virtual_memory_bytes", "Virtual memory.", virtual_bytes);
    out->Gauge("process_resident_memory_bytes", "Resident memory.", resident_bytes);
  }
  out->Gauge("process_resident_memory_max_bytes", "Largest resident memory so far.",
             static_cast<double>(usage.ru_maxrss) * 1024);
  std::error_code error;
  std::filesystem::directory_iterator descriptors("/proc/self/fd", error);
  if (!error) {
    const auto count = std::distance(std::filesystem::begin(descriptors), std::filesystem::end(descriptors));
    out->Gauge("process_open_fds", "Open file descriptors.", static_cast<double>(count));
  }
  out->Gauge("process_start_time_seconds", "Start of the process since the Unix epoch.", kStartSeconds);
}

}  // namespace gigapi
