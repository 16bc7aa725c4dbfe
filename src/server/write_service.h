// What all write endpoints have in common: from a request's body to rows that are kept. The dialects in api/ read their own
// parameters before, and render the outcome in their own form after.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lake/lake.h"
#include "server/http/http.h"
#include "server/parser_registry.h"
#include "server/write_stats.h"

namespace gigapi {

struct WriteLimits {
  int64_t body_bytes_max = 256 << 20;  // after decompression
  int64_t line_bytes_max = 1 << 20;
  int64_t columns_per_table_max = 1'000;
};

/// What a client asks for.
struct WriteParameters {
  std::string database;
  /// Absent: nanoseconds in line protocol; told by the size of the number in formats that are not of InfluxDB.
  std::optional<Precision> precision;
  /// Says what the body is where the endpoint does, as in "application/msgpack"; empty: the request's Content-Type.
  std::string media_type;
  std::string table;              // for rows that do not name theirs
  std::string time_column;        // as ParseOptions has it
  std::vector<std::string> tags;  // as ParseOptions has it
  char delimiter = 0;             // as ParseOptions has it
  std::string types;              // as ParseOptions has it
  /// Keep the good lines when there are bad ones; else one bad line refuses all.
  bool accept_partial = true;
};

/// What they say to a parser, without the time of arrival and the server's limits.
ParseOptions ParseOptionsOf(const WriteParameters& parameters);

struct WriteOutcome {
  /// Not OK: nothing was kept, and this is why. OK with refused lines: the others were kept.
  Status status;
  int64_t written_rows = 0;
  int64_t refused_rows = 0;          // with those that are not kept because of others
  std::vector<RefusedLine> refused;  // the first that are wrong
};

/// Thread-safe.
class WriteService {
 public:
  WriteService(Lake* lake, const ParserRegistry* parsers, WriteLimits limits)
      : lake_(lake), parsers_(parsers), limits_(limits) {}

  using Done = std::function<void(const WriteOutcome&)>;
  /// Decompresses and parses on the calling thread, then hands the rows to the lake. `done` is called once, on this thread,
  /// the WAL's or an I/O thread.
  void Write(http::ExchangePtr exchange, WriteParameters parameters, Done done);

  const WriteStats& stats() const { return stats_; }
  /// For others who write, to count in the same place.
  WriteStats* mutable_stats() { return &stats_; }

 private:
  struct Job;
  Result<WriteBatch> Parse(const Job& job);
  void ParseAndWrite(std::shared_ptr<Job> job);
  void Finish(Job& job, Status status);

  Lake* const lake_;
  const ParserRegistry* const parsers_;
  const WriteLimits limits_;
  WriteStats stats_;
};

}  // namespace gigapi
