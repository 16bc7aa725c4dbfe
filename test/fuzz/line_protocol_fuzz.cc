// libFuzzer target: any bytes through ParseLineProtocol. Beyond not crashing, an accepted batch must be well formed, and a
// second parse of the same bytes against the schema that the first one made must keep the same rows: that is what the
// server relies on when it parses again after a conflict, and when it replays its log.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "ingest/line_protocol.h"

namespace gigapi {
namespace {

class FixedSchemas : public SchemaSource {
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

void Require(bool condition, const char* what) {
  if (condition) return;
  fprintf(stderr, "line_protocol_fuzz: %s\n", what);
  abort();
}

void CheckBatch(const WriteBatch& batch) {
  int64_t rows = 0;
  for (const auto& [table, columns] : batch.tables) {
    Require(!table.empty(), "a table without a name");
    Require(columns.rows() > 0, "a table without rows");
    const Status valid = Validate(columns);
    Require(valid.ok(), valid.ToString().c_str());
    bool has_field = false;
    for (size_t row = 0; row < columns.rows(); ++row) {
      Require(columns.time[row] >= columns.min_time && columns.time[row] <= columns.max_time, "a time outside of the range");
    }
    for (const auto& column : columns.columns) has_field |= KindOf(column.type) == ColumnKind::kField;
    Require(has_field, "rows without any field");
    rows += static_cast<int64_t>(columns.rows());
  }
  Require(rows == batch.accepted_rows, "accepted_rows does not count the rows");
  Require(static_cast<int64_t>(batch.refused.size()) <= batch.refused_rows, "more refused lines are shown than counted");
  Require(batch.refused.size() <= WriteBatch::kMaxRefusedShown, "too many refused lines are shown");
}

ParseOptions OptionsOf(uint8_t choice) {
  ParseOptions options;
  options.precision = static_cast<Precision>(choice % 7);
  options.now_ns = 1'750'000'000'000'000'000;
  options.line_bytes_max = (choice & 0x10) != 0 ? 64 : 1 << 20;
  options.columns_per_table_max = (choice & 0x20) != 0 ? 3 : 1'000;
  return options;
}

}  // namespace
}  // namespace gigapi

/// The first byte chooses the options, the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace gigapi;
  if (size == 0) return 0;
  const ParseOptions options = OptionsOf(data[0]);
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  FixedSchemas schemas;
  const WriteBatch first = ParseLineProtocol(body, options, schemas);
  CheckBatch(first);
  schemas.Learn(first);
  const WriteBatch second = ParseLineProtocol(body, options, schemas);
  CheckBatch(second);
  Require(second.accepted_rows == first.accepted_rows, "the second parse keeps another number of rows");
  Require(second.refused_rows == first.refused_rows, "the second parse refuses another number of lines");
  return 0;
}
