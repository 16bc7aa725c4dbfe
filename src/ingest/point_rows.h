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

  /// Adds the fields of a record to the point; one that it has already makes another point of them. `line` and `text` are
  /// shown if the record is refused.
  void Add(const PointKey& key, const std::vector<PointValue>& fields, int64_t line, std::string_view text);
  void Refuse(int64_t line, std::string reason, std::string_view text);

  /// Makes rows of all points, in the order of their first fields; called once.
  WriteBatch Finish();

 private:
  struct Record {
    int64_t line;
    std::string_view text;
    size_t fields_begin;  // in those of the point
    size_t fields_end;
  };
  struct Point {
    std::string_view table;
    int64_t time_ns;
    std::vector<PointValue> tags;
    std::vector<PointValue> fields;
    std::vector<Record> records;
  };
  struct Table {
    Table(const std::string& name, const SchemaSource& schemas, const ParseOptions& options);
    TableBuilder builder;
    size_t cells = 0;
  };
  Table* FindTable(std::string_view name);
  bool Claim(size_t values, size_t bytes);
  static void AddRecord(const std::vector<PointValue>& fields, int64_t line, std::string_view text, Point* point);
  void PutPoint(Point* point);
  void RefuseRecords(const Point& point, const std::string& reason);
  bool PutValues(Point* point, TableBuilder* builder, std::string* reason);
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
  // What the points that wait hold: their values, and their texts where those are copied or come of a default.
  size_t values_ = 0;
  size_t bytes_ = 0;
};

}  // namespace gigapi
