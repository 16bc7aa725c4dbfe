// Points of InfluxDB whose fields come one by one, gathered to rows: what has the same table, tags and time is one row.
// Pure. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ingest/cell_budget.h"
#include "ingest/column_values.h"
#include "ingest/parse_options.h"
#include "ingest/table_builder.h"
#include "model/schema.h"
#include "model/write_batch.h"

namespace gigapi {

/// What a value says it is.
enum class PointValueType {
  kFloat,
  kInteger,
  kUnsigned,
  kBool,
  kString,
  kTag,
  kTime,  // kept as an integer of nanoseconds
  kAny,   // told by its look
};

/// The views must outlive the PointRows, or be kept by Keep().
struct PointValue {
  std::string_view name;
  std::string_view text;
  PointValueType type = PointValueType::kAny;
};

struct PointKey {
  std::string_view table;
  std::vector<PointValue> tags;  // in the order of their columns
  int64_t time_ns = 0;
};

class PointRows {
 public:
  PointRows(const ParseOptions& options, const SchemaSource& schemas)
      : options_(options), schemas_(schemas), budget_(options.values_max) {}

  /// A text that lives as long as this.
  std::string_view Keep(std::string_view text) { return kept_.emplace_back(text); }

  /// Adds fields to the point; one that it has already makes another point of them. `line` and `text` are shown if the
  /// point is refused.
  void Add(const PointKey& key, const std::vector<PointValue>& fields, int64_t line, std::string_view text);
  void Refuse(int64_t line, std::string reason, std::string_view text);

  /// Makes rows of all points, in the order of their first fields; called once.
  WriteBatch Finish();

 private:
  struct Point {
    std::string_view table;
    int64_t time_ns;
    int64_t line;
    std::string_view text;
    std::vector<PointValue> tags;
    std::vector<PointValue> fields;
  };
  struct Table {
    Table(const std::string& name, const SchemaSource& schemas, const ParseOptions& options);
    TableBuilder builder;
    size_t cells = 0;
  };
  Table* FindTable(std::string_view name);
  void PutPoint(const Point& point);
  bool PutValue(const PointValue& value, TableBuilder* builder, std::string* reason) const;

  const ParseOptions& options_;
  const SchemaSource& schemas_;
  CellBudget budget_;
  std::deque<std::string> kept_;
  std::vector<Point> points_;
  std::unordered_map<std::string, size_t> point_by_key_;
  std::vector<std::unique_ptr<Table>> tables_;
  std::unordered_map<std::string, Table*> tables_by_name_;
  WriteBatch batch_;
};

}  // namespace gigapi
