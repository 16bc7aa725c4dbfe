#include "ingest/line_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ingest/cell_budget.h"
#include "ingest/delimiter_index.h"
#include "ingest/key_shape.h"
#include "ingest/line_scanner.h"
#include "ingest/number_scanner.h"
#include "ingest/string_interner.h"
#include "ingest/table_builder.h"
#include "model/names.h"

namespace gigapi {
namespace {

constexpr std::string_view kMeasurementEscapes = ", ";
constexpr std::string_view kTagEscapes = ",= ";
constexpr std::string_view kStringEscapes = "\"\\";

/// Parses one body. A line is tried as if it looked like the one before: its series (measurement and tags, as text) is
/// found in a table of those met so far, and its fields come under the same names in the same order.
class LineParser {
 public:
  LineParser(std::string_view body, const ParseOptions& options, const SchemaSource& schemas)
      : begin_(body.data()),
        end_(body.data() + body.size()),
        options_(options),
        schemas_(schemas),
        delimiters_(body),
        budget_(options.values_max),
        counted_to_(begin_) {}

  WriteBatch Parse() {
    const char* p = begin_;
    while ((p = SkipBlank(p)) < end_) {
      const char* const line = p;
      row_table_ = nullptr;
      put_tags_begin_ = put_tags_end_ = 0;
      const char* next = ParsePlainLine(p);
      if (next == nullptr) next = ParseLine(p);
      if (next != nullptr && next - line > options_.line_bytes_max) next = Refuse("line is too long");
      if (next != nullptr && !ClaimRow()) next = nullptr;
      if (next != nullptr) {
        row_table_->builder.CommitRow(row_time_);
        ++batch_.accepted_rows;
        p = next;
      } else {
        p = RefuseLine(line);
      }
    }
    return Finish();
  }

 private:
  struct Table {
    Table(std::string name, SchemaPtr schema, size_t columns_max)
        : builder(std::move(name), std::move(schema), columns_max) {}
    TableBuilder builder;
    std::vector<KeyShape> fields;  // of the last line, in its order
    std::vector<KeyShape> tags;    // of the last series, in its order
    size_t cells = 0;              // claimed from the budget
  };
  struct TagCode {
    ColumnBuilder* column;
    uint32_t code;
  };
  struct Series {
    std::string_view text;
    uint64_t hash = 0;
    Table* table = nullptr;   // nullptr: not resolved (yet, or any more)
    uint32_t tags_begin = 0;  // in series_tags_
    uint32_t tags_end = 0;
  };

  // ---- lines ----

  /// Skips empty lines, comments and leading blanks.
  const char* SkipBlank(const char* p) const {
    while (p < end_) {
      if (*p == '\n' || *p == ' ' || *p == '\t' || *p == '\r' || *p == '\0') ++p;
      else if (*p == '#') p = FindAny(p, end_, '\n', '\n');
      else break;
    }
    return p;
  }

  /// Parses the usual line: no quote or backslash in it, its fields the same as those of the line before. The position after
  /// it; nullptr when it is none of that, and ParseLine must read it anew.
  const char* ParsePlainLine(const char* line) {
    delimiters_.SeekTo(static_cast<size_t>(line - begin_));
    const uint32_t* at = delimiters_.begin();
    const uint32_t* const last = delimiters_.end();
    while (at < last && begin_[*at] == ',') ++at;
    if (at == last || begin_[*at] != ' ') return nullptr;
    const Series* series = FindSeries({line, static_cast<size_t>(begin_ + *at - line)});
    if (series == nullptr) return nullptr;
    row_table_ = series->table;
    const std::vector<KeyShape>& fields = row_table_->fields;
    if (fields.empty() || static_cast<size_t>(last - at) < fields.size() + 2) return nullptr;
    const size_t row = row_table_->builder.rows();
    PutTags(*series, row);
    for (const KeyShape& field : fields) {
      const char* const key = begin_ + *at + 1;
      const char* const stop = begin_ + *++at;
      if (*stop != (&field == &fields.back() ? ' ' : ',') || !field.Matches(key, end_) ||
          !PutPlainValue(key + field.size(), stop, row, field.column)) {
        return nullptr;
      }
    }
    const char* const time = begin_ + *at + 1;
    const char* const newline = begin_ + *++at;
    int64_t timestamp = 0;
    if (*newline != '\n' || ScanInt64(time, newline, &timestamp) != newline ||
        !ScaleTimestamp(options_.precision, timestamp, &row_time_)) {
      return nullptr;
    }
    delimiters_.MoveTo(at + 1);
    return newline + 1;
  }

