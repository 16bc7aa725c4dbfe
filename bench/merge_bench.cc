// What it costs to merge the files of flushes to one file an hour: CPU and peak memory.
//
//   merge_bench OUT_DIRECTORY [FILES_AN_HOUR] [ROWS] [DECIMALS] [HOURS]
//
// The peak is that of the merges alone. One hour of many rows with many decimals shows that memory stays bounded:
// merge_bench OUT 40 80000000 15 1 merges 4 GB.
#include <malloc.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "base/clock.h"
#include "fleet.h"
#include "maintenance/merge_job.h"
#include "storage/hive_path.h"
#include "storage/parquet_file.h"

namespace gigapi {
namespace {

/// From here on PeakMegabytes counts anew.
void ResetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

double PeakMegabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

struct Bench {
  const std::string out;
  const int64_t files_an_hour;
  const int64_t rows;
  const int64_t hours;
  Fleet fleet;
  const SchemaPtr schema = FleetSchema();
  const LayerPtr layer = MakeLocalLayer(LocalFileSystem(), out);
  double merge_seconds = 0;
  int64_t bytes_in = 0, bytes_out = 0;
  double peak_megabytes = 0;

  Status FlushFile(PartitionFiles* partition, int64_t first_row, int64_t count, int64_t tick_ns) {
    std::vector<ColumnBatchPtr> chunks;
    for (int64_t row = first_row; row < first_row + count; row += kHosts) {
      chunks.push_back(std::make_shared<const ColumnBatch>(MakeChunk(*schema, row, kHosts, tick_ns, &fleet)));
    }
    ARROW_ASSIGN_OR_RAISE(const ColumnBatch sorted, SortChunks(*schema, chunks));
    partition->partition = PartitionKey::Of(sorted.min_time);
    partition->path = HivePath(partition->partition);
    const std::string key = partition->path + '/' + ParquetFileName(std::to_string(partition->files.size()), 1);
    ARROW_ASSIGN_OR_RAISE(auto object, layer->Create(key));
    ARROW_ASSIGN_OR_RAISE(DataFile file, WriteParquet(std::move(object), *schema, sorted, {.effort = ParquetEffort::kFast}));
    file.layer = layer;
    file.key = key;
    bytes_in += file.size_bytes;
    partition->files.push_back(std::make_shared<const DataFile>(std::move(file)));
    return Status::OK();
  }

  Status Run() {
    const int64_t ticks_an_hour = rows / kHosts / hours;
    const int64_t tick_ns = kNanosPerHour / ticks_an_hour;
    for (int64_t hour = 0; hour < hours; ++hour) {
      PartitionFiles partition;
      partition.schema = schema;
      for (int64_t file = 0; file < files_an_hour; ++file) {
        const int64_t first = ticks_an_hour * file / files_an_hour, last = ticks_an_hour * (file + 1) / files_an_hour;
        ARROW_RETURN_NOT_OK(
            FlushFile(&partition, (hour * ticks_an_hour + first) * kHosts, (last - first) * kHosts, tick_ns));
      }
      malloc_trim(0);
      ResetPeak();
      const double start = CpuSeconds();
      ARROW_ASSIGN_OR_RAISE(const DataFile merged,
                            RunMerge(
                                partition, {partition.files, 4}, [] { return false; }, [](const DataFile&) {}));
      merge_seconds += CpuSeconds() - start;
      peak_megabytes = std::max(peak_megabytes, PeakMegabytes());
      bytes_out += merged.size_bytes;
      for (const DataFilePtr& file : partition.files) ARROW_RETURN_NOT_OK(layer->Remove(file->key));
    }
    fmt::print(
        "{} rows, {} files an hour: {:.3f} CPU s, {:.3f} a million; {:.2f} bytes a row became {:.2f}; peak {:.0f} MB\n",
        rows, files_an_hour, merge_seconds, merge_seconds * 1e6 / static_cast<double>(rows),
        static_cast<double>(bytes_in) / static_cast<double>(rows),
        static_cast<double>(bytes_out) / static_cast<double>(rows), peak_megabytes);
    return Status::OK();
  }
};

}  // namespace
}  // namespace gigapi

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: merge_bench OUT_DIRECTORY [FILES_AN_HOUR] [ROWS] [DECIMALS] [HOURS]\n");
    return 2;
  }
  gigapi::Bench bench{.out = argv[1],
                      .files_an_hour = argc > 2 ? std::stoll(argv[2]) : 6,
                      .rows = argc > 3 ? std::stoll(argv[3]) : 10'000'000,
                      .hours = argc > 5 ? std::stoll(argv[5]) : 24,
                      .fleet = gigapi::Fleet(false, argc > 4 ? std::stoi(argv[4]) : 2)};
  const auto status = bench.Run();
  if (!status.ok()) fmt::print(stderr, "{}\n", status.ToString());
  return status.ok() ? 0 : 1;
}
