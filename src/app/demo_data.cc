#include "app/demo_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "base/clock.h"

namespace gigapi {
namespace {

constexpr std::array<std::string_view, 5> kRegions = {"eu-north", "eu-west", "us-east", "us-west", "ap-south"};
constexpr int64_t kDayNanos = 24 * kNanosPerHour;
constexpr size_t kLineBytes = 140;

}  // namespace

DemoRack::DemoRack(int64_t rack, int64_t rows, int64_t end_ns)
    : rounds_(std::max<int64_t>(1, (rows + kHosts - 1) / kHosts)),
      start_ns_(end_ns - kDayNanos),
      step_ns_(kDayNanos / rounds_),
      random_(rack) {
  for (int64_t i = rack * kHosts; i < (rack + 1) * kHosts; ++i) {
    hosts_.push_back({.prefix = fmt::format("cpu,host=web-{:03},region={} ", i, kRegions[i % kRegions.size()]),
                      .usage = std::uniform_real_distribution<>(10, 70)(random_),
                      .memory_free_bytes = std::uniform_int_distribution<int64_t>(1ll << 30, 8ll << 30)(random_),
                      .requests_total = 0});
  }
}

void DemoRack::AppendLine(Host* host, int64_t time_ns, std::string* lines) {
  host->usage = std::clamp(host->usage + std::uniform_real_distribution<>(-2, 2)(random_), 0.0, 100.0);
  host->memory_free_bytes += std::uniform_int_distribution<int64_t>(-(1 << 20), 1 << 20)(random_);
  host->requests_total += static_cast<int64_t>(host->usage * 3);
  fmt::format_to(std::back_inserter(*lines),
                 "{}usage_user={:.2f},usage_system={:.2f},memory_free={}i,requests={}i,ok={} {}\n", host->prefix,
                 host->usage, host->usage / 4, host->memory_free_bytes, host->requests_total,
                 host->usage < 95 ? "true" : "false", time_ns);
}

std::string DemoRack::NextLines(int64_t lines) {
  std::string text;
  text.reserve(lines * kLineBytes);
  for (int64_t made = 0; made < lines && !done(); made += kHosts, ++round_) {
    for (auto& host : hosts_) AppendLine(&host, start_ns_ + round_ * step_ns_, &text);
  }
  return text;
}

}  // namespace gigapi