  void PutTags(const Series& series, size_t row) {
    put_tags_begin_ = series.tags_begin;
    put_tags_end_ = series.tags_end;
    for (uint32_t i = series.tags_begin; i < series.tags_end; ++i)
      series_tags_[i].column->PutCode(row, series_tags_[i].code);
  }

  /// Whether all of [p, stop) is a value that could be put.
  bool PutPlainValue(const char* p, const char* stop, size_t row, ColumnBuilder* column) {
    double value;
    if (column->type() == ColumnType::kFloat64 && end_ - p >= 8 && internal::ScanShortFloat(p, &value) == stop) {
      column->PutFloat(row, value);
      return true;
    }
    return ParseValue(p, row, column) == stop;
  }

  /// Parses the line at p into the row under construction; the position after it, or nullptr when it is refused.
  const char* ParseLine(const char* p) {
    const char* const line = p;
    const char* const key_end = FindUnescaped(p, end_, ' ');
    if (key_end == end_ || *key_end == '\n') return Refuse(MissingFields(p, key_end));
    const Series* series = FindSeries({p, static_cast<size_t>(key_end - p)});
    if (series == nullptr) return nullptr;
    row_table_ = series->table;
    TableBuilder& builder = row_table_->builder;
    const size_t row = builder.rows();
    PutTags(*series, row);
    p = key_end;
    while (p < end_ && *p == ' ') ++p;
    p = ParseFields(p, row);
    if (p == nullptr) return nullptr;
    p = ParseTime(p);
    // Most bodies are of one table. Others grow step by step: a thousand tables must not each claim room for all rows.
    if (p != nullptr && row == 0 && tables_.size() == 1) builder.Reserve(EstimateRows(line, p));
    return p;
  }

  /// Claims room for the row under construction, with the NULLs that its new columns have in the rows before.
  bool ClaimRow() {
    const TableBuilder& builder = row_table_->builder;
    return budget_.Claim(builder.rows() + 1, builder.columns(), &row_table_->cells) ||
           Fail(TooManyValues(options_.values_max));
  }

  static std::string MissingFields(const char* p, const char* end) {
    return p == end ? "missing measurement" : "missing fields";
  }

  size_t EstimateRows(const char* line, const char* next) const {
    const auto line_bytes = std::max<size_t>(static_cast<size_t>(next - line), 16);
    return std::min<size_t>(static_cast<size_t>(end_ - next) / line_bytes + 16, 1 << 20);
  }

  const char* ParseTime(const char* p) {
    while (p < end_ && *p == ' ') ++p;
    if (p == end_ || *p == '\n' || *p == '\r') {
      row_time_ = options_.now_ns;
    } else {
      int64_t timestamp = 0;
      const char* const after = ScanInt64(p, end_, &timestamp);
      if (after == nullptr || !ScaleTimestamp(options_.precision, timestamp, &row_time_)) return Refuse("bad timestamp");
      p = after;
      while (p < end_ && *p == ' ') ++p;
    }
    if (p < end_ && *p == '\r') ++p;
    if (p < end_ && *p != '\n') return Refuse("bad timestamp");
    return p < end_ ? p + 1 : p;
  }

  // ---- fields ----

