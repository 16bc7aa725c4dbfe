// Reads the data of a running InfluxDB over its query API: version 1 by InfluxQL, version 2 by Flux. Blocking; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "app/http_client.h"

namespace gigapi {

struct InfluxServer {
  HttpAddress address;
  std::string token;     // of version 2
  std::string org;       // of version 2
  std::string database;  // or bucket
};

/// A span of time, the end not in it.
struct InfluxSlice {
  int64_t begin_ns = 0;
  int64_t end_ns = 0;
};

class InfluxV1 {
 public:
  explicit InfluxV1(InfluxServer server) : server_(std::move(server)), client_(server_.address) {}

  /// What a measurement is made of: JSON does not tell 1 from 1.0, nor tags from strings.
  struct Measurement {
    std::set<std::string> tags;
    std::map<std::string, std::string> fields;  // name -> float, integer, unsigned, string, boolean
  };

  Result<std::vector<std::string>> Measurements();
  Result<Measurement> Describe(const std::string& measurement);
  /// The first or last time that the measurement has; nullopt when it has none in the slice.
  Result<std::optional<int64_t>> FirstTime(const std::string& measurement, const InfluxSlice& slice);
  Result<std::optional<int64_t>> LastTime(const std::string& measurement, const InfluxSlice& slice);

  /// Takes lines of line protocol with nanoseconds, each with its newline.
  using LineSink = std::function<Status(std::string_view line)>;
  /// All rows of the slice in the order of time; the answer is read in chunks.
  Status Read(const std::string& measurement, const Measurement& shape, const InfluxSlice& slice, const LineSink& sink);

 private:
  HttpRequest RequestOf(const std::string& query) const;
  Result<std::vector<std::vector<std::string>>> Rows(const std::string& query);
  Result<std::optional<int64_t>> TimeOf(const std::string& query);

  const InfluxServer server_;
  HttpClient client_;
};

class InfluxV2 {
 public:
  explicit InfluxV2(InfluxServer server) : server_(std::move(server)), client_(server_.address) {}

  Result<std::optional<int64_t>> FirstTime(const InfluxSlice& slice);
  /// The bucket's points of the slice, a row for each point, as annotated CSV piece by piece.
  Status Read(const InfluxSlice& slice, const HttpClient::BodySink& sink);

 private:
  Status Run(const std::string& flux, const HttpClient::BodySink& sink);

  const InfluxServer server_;
  HttpClient client_;
};

/// One line of line protocol's parts, escaped. Pure.
std::string EscapeMeasurement(std::string_view text);
std::string EscapeTag(std::string_view text);
std::string EscapeString(std::string_view text);

}  // namespace gigapi
