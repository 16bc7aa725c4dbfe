// What the tests of parsers share: tables that are there already, and short ways to what a body became.
#pragma once

#include <gtest/gtest.h>

#include <ctime>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/parse_options.h"
#include "model/schema.h"
#include "model/write_batch.h"

namespace gigapi {

inline constexpr int64_t kNow = 1'750'000'000'000'000'000;

class Schemas final : public SchemaSource {
 public:
  SchemaPtr FindSchema(std::string_view table) const override {
    const auto found = tables.find(std::string(table));
    return found == tables.end() ? nullptr : found->second;
  }
  void Add(const std::string& table, std::vector<ColumnSchema> columns) {
    tables[table] = std::make_shared<const TableSchema>(std::move(columns));
  }
  std::map<std::string, SchemaPtr> tables;
};

/// For formats whose rows do not name their table.
inline ParseOptions ToTable(std::string types = "") {
  ParseOptions options;
  options.now_ns = kNow;
  options.table = "t";
  options.types = std::move(types);
  return options;
}

/// The batch, whose rows must fit together and be counted.
inline WriteBatch Checked(WriteBatch batch) {
  int64_t rows = 0;
  for (const TableRows& table : batch.tables) {
    EXPECT_TRUE(Validate(table.rows).ok());
    rows += static_cast<int64_t>(table.rows.rows());
  }
  EXPECT_EQ(batch.accepted_rows, rows);
  return batch;
}

/// The one table of a body that must be accepted.
inline ColumnBatch OnlyTable(WriteBatch batch) {
  EXPECT_EQ(batch.refused_rows, 0) << batch.refused.at(0).reason;
  EXPECT_EQ(batch.tables.size(), 1u);
  return batch.tables.empty() ? ColumnBatch() : std::move(batch.tables[0].rows);
}

/// Why the first of the refused rows was refused; none may be accepted.
inline std::string FirstReason(const WriteBatch& batch) {
  EXPECT_EQ(batch.accepted_rows, 0);
  return batch.refused.empty() ? "" : batch.refused[0].reason;
}

/// What `work` takes of the processor, on this thread.
template <typename Work>
double CpuSecondsOf(const Work& work) {
  const auto now = [] {
    timespec time = {};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  const double start = now();
  work();
  return now() - start;
}

}  // namespace gigapi