  const char* ParseFields(const char* p, size_t row) {
    std::vector<KeyShape>& shape = row_table_->fields;
    for (size_t position = 0;; ++position) {
      if (position < shape.size() && shape[position].Matches(p, end_)) {
        p = ParseValue(p + shape[position].size(), row, shape[position].column);
      } else {
        p = ParseNewField(p, row, position);
      }
      if (p == nullptr) return nullptr;
      if (p < end_ && *p == ',') {
        ++p;
        continue;
      }
      if (p == end_ || *p == ' ' || *p == '\n' || *p == '\r') return p;
      return Refuse("invalid field format");
    }
  }

  static void Remember(std::vector<KeyShape>* shape, size_t position, KeyShape key) {
    if (position < shape->size()) (*shape)[position] = std::move(key);
    else shape->push_back(std::move(key));
  }

  /// A field that the line before did not have at this position. A new column gets the type of its first value.
  const char* ParseNewField(const char* p, size_t row, size_t position) {
    const char* const key = p;
    p = FindKeyEnd(p);
    if (p == end_ || *p != '=') return Refuse(p == key ? "missing field key" : "missing field value");
    if (p == key) return Refuse("missing field key");
    const std::string name = Unescape({key, static_cast<size_t>(p - key)}, kTagEscapes);
    ++p;
    const auto type = TypeOfValue(p);
    if (!type) return Refuse("missing field value");
    ColumnBuilder* column = row_table_->builder.FindOrAdd(name, *type, &reason_);
    if (column == nullptr) return Refuse(std::move(reason_));
    if (column->type() == ColumnType::kTag) {
      return Refuse(fmt::format("column '{}' is a tag and cannot be a field", name));
    }
    if (!ClaimRow()) return nullptr;
    Remember(&row_table_->fields, position, {{key, static_cast<size_t>(p - key)}, column});
    return ParseValue(p, row, column);
  }

  /// The end of a field's or tag's key: an unescaped '=', ',' or ' ', a newline or the end.
  const char* FindKeyEnd(const char* p) const {
    for (; p < end_; ++p) {
      if (*p == '\\' && p + 1 < end_ && p[1] != '\n') ++p;
      else if (*p == '=' || *p == ',' || *p == ' ' || *p == '\n') break;
    }
    return std::min(p, end_);
  }

  std::optional<ColumnType> TypeOfValue(const char* p) const {
    if (p == end_) return std::nullopt;
    switch (*p) {
      case '"': return ColumnType::kString;
      case 't':
      case 'T':
      case 'f':
      case 'F': return ColumnType::kBool;
      case ',':
      case ' ':
      case '\n':
      case '\r': return std::nullopt;
      default: break;
    }
    const char* const last =
        std::find_if(p, end_, [](char c) { return c == ',' || c == ' ' || c == '\n' || c == '\r'; }) - 1;
    if (*last == 'i') return ColumnType::kInt64;
    if (*last == 'u') return ColumnType::kUInt64;
    return ColumnType::kFloat64;
  }

  const char* ParseValue(const char* p, size_t row, ColumnBuilder* column) {
    if (p == end_) return Refuse("missing field value");
    if (*p == '"') return ParseString(p, row, column);
    if (internal::IsDigit(*p) || *p == '-' || *p == '.' || *p == '+') return ParseNumber(p, row, column);
    return ParseBool(p, row, column);
  }

  const char* ParseNumber(const char* p, size_t row, ColumnBuilder* column) {
    ScannedNumber number;
    const char* const after = ScanNumber(p, end_, &number);
    if (after == nullptr) return Refuse("invalid number");
    using Kind = ScannedNumber::Kind;
    switch (column->type()) {
      case ColumnType::kFloat64:
        column->PutFloat(row, number.kind == Kind::kFloat     ? number.f64
                              : number.kind == Kind::kInteger ? static_cast<double>(number.i64)
                                                              : static_cast<double>(number.u64));
        return after;
      case ColumnType::kInt64:
        if (number.kind != Kind::kInteger) break;
        column->PutWord(row, static_cast<uint64_t>(number.i64));
        return after;
      case ColumnType::kUInt64:
        if (number.kind != Kind::kUnsigned) break;
        column->PutWord(row, number.u64);
        return after;
      default: break;
    }
    const ColumnType type = number.kind == Kind::kFloat     ? ColumnType::kFloat64
                            : number.kind == Kind::kInteger ? ColumnType::kInt64
                                                            : ColumnType::kUInt64;
    return Conflict(after, column, type);
  }

