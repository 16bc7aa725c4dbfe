// The rows of the benchmarks: a fleet of hosts, each with two tags and five float fields, 139 bytes a line.
//
//   cpu,host=host_17,region=eu-w usage_user=58.13,usage_system=2.41,usage_idle=24.05,usage_nice=61.77,usage_iowait=22.90 1735689600000000000
//
// Row i belongs to host i mod hosts; times grow evenly from the first row to the last. The same options give the same
// rows, whatever the number of lines a body.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gigapi::bench {

struct Workload {
  int64_t rows = 0;
  int64_t hosts = 1000;
  int64_t start_ns = 0;    // time of the first row
  int64_t spread_ns = 0;   // the last row is just before start_ns + spread_ns
};

/// The rows as bodies of line protocol, in time order, made by two threads.
std::vector<std::string> MakeBodies(const Workload& workload, int64_t lines_per_body);

}  // namespace gigapi::bench
