// Hosts that report their load for a day: line protocol for `gigapi demo`. The same numbers at every run, but for the day,
// which ends when it is told to.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace gigapi {

/// The hosts of one rack.
class DemoRack {
 public:
  /// Rows from `end_ns` minus 24 hours on, evenly spread; `rows` is rounded up to whole rounds of all hosts. Racks count
  /// from 0.
  DemoRack(int64_t rack, int64_t rows, int64_t end_ns);

  int64_t rows() const { return rounds_ * kHosts; }
  bool done() const { return round_ == rounds_; }

  /// The next lines, at least `lines` unless the day ends: whole rounds, in the order of time.
  std::string NextLines(int64_t lines);

  static constexpr int64_t kHosts = 25;

 private:
  struct Host {
    std::string prefix;  // "cpu,host=...,region=... "
    double usage;
    int64_t memory_free_bytes;
    int64_t requests_total;
  };

  void AppendLine(Host* host, int64_t time_ns, std::string* lines);

  int64_t rounds_;
  int64_t start_ns_;
  int64_t step_ns_;
  int64_t round_ = 0;
  std::mt19937_64 random_;
  std::vector<Host> hosts_;
};

}  // namespace gigapi