  const char* ParseBool(const char* p, size_t row, ColumnBuilder* column) {
    static constexpr std::pair<std::string_view, bool> kSpellings[] = {
        {"true", true},   {"True", true},   {"TRUE", true},   {"t", true},  {"T", true},
        {"false", false}, {"False", false}, {"FALSE", false}, {"f", false}, {"F", false}};
    const char* after = p;
    while (after < end_ && *after != ',' && *after != ' ' && *after != '\n' && *after != '\r') ++after;
    const std::string_view text(p, static_cast<size_t>(after - p));
    if (text.empty()) return Refuse("missing field value");
    for (const auto& [spelling, value] : kSpellings) {
      if (text != spelling) continue;
      if (column->type() != ColumnType::kBool) return Conflict(after, column, ColumnType::kBool);
      column->PutBool(row, value);
      return after;
    }
    return Refuse(text[0] == 't' || text[0] == 'T' || text[0] == 'f' || text[0] == 'F' ? "invalid boolean"
                                                                                       : "invalid field value");
  }

  const char* ParseString(const char* p, size_t row, ColumnBuilder* column) {
    const char* const start = ++p;
    bool escaped = false;
    for (; p < end_ && *p != '"'; ++p) {
      if (*p == '\\' && p + 1 < end_ && kStringEscapes.find(p[1]) != std::string_view::npos) {
        escaped = true;
        ++p;
      }
    }
    if (p >= end_) return Refuse("unbalanced quotes");
    const std::string_view text(start, static_cast<size_t>(p - start));
    ++p;
    if (!IsUtf8(text)) return Refuse(fmt::format("field '{}' is not UTF-8", column->name()));
    if (column->type() != ColumnType::kString) return Conflict(p, column, ColumnType::kString);
    if (escaped) column->PutString(row, Unescape(text, kStringEscapes));
    else column->PutString(row, text);
    return p;
  }

  /// The value does not fit its column: the builder knows the words.
  const char* Conflict(const char* p, ColumnBuilder* column, ColumnType type) {
    row_table_->builder.FindOrAdd(column->name(), type, &reason_);
    return Refuse(std::move(reason_));
  }

  // ---- series ----

  Series* FindSeries(std::string_view text) {
    if (series_.size() * 2 >= slots_.size()) GrowSlots();
    const uint64_t hash = HashBytes(text, seed_);
    const size_t mask = slots_.size() - 1;
    size_t slot = hash & mask;
    while (slots_[slot] != 0) {
      Series& series = series_[slots_[slot] - 1];
      if (series.hash == hash && SameBytes(series.text, text)) {
        return series.table != nullptr || ResolveSeries(slots_[slot] - 1) ? &series : nullptr;
      }
      slot = (slot + 1) & mask;
    }
    series_.push_back({text, hash});
    slots_[slot] = static_cast<uint32_t>(series_.size());
    return ResolveSeries(series_.size() - 1) ? &series_.back() : nullptr;
  }

  void GrowSlots() {
    const size_t size = std::max<size_t>(256, slots_.size() * 4);
    slots_.Clear();
    slots_.Resize(size, 0);
    for (size_t i = 0; i < series_.size(); ++i) {
      size_t slot = series_[i].hash & (size - 1);
      while (slots_[slot] != 0) slot = (slot + 1) & (size - 1);
      slots_[slot] = static_cast<uint32_t>(i + 1);
    }
  }

