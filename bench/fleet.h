// A day of a fleet of 1000 hosts: the rows that benchmarks of storage and merging are made with.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <random>
#include <vector>

#include "model/column_batch.h"
#include "model/schema.h"

namespace gigapi {

inline double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

inline constexpr int kHosts = 1000;
inline constexpr int kFields = 5;
inline constexpr int kChunkRows = 10'000;  // as one request brings them

/// Values of one series: independent ones, or each near the one before.
class Fleet {
 public:
  Fleet(bool walk, int decimals) : walk_(walk), scale_(std::pow(10.0, decimals)), last_(kHosts * kFields, 50.0) {}

  double Next(int host, int field) {
    double& last = last_[host * kFields + field];
    last = walk_ ? std::clamp(last + std::normal_distribution<>(0, 1)(random_), 0.0, 100.0)
                 : std::uniform_real_distribution<>(0, 100)(random_);
    return std::round(last * scale_) / scale_;
  }

 private:
  const bool walk_;
  const double scale_;
  std::vector<double> last_;
  std::mt19937_64 random_{1};
};

inline SchemaPtr FleetSchema() {
  std::vector<ColumnSchema> columns = {{"host", ColumnType::kTag}, {"region", ColumnType::kTag}};
  for (int field = 0; field < kFields; ++field) columns.push_back({fmt::format("usage_{}", field), ColumnType::kFloat64});
  return std::make_shared<const TableSchema>(columns);
}

inline ColumnBatch MakeChunk(const TableSchema& schema, int64_t first_row, int rows, int64_t tick_ns, Fleet* fleet) {
  ColumnBatch batch;
  for (const ColumnSchema& schema_column : schema.columns()) {
    Column& column = batch.columns.emplace_back();
    column.name = schema_column.name;
    column.type = schema_column.type;
  }
  for (int host = 0; host < kHosts; ++host) batch.columns[0].strings.Append(fmt::format("host_{:04}", (host * 7) % kHosts));
  for (int region = 0; region < 8; ++region) batch.columns[1].strings.Append(fmt::format("region-{}", region));
  for (int64_t row = first_row; row < first_row + rows; ++row) {
    const int host = static_cast<int>(row % kHosts);
    batch.time.PushBack(1'744'243'200'000'000'000 + row / kHosts * tick_ns);
    batch.columns[0].codes.PushBack(static_cast<uint32_t>(host));
    batch.columns[1].codes.PushBack(static_cast<uint32_t>(host % 8));
    for (int field = 0; field < kFields; ++field) {
      const double value = fleet->Next(host, field);
      uint64_t word;
      __builtin_memcpy(&word, &value, sizeof(word));
      batch.columns[2 + field].words.PushBack(word);
    }
  }
  batch.ComputeTimeRange();
  return batch;
}

}  // namespace gigapi
