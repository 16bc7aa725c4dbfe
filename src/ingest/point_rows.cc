#include "ingest/point_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/utf8.h"
#include "ingest/number_scanner.h"
#include "ingest/row_options.h"
#include "ingest/time_parser.h"
#include "model/names.h"

namespace gigapi {
namespace {

/// Of what points that wait may take: texts of a body are less than this by far, but a default may stand for very many.
constexpr size_t kTextBytesPerValue = 16;

std::optional<bool> ReadBool(std::string_view text) {
  for (const std::string_view yes : {"true", "True", "TRUE", "t", "T"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "False", "FALSE", "f", "F"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

std::optional<int64_t> ReadInteger(std::string_view text) {
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  return ScanInt64(text.data(), end, &value) == end ? std::optional(value) : std::nullopt;
}

std::optional<uint64_t> ReadUnsigned(std::string_view text) {
  const std::string with_suffix = std::string(text.substr(0, 32)) + "u";
  const char* const end = with_suffix.data() + with_suffix.size();
  ScannedNumber number;
  return ScanNumber(with_suffix.data(), end, &number) == end ? std::optional(number.u64) : std::nullopt;
}

std::optional<double> ReadFloat(std::string_view text) {
  if (const auto integer = ReadInteger(text)) return static_cast<double>(*integer);
  const char* const end = text.data() + text.size();
  ScannedNumber number;
  if (ScanNumber(text.data(), end, &number) != end || number.kind != ScannedNumber::Kind::kFloat) return std::nullopt;
  return number.f64;
}

PointValueType TypeByLook(std::string_view text) {
  if (ReadBool(text) && text.size() > 1) return PointValueType::kBool;
  return ReadFloat(text) ? PointValueType::kFloat : PointValueType::kString;
}

ColumnType ColumnTypeOf(PointValueType type) {
  switch (type) {
    case PointValueType::kFloat: return ColumnType::kFloat64;
    case PointValueType::kInteger:
    case PointValueType::kTime: return ColumnType::kInt64;
    case PointValueType::kUnsigned: return ColumnType::kUInt64;
    case PointValueType::kBool: return ColumnType::kBool;
    case PointValueType::kTag: return ColumnType::kTag;
    case PointValueType::kString:
    case PointValueType::kAny: break;
  }
  return ColumnType::kString;
}

/// False when the text is not what the type says.
bool PutTyped(PointValueType type, std::string_view text, size_t row, ColumnBuilder* column) {
  switch (type) {
    case PointValueType::kFloat: {
      const auto value = ReadFloat(text);
      return value && PutFloat(row, *value, column);
    }
    case PointValueType::kInteger: {
      const auto value = ReadInteger(text);
      return value && PutInteger(row, static_cast<uint64_t>(*value), *value < 0, column);
    }
    case PointValueType::kTime: {
      int64_t nanos = 0;
      return ParseTime(text, Precision::kNanosecond, &nanos) &&
             PutInteger(row, static_cast<uint64_t>(nanos), nanos < 0, column);
    }
    case PointValueType::kUnsigned: {
      const auto value = ReadUnsigned(text);
      return value && PutInteger(row, *value, false, column);
    }
    case PointValueType::kBool: {
      const auto value = ReadBool(text);
      if (value) column->PutBool(row, *value);
      return value.has_value();
    }
    case PointValueType::kTag:
    case PointValueType::kString:
    case PointValueType::kAny: return PutText(row, text, StringsAs::kTag, column);
  }
  return false;
}

void AppendKey(const PointKey& key, std::string* out) {
  out->append(key.table).push_back('\0');
  out->append(reinterpret_cast<const char*>(&key.time_ns), sizeof key.time_ns);
  for (const PointValue& tag : key.tags) {
    out->append(tag.name).push_back('\0');
    out->append(tag.text).push_back('\0');
  }
}

}  // namespace

PointRows::Table::Table(const std::string& name, const SchemaSource& schemas, const ParseOptions& options)
    : builder(name, schemas.FindSchema(name), static_cast<size_t>(options.columns_per_table_max)) {}

bool PointRows::Claim(size_t values, size_t bytes) {
  const auto values_max = static_cast<size_t>(options_.values_max);
  if (values_ + values > values_max || bytes_ + bytes > values_max * kTextBytesPerValue) return false;
  values_ += values;
  bytes_ += bytes;
  return true;
}

void PointRows::Add(const PointKey& key, const std::vector<PointValue>& fields, int64_t line, std::string_view text) {
  std::string name;
  AppendKey(key, &name);
  size_t bytes = name.size();
  for (const PointValue& field : fields) bytes += field.text.size();
  if (!Claim(1 + key.tags.size() + fields.size(), bytes)) return Refuse(line, TooManyValues(options_.values_max), text);
  const auto [found, is_new] = point_by_key_.try_emplace(std::move(name), points_.size());
  if (!is_new) {
    Point& point = points_[found->second];
    const auto has = [&](const PointValue& field) {
      return std::any_of(point.fields.begin(), point.fields.end(), [&](const auto& f) { return f.name == field.name; });
    };
    if (std::none_of(fields.begin(), fields.end(), has)) {
      if (point.fields.size() + fields.size() > static_cast<size_t>(options_.columns_per_table_max)) {
        return Refuse(line, fmt::format("more than {} fields at one time", options_.columns_per_table_max), text);
      }
      return AddRecord(fields, line, text, &point);
    }
    found->second = points_.size();
  }
  AddRecord(fields, line, text, &points_.emplace_back(Point{key.table, key.time_ns, key.tags, {}, {}}));
}

void PointRows::AddRecord(const std::vector<PointValue>& fields, int64_t line, std::string_view text, Point* point) {
  const size_t begin = point->fields.size();
  point->fields.insert(point->fields.end(), fields.begin(), fields.end());
  point->records.push_back({line, text, begin, point->fields.size()});
}

void PointRows::Refuse(int64_t line, std::string reason, std::string_view text) {
  RefuseRow(line, std::move(reason), text, &batch_);
}

PointRows::Table* PointRows::FindTable(std::string_view name) {
  if (const auto found = tables_by_name_.find(std::string(name)); found != tables_by_name_.end()) return found->second;
  if (!MayAddTable(tables_.size(), options_.values_max)) return nullptr;
  Table* const table = tables_.emplace_back(std::make_unique<Table>(std::string(name), schemas_, options_)).get();
  tables_by_name_.emplace(name, table);
  return table;
}

void PointRows::RefuseRecords(const Point& point, const std::string& reason) {
  for (const Record& record : point.records) Refuse(record.line, reason, record.text);
}

void PointRows::PutPoint(Point* point) {
  if (const Status valid = ValidateTableName(point->table); !valid.ok()) return RefuseRecords(*point, valid.message());
  Table* const table = FindTable(point->table);
  if (table == nullptr) return RefuseRecords(*point, std::string(kTooManyTables));
  TableBuilder& builder = table->builder;
  std::string reason;
  const size_t records = point->records.size();
  bool kept = PutValues(point, &builder, &reason);
  if (!kept && point->records.size() < records && !point->records.empty()) {
    builder.RollBackRow();  // with what the wrong ones have put
    kept = PutValues(point, &builder, &reason);
  }
  if (kept && !budget_.Claim(builder.rows() + 1, builder.columns(), &table->cells)) {
    kept = false;
    reason = TooManyValues(options_.values_max);
  }
  if (kept) {
    builder.CommitRow(point->time_ns);
    ++batch_.accepted_rows;
    return;
  }
  builder.RollBackRow();
  RefuseRecords(*point, reason);
}

/// False when a value is wrong: the records whose fields are have been refused, and are not of the point any more.
bool PointRows::PutValues(Point* point, TableBuilder* builder, std::string* reason) {
  const auto put = [&](const PointValue& value) { return PutValue(value, builder, reason); };
  if (!std::all_of(point->tags.begin(), point->tags.end(), put)) return false;
  const auto is_wrong = [&](const Record& record) {
    const PointValue* const fields = point->fields.data();
    if (std::all_of(fields + record.fields_begin, fields + record.fields_end, put)) return false;
    Refuse(record.line, *reason, record.text);
    return true;
  };
  return std::erase_if(point->records, is_wrong) == 0;
}

bool PointRows::PutValue(const PointValue& value, TableBuilder* builder, std::string* reason) const {
  const PointValueType type = value.type == PointValueType::kAny ? TypeByLook(value.text) : value.type;
  if (!IsUtf8(value.text)) {
    *reason = fmt::format("a value of column '{}' is not UTF-8", value.name);
    return false;
  }
  ColumnBuilder* const column = builder->FindOrAdd(value.name, ColumnTypeOf(type), reason);
  if (column == nullptr) return false;
  if (PutTyped(type, value.text, builder->rows(), column)) return true;
  *reason = fmt::format("'{}' does not fit column '{}', which is {}", value.text.substr(0, 64), value.name,
                        ToString(column->type()));
  return false;
}

WriteBatch PointRows::Finish() {
  for (Point& point : points_) PutPoint(&point);
  for (const auto& table : tables_) {
    if (table->builder.rows() > 0) batch_.tables.push_back({table->builder.table(), table->builder.Finish()});
  }
  return std::move(batch_);
}

}  // namespace gigapi
