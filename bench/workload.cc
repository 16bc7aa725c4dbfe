#include "workload.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <string_view>
#include <thread>

namespace gigapi::bench {
namespace {

constexpr std::array<std::string_view, 5> kRegions = {"eu-w", "eu-n", "us-e", "us-w", "ap-s"};
constexpr std::array<std::string_view, 5> kFields = {"usage_user", "usage_system", "usage_idle", "usage_nice", "usage_iowait"};

/// splitmix64: one well-mixed number for each row, without state.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

void AppendInteger(std::string* out, int64_t value) {
  char digits[24];
  out->append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
}

/// 0.00 to 99.99
void AppendPercent(std::string* out, uint64_t hundredths) {
  AppendInteger(out, static_cast<int64_t>(hundredths / 100));
  *out += '.';
  *out += static_cast<char>('0' + hundredths / 10 % 10);
  *out += static_cast<char>('0' + hundredths % 10);
}

void AppendLine(const Workload& workload, int64_t row, std::string* out) {
  const int64_t host = row % workload.hosts;
  *out += "cpu,host=host_";
  AppendInteger(out, host);
  *out += ",region=";
  *out += kRegions[static_cast<size_t>(host) % kRegions.size()];
  uint64_t random = Mix(static_cast<uint64_t>(row));
  for (size_t f = 0; f < kFields.size(); ++f) {
    *out += f == 0 ? ' ' : ',';
    *out += kFields[f];
    *out += '=';
    AppendPercent(out, random % 10'000);
    random = Mix(random);
  }
  *out += ' ';
  const auto offset = static_cast<__int128>(workload.spread_ns) * row / workload.rows;
  AppendInteger(out, workload.start_ns + static_cast<int64_t>(offset));
  *out += '\n';
}

}  // namespace

std::vector<std::string> MakeBodies(const Workload& workload, int64_t lines_per_body) {
  std::vector<std::string> bodies(static_cast<size_t>((workload.rows + lines_per_body - 1) / lines_per_body));
  std::atomic<size_t> next{0};
  auto fill = [&] {
    for (size_t b = next++; b < bodies.size(); b = next++) {
      const int64_t first = static_cast<int64_t>(b) * lines_per_body;
      const int64_t last = std::min(workload.rows, first + lines_per_body);
      bodies[b].reserve(static_cast<size_t>(last - first) * 144);
      for (int64_t row = first; row < last; ++row) AppendLine(workload, row, &bodies[b]);
    }
  };
  std::thread other(fill);
  fill();
  other.join();
  return bodies;
}

}  // namespace gigapi::bench
