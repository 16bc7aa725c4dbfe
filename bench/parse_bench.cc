// What it costs to parse a body into columns, without sockets, log and files: nanoseconds a row.
//
//   parse_bench [ROWS_A_BODY] [SECONDS] [lines|ndjson|msgpack|msgpack_rows]
//
// The rows of workload.h, a hundred different bodies, one thread.
#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/clock.h"
#include "fleet.h"
#include "ingest/arrow_rows.h"
#include "ingest/csv_rows.h"
#include "ingest/json_rows.h"
#include "ingest/line_protocol.h"
#include "ingest/msgpack.h"
#include "workload.h"

namespace {

constexpr int64_t kBodies = 100;
constexpr int64_t kStartNanos = 1'735'689'600'000'000'000;
constexpr int64_t kSpreadNanos = 3'600'000'000'000;

/// A server knows the table after its first body.
class OneTable final : public gigapi::SchemaSource {
 public:
  gigapi::SchemaPtr FindSchema(std::string_view) const override { return schema; }
  void Learn(const gigapi::WriteBatch& batch) {
    std::vector<gigapi::ColumnSchema> columns;
    for (const gigapi::Column& column : batch.tables.at(0).rows.columns) columns.push_back({column.name, column.type});
    schema = std::make_shared<const gigapi::TableSchema>(std::move(columns));
  }
  gigapi::SchemaPtr schema;
};

using Parse = gigapi::WriteBatch (*)(std::string_view, const gigapi::ParseOptions&, const gigapi::SchemaSource&);

Parse ParserOf(const std::string& format) {
  if (format == "lines") return gigapi::ParseLineProtocol;
  if (format == "ndjson") return gigapi::ParseJsonRows;
  if (format == "csv") return gigapi::ParseCsvRows;
  if (format == "arrow") return gigapi::ParseArrowRows;
  return gigapi::ParseMsgpack;
}

}  // namespace

int main(int argc, char** argv) {
  const int64_t lines = argc > 1 ? std::atoll(argv[1]) : 10'000;
  const double seconds = argc > 2 ? std::atof(argv[2]) : 3;
  const gigapi::bench::Workload workload{.rows = lines * kBodies, .start_ns = kStartNanos, .spread_ns = kSpreadNanos};
  const std::string name = argc > 3 ? argv[3] : "lines";
  const gigapi::bench::Format* const format = gigapi::bench::FindFormat(name);
  if (format == nullptr) {
    fmt::print(stderr, "no format {}\n", name);
    return 2;
  }
  const Parse parse = ParserOf(name);
  const std::vector<std::string> bodies = gigapi::bench::MakeBodies(workload, *format, lines);
  OneTable tables;
  gigapi::ParseOptions options;
  options.table = "cpu";
  tables.Learn(parse(bodies[0], options, tables));
  int64_t rows = 0, bytes = 0;
  const double start = gigapi::CpuSeconds();
  double spent = 0;
  for (size_t i = 0; spent < seconds; i = (i + 1) % bodies.size()) {
    const gigapi::WriteBatch batch = parse(bodies[i], options, tables);
    rows += batch.accepted_rows;
    bytes += static_cast<int64_t>(bodies[i].size());
    spent = gigapi::CpuSeconds() - start;
  }
  fmt::print("{}, {} rows a body: {:.1f} ns a row, {:.2f} GB/s\n", name, lines, spent * 1e9 / static_cast<double>(rows),
             static_cast<double>(bytes) / spent / 1e9);
}
