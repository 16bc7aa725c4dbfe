// What it costs to sort rows and to write them as Parquet, and how large the files become: the figures of
// docs/decisions/0001-parquet-encoding.md. Writes a day of a fleet of hosts, one file an hour, once for each effort.
//
//   parquet_encoding_bench OUT_DIRECTORY [random|walk] [DECIMALS] [ROWS]
//
// bench/parquet_encoding.py reads the files with DuckDB and compares them with DuckDB's own.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "fleet.h"
#include "storage/hive_path.h"
#include "storage/parquet_file.h"
#include "storage/row_group_size.h"

namespace gigapi {
namespace {

struct Total {
  double cpu_seconds = 0;
  int64_t bytes = 0;
};

Status WriteHour(const std::string& out, ParquetEffort effort, const TableSchema& schema, const ColumnBatch& rows,
                 Total* total) {
  const LayerPtr layer = MakeLocalLayer(LocalFileSystem(), out);
  const std::string key =
      PartitionPath(effort == ParquetEffort::kFast ? "fast" : "compact", PartitionKey::Of(rows.min_time)) + "/1.parquet";
  const double start = CpuSeconds();
  ParquetOptions options;
  options.effort = effort;
  if (effort == ParquetEffort::kCompact) options.row_group_rows = static_cast<int64_t>(ChooseRowGroupRows(rows));
  ARROW_ASSIGN_OR_RAISE(auto object, layer->Create(key));
  ARROW_ASSIGN_OR_RAISE(const DataFile file, WriteParquet(std::move(object), schema, rows, options));
  total->cpu_seconds += CpuSeconds() - start;
  total->bytes += file.size_bytes;
  return Status::OK();
}

Status Run(const std::string& out, bool walk, int decimals, int64_t rows) {
  const SchemaPtr schema = FleetSchema();
  Fleet fleet(walk, decimals);
  const int64_t tick_ns = 24 * kNanosPerHour / (rows / kHosts);
  Total fast, compact;
  double sort_seconds = 0;
  std::vector<ColumnBatchPtr> chunks;
  for (int64_t row = 0; row < rows;) {
    // A request ends with the hour.
    const int64_t hour_end = (row / kHosts * tick_ns / kNanosPerHour + 1) * kNanosPerHour;
    const int64_t hour_end_row = std::min(rows, (hour_end + tick_ns - 1) / tick_ns * kHosts);
    const int count = static_cast<int>(std::min<int64_t>(kChunkRows, hour_end_row - row));
    chunks.push_back(std::make_shared<const ColumnBatch>(MakeChunk(*schema, row, count, tick_ns, &fleet)));
    row += count;
    if (row < hour_end_row) continue;
    // Several connections write: requests do not arrive in order.
    for (size_t i = 1; i < chunks.size(); i += 2) std::swap(chunks[i - 1], chunks[i]);
    const double start = CpuSeconds();
    ARROW_ASSIGN_OR_RAISE(const ColumnBatch sorted, SortChunks(*schema, chunks));
    sort_seconds += CpuSeconds() - start;
    chunks.clear();
    ARROW_RETURN_NOT_OK(WriteHour(out, ParquetEffort::kFast, *schema, sorted, &fast));
    ARROW_RETURN_NOT_OK(WriteHour(out, ParquetEffort::kCompact, *schema, sorted, &compact));
  }
  const double millions = static_cast<double>(rows) / 1e6;
  fmt::print(
      "{:.1f} M rows, CPU s a million: sort {:.3f}, write fast {:.3f}, write compact {:.3f}; bytes a row: fast {:.2f}, "
      "compact {:.2f}\n",
      millions, sort_seconds / millions, fast.cpu_seconds / millions, compact.cpu_seconds / millions,
      static_cast<double>(fast.bytes) / static_cast<double>(rows),
      static_cast<double>(compact.bytes) / static_cast<double>(rows));
  return Status::OK();
}

}  // namespace
}  // namespace gigapi

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: parquet_encoding_bench OUT_DIRECTORY [random|walk] [DECIMALS] [ROWS]\n");
    return 2;
  }
  const bool walk = argc > 2 && std::string(argv[2]) == "walk";
  const int decimals = argc > 3 ? std::stoi(argv[3]) : 2;
  const int64_t rows = argc > 4 ? std::stoll(argv[4]) : 10'000'000;
  const auto status = gigapi::Run(argv[1], walk, decimals, rows);
  if (!status.ok()) fmt::print(stderr, "{}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
