// What holds for the batch that any parser makes of any bytes: shared by the fuzz targets.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "ingest/parse_options.h"
#include "model/schema.h"
#include "model/write_batch.h"

namespace gigapi {

inline void Require(bool condition, const char* what) {
  if (condition) return;
  fprintf(stderr, "fuzz: %s\n", what);
  abort();
}

/// The schemas that a lake would have after it took batches.
class LearnedSchemas : public SchemaSource {
 public:
  SchemaPtr FindSchema(std::string_view table) const override {
    const auto found = schemas_.find(std::string(table));
    return found == schemas_.end() ? nullptr : found->second;
  }

  void Learn(const WriteBatch& batch) {
    for (const auto& [table, rows] : batch.tables) {
      std::vector<ColumnSchema> columns;
      for (const auto& column : rows.columns) columns.push_back({column.name, column.type});
      schemas_[table] = std::make_shared<TableSchema>(std::move(columns));
    }
  }

 private:
  std::map<std::string, SchemaPtr> schemas_;
};

/// Well formed, counted rightly, no table twice.
inline void CheckBatch(const WriteBatch& batch) {
  int64_t rows = 0;
  std::map<std::string, int> seen;
  for (const auto& [table, columns] : batch.tables) {
    Require(!table.empty(), "a table without a name");
    Require(++seen[table] == 1, "a table comes twice");
    Require(columns.rows() > 0, "a table without rows");
    Require(!columns.columns.empty(), "rows without any column");
    const Status valid = Validate(columns);
    Require(valid.ok(), valid.ToString().c_str());
    for (size_t row = 0; row < columns.rows(); ++row) {
      Require(columns.time[row] >= columns.min_time && columns.time[row] <= columns.max_time, "a time outside of the range");
    }
    rows += static_cast<int64_t>(columns.rows());
  }
  Require(rows == batch.accepted_rows, "accepted_rows does not count the rows");
  Require(static_cast<int64_t>(batch.refused.size()) <= batch.refused_rows, "more refused lines are shown than counted");
  Require(batch.refused.size() <= WriteBatch::kMaxRefusedShown, "too many refused lines are shown");
}

/// The body of an input whose first byte chooses the options.
inline std::string_view BodyOf(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data) + 1, size - 1};
}

struct TwoBatches {
  WriteBatch first;
  WriteBatch second;
};

/// Parses a body, and then again against the schema that the first parse made.
template <typename Parse>
TwoBatches ParseTwice(Parse parse, std::string_view body, const ParseOptions& options) {
  LearnedSchemas schemas;
  TwoBatches batches;
  batches.first = parse(body, options, schemas);
  CheckBatch(batches.first);
  schemas.Learn(batches.first);
  batches.second = parse(body, options, schemas);
  CheckBatch(batches.second);
  return batches;
}

}  // namespace gigapi