  /// Reads measurement and tags. On failure the reason is set and the series stays without a table.
  bool ResolveSeries(size_t index) {
    Series& series = series_[index];
    resolved_last_ = index;
    series.tags_begin = static_cast<uint32_t>(series_tags_.size());
    const char* p = series.text.data();
    const char* const end = p + series.text.size();
    const char* const comma = std::min(FindUnescaped(p, end, ','), end);
    const std::string_view raw_measurement(p, static_cast<size_t>(comma - p));
    if (raw_measurement.empty()) return Fail("missing measurement");
    // Most bodies are of one measurement, whose name needs no escapes.
    Table* table = !tables_.empty() && tables_.front()->builder.table() == raw_measurement &&
                           raw_measurement.find('\\') == std::string_view::npos
                       ? tables_.front().get()
                       : FindTable(Unescape(raw_measurement, kMeasurementEscapes));
    if (table == nullptr) return false;
    row_table_ = table;
    for (p = comma; p < end;) {
      p = ResolveTag(p + 1, end, table, series.tags_begin);
      if (p == nullptr) return false;
    }
    series.tags_end = static_cast<uint32_t>(series_tags_.size());
    series.table = table;
    return true;
  }

  const char* ResolveTag(const char* p, const char* end, Table* table, uint32_t tags_begin) {
    const size_t position = series_tags_.size() - tags_begin;
    if (position < table->tags.size() && table->tags[position].Matches(p, end)) {
      // The tag of the series before, with another value, as long as that has nothing special.
      ColumnBuilder* const column = table->tags[position].column;
      const char* const value = p + table->tags[position].size();
      const char* value_end = value;
      while (value_end < end && *value_end != ',' && *value_end != '=' && *value_end != '\\') ++value_end;
      const std::string_view text(value, static_cast<size_t>(value_end - value));
      if (!text.empty() && (value_end == end || *value_end == ',') && IsUtf8(text) && !HasTag(tags_begin, column)) {
        series_tags_.PushBack({column, column->Intern(text)});
        return value_end;
      }
    }
    const char* const key_end = FindUnescaped(p, end, '=');
    const char* const next = std::min(FindUnescaped(p, end, ','), end);
    if (key_end >= next) return Refuse(p == next ? "missing tag key" : "missing tag value");
    if (key_end == p) return Refuse("missing tag key");
    const std::string_view raw_value(key_end + 1, static_cast<size_t>(next - key_end - 1));
    if (raw_value.empty()) return Refuse("missing tag value");
    if (FindUnescaped(key_end + 1, next, '=') < next) return Refuse("invalid tag format");
    const std::string name = Unescape({p, static_cast<size_t>(key_end - p)}, kTagEscapes);
    const std::string value = Unescape(raw_value, kTagEscapes);
    if (!IsUtf8(value)) return Refuse(fmt::format("tag '{}' is not UTF-8", name));
    ColumnBuilder* column = table->builder.FindOrAdd(name, ColumnType::kTag, &reason_);
    if (column == nullptr || !ClaimRow()) return nullptr;
    if (HasTag(tags_begin, column)) return Refuse("duplicate tags");
    Remember(&table->tags, position, {{p, static_cast<size_t>(key_end + 1 - p)}, column});
    series_tags_.PushBack({column, column->Intern(value)});
    return next;
  }

  /// Whether the series whose tags begin there has the column already.
  bool HasTag(size_t tags_begin, const ColumnBuilder* column) const {
    const auto same = [column](const TagCode& tag) { return tag.column == column; };
    return std::any_of(series_tags_.begin() + tags_begin, series_tags_.end(), same);
  }

  Table* FindTable(const std::string& measurement) {
    if (const auto found = tables_by_name_.find(measurement); found != tables_by_name_.end()) return found->second;
    if (const Status valid = ValidateTableName(measurement); !valid.ok()) {
      Fail(valid.message());
      return nullptr;
    }
    if (!MayAddTable(tables_.size(), options_.values_max)) {
      Fail(std::string(kTooManyTables));
      return nullptr;
    }
    auto table = std::make_unique<Table>(measurement, schemas_.FindSchema(measurement),
                                         static_cast<size_t>(options_.columns_per_table_max));
    tables_by_name_.emplace(measurement, table.get());
    return tables_.emplace_back(std::move(table)).get();
  }

  // ---- refusals ----

