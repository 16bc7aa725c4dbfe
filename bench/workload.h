// The rows of the benchmarks: a fleet of hosts, each with two tags and five float fields: eight columns with the time.
//
// As line protocol a row has 139 bytes, as MessagePack columns about 70, as MessagePack rows about 160:
//   cpu,host=host_17,region=eu-w usage_user=58.13,usage_system=2.41,usage_idle=24.05,usage_nice=61.77,usage_iowait=22.90
//   1735689600000000000
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
  int64_t start_ns = 0;   // time of the first row
  int64_t spread_ns = 0;  // the last row is just before start_ns + spread_ns
};

/// A form in which rows are sent, and where.
struct Format {
  const char* name;
  const char* content_type;
  const char* target;  // what follows names the database
  void (*append_rows)(const Workload& workload, int64_t first, int64_t last, std::string* body);
};

/// nullptr for a name that is not in kFormatNames.
inline constexpr char kFormatNames[] = "lines, ndjson, csv, arrow, msgpack, msgpack_rows";
const Format* FindFormat(const std::string& name);

/// The rows as bodies of that form, in time order, made by two threads.
std::vector<std::string> MakeBodies(const Workload& workload, const Format& format, int64_t rows_per_body);

}  // namespace gigapi::bench