  bool Fail(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }
  const char* Refuse(std::string reason) {
    reason_ = std::move(reason);
    return nullptr;
  }

  /// Takes the refused line back and says so; the position after it.
  const char* RefuseLine(const char* line) {
    if (row_table_ != nullptr) {
      TableBuilder& builder = row_table_->builder;
      for (const KeyShape& field : row_table_->fields) builder.Touch(field.column);
      for (uint32_t i = put_tags_begin_; i < put_tags_end_; ++i) builder.Touch(series_tags_[i].column);
      builder.RollBackRow();
      // Columns that this line made are gone: what points to them must be found anew.
      row_table_->fields.clear();
      row_table_->tags.clear();
    }
    ForgetLastSeries();
    const char* const next = FindLineEnd(line);
    ++batch_.refused_rows;
    if (batch_.refused.size() < WriteBatch::kMaxRefusedShown) {
      lines_counted_ += std::count(counted_to_, line, '\n');
      counted_to_ = line;
      const auto shown = std::min<size_t>(static_cast<size_t>(next - line), 200);
      batch_.refused.push_back({lines_counted_ + 1, std::move(reason_), std::string(line, shown)});
    }
    return next < end_ ? next + 1 : end_;
  }

  /// Its columns may be gone. Those who send lines that are refused, each of another series, must not fill the memory.
  void ForgetLastSeries() {
    if (resolved_last_ >= series_.size()) return;
    Series& series = series_[resolved_last_];
    series.table = nullptr;
    series_tags_.Resize(series.tags_begin);  // they are the last
    put_tags_begin_ = put_tags_end_ = 0;
    if (resolved_last_ + 1 < series_.size()) return;
    const size_t mask = slots_.size() - 1;
    size_t slot = series.hash & mask;
    while (slots_[slot] != series_.size()) slot = (slot + 1) & mask;
    slots_[slot] = 0;  // nothing was put behind it
    series_.pop_back();
  }

  /// The newline that ends the line, the ones inside its strings left out; a string that never ends does not count as one.
  /// Strings are values of fields: in measurement and tags a quote is a character as any other.
  const char* FindLineEnd(const char* line) const {
    bool quoted = false;
    for (const char* p = FindUnescaped(line, end_, ' '); p < end_; ++p) {
      if (quoted) {
        if (*p == '\\' && p + 1 < end_) ++p;
        else if (*p == '"') quoted = false;
      } else if (*p == '"') {
        quoted = p > line && p[-1] == '=';
      } else if (*p == '\n') {
        return p;
      }
    }
    return quoted ? FindAny(line, end_, '\n', '\n') : end_;
  }

  WriteBatch Finish() {
    for (const auto& table : tables_) {
      if (table->builder.rows() > 0) batch_.tables.push_back({table->builder.table(), table->builder.Finish()});
    }
    return std::move(batch_);
  }

  const char* const begin_;
  const char* const end_;
  const ParseOptions& options_;
  const SchemaSource& schemas_;
  DelimiterIndex delimiters_;
  CellBudget budget_;

  std::vector<std::unique_ptr<Table>> tables_;
  std::unordered_map<std::string, Table*> tables_by_name_;
  std::vector<Series> series_;
  PodVector<TagCode> series_tags_;
  PodVector<uint32_t> slots_;  // position in series_ plus 1; 0: free
  const uint64_t seed_ = HashSeed();

  Table* row_table_ = nullptr;
  size_t resolved_last_ = 0;     // in series_: the only one that can know columns of the row under construction
  uint32_t put_tags_begin_ = 0;  // in series_tags_: those of the row under construction
  uint32_t put_tags_end_ = 0;
  int64_t row_time_ = 0;
  std::string reason_;

  const char* counted_to_;
  int64_t lines_counted_ = 0;
  WriteBatch batch_;
};

}  // namespace

WriteBatch ParseLineProtocol(std::string_view body, const ParseOptions& options, const SchemaSource& schemas) {
  return LineParser(body, options, schemas).Parse();
}

}  // namespace gigapi
