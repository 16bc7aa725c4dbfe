#include "ingest/csv_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ingest/cell_budget.h"
#include "ingest/column_values.h"
#include "ingest/csv_reader.h"
#include "ingest/number_scanner.h"
#include "ingest/row_options.h"
#include "ingest/table_builder.h"
#include "ingest/time_parser.h"
#include "model/names.h"

namespace gigapi {
namespace {

constexpr int kSniffedRecords = 1'000;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.push_back(Trim(text.substr(0, at)));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

enum class Role {
  kValue,
  kTime,
  kSkipped
};

struct CsvColumn {
  std::string name;
  Role role = Role::kValue;
  std::optional<ColumnType> type;  // nothing: told by its first value
  bool type_is_asked = false;      // by the options
  StringsAs strings = StringsAs::kByValues;
  ColumnBuilder* builder = nullptr;  // once there is a value
};

/// A number in its widest exact form.
struct CsvNumber {
  bool is_integer = false;
  bool negative = false;
  uint64_t bits = 0;
  double value = 0;
};

/// `readable_end` says how far the bytes go that lie behind the text.
std::optional<CsvNumber> ReadNumber(std::string_view text, const char* readable_end) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  if (!text.empty() && readable_end - begin > internal::kShortFloatReadBytes) {
    const bool negative = *begin == '-';
    double value = 0;
    if (internal::ScanShortFloat(begin + (negative ? 1 : 0), &value) == end) {
      return CsvNumber{false, negative, 0, negative ? -value : value};
    }
  }
  int64_t integer = 0;
  if (ScanInt64(begin, end, &integer) == end) return CsvNumber{true, integer < 0, static_cast<uint64_t>(integer), 0};
  ScannedNumber number;
  if (text.size() <= 20 && std::all_of(begin, end, internal::IsDigit)) {
    const std::string with_suffix = std::string(text) + "u";
    const char* const suffix_end = with_suffix.data() + with_suffix.size();
    if (ScanNumber(with_suffix.data(), suffix_end, &number) == suffix_end) return CsvNumber{true, false, number.u64, 0};
  }
  if (ScanNumber(begin, end, &number) != end || number.kind != ScannedNumber::Kind::kFloat) return std::nullopt;
  return CsvNumber{false, false, 0, number.f64};
}

std::optional<bool> ReadBool(std::string_view text) {
  for (const std::string_view yes : {"true", "True", "TRUE"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "False", "FALSE"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

/// What values look like, as bits that add up over the values of a column.
enum Look : uint8_t {
  kFraction = 1,
  kInteger = 2,
  kLargeInteger = 4,
  kUnsigned = 8,
  kTruth = 16,
  kText = 32
};

Look LookOf(const CsvField& field, const char* readable_end) {
  if (field.quoted) return kText;
  const std::string_view text = Trim(field.text);
  if (ReadBool(text)) return kTruth;
  const auto number = ReadNumber(text, readable_end);
  if (!number) return kText;
  if (!number->is_integer) return kFraction;
  if (!number->negative && number->bits > static_cast<uint64_t>(INT64_MAX)) return kUnsigned;
  const auto integer = static_cast<int64_t>(number->bits);
  return integer > kExactFloatMax || integer < -kExactFloatMax ? kLargeInteger : kInteger;
}

/// The type of a new column whose values look so.
ColumnType TypeOfLooks(int looks, StringsAs strings) {
  if (looks == kTruth) return ColumnType::kBool;
  if ((looks & (kTruth | kText)) != 0) return strings == StringsAs::kField ? ColumnType::kString : ColumnType::kTag;
  if ((looks & kFraction) != 0) return ColumnType::kFloat64;
  if ((looks & kUnsigned) != 0) return ColumnType::kUInt64;
  return (looks & kLargeInteger) != 0 ? ColumnType::kInt64 : ColumnType::kFloat64;
}

class CsvRowParser {
 public:
  CsvRowParser(std::string_view body, const ParseOptions& options, const SchemaSource& schemas)
      : body_(body),
        options_(options),
        delimiter_(options.delimiter != 0 ? options.delimiter : SniffDelimiter(body)),
        builder_(options.table, schemas.FindSchema(options.table), static_cast<size_t>(options.columns_per_table_max)),
        budget_(options.values_max) {}

  WriteBatch Parse() {
    CsvReader in(body_, delimiter_);
    if (!ReadHeader(&in)) {
      Refuse(std::max<int64_t>(in.line(), 1), reason_, in.text());
      return std::move(batch_);
    }
    Sniff(in);
    while (in.Next()) ReadRecord(in);
    return Finish();
  }

 private:
  bool Fail(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }

  // ---- header ----

  bool ReadHeader(CsvReader* in) {
    if (options_.table.empty()) return Fail("no table: name one with ?table=");
    if (const Status valid = ValidateTableName(options_.table); !valid.ok()) return Fail(valid.message());
    if (!in->Next()) return Fail("the body is empty");
    if (!in->error().empty()) return Fail(std::string(in->error()));
    std::unordered_set<std::string> names;
    for (const CsvField& field : in->fields()) {
      CsvColumn& column = columns_.emplace_back();
      column.name = field.quoted ? field.text : Trim(field.text);
      column.strings = StringsOf(options_, column.name);
      if (!names.insert(column.name).second) return Fail(fmt::format("column '{}' comes twice", column.name));
      if (columns_.size() > static_cast<size_t>(options_.columns_per_table_max) + 1) return Fail("too many columns");
    }
    if (!ReadTypes() || !FindTime() || !CheckNames()) return false;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].role == Role::kTime) times_.push_back(i);
    }
    return true;
  }

  bool FindTime() {
    if (std::any_of(columns_.begin(), columns_.end(), [](const CsvColumn& c) { return c.role == Role::kTime; })) return true;
    if (!options_.time_column.empty()) {
      CsvColumn* const column = FindColumn(options_.time_column);
      if (column == nullptr) return Fail(fmt::format("there is no column '{}'", options_.time_column));
      column->role = Role::kTime;
      return true;
    }
    for (const std::string_view name : kTimeNames) {
      CsvColumn* const column = FindColumn(name);
      if (column == nullptr || column->role != Role::kValue || column->type_is_asked) continue;
      column->role = Role::kTime;
      break;
    }
    return true;
  }

  CsvColumn* FindColumn(std::string_view name) {
    const auto found = std::find_if(columns_.begin(), columns_.end(), [&](const CsvColumn& c) { return c.name == name; });
    return found == columns_.end() ? nullptr : &*found;
  }

  bool CheckNames() {
    for (const CsvColumn& column : columns_) {
      if (column.role != Role::kValue) continue;
      if (const Status valid = ValidateColumnName(column.name); !valid.ok()) return Fail(valid.message());
    }
    return true;
  }

  // ---- types ----

  bool ReadTypes() {
    if (options_.types.empty()) return true;
    const auto items = Split(options_.types, ',');
    const bool named = options_.types.find(':') != std::string::npos;
    if (!named && items.size() != columns_.size()) {
      return Fail(fmt::format("types has {} types, the header {} columns", items.size(), columns_.size()));
    }
    for (size_t i = 0; i < items.size(); ++i) {
      const size_t colon = items[i].rfind(':');
      if (named && colon == std::string_view::npos) return Fail(fmt::format("types: '{}' is not name:type", items[i]));
      CsvColumn* const column = named ? FindColumn(items[i].substr(0, colon)) : &columns_[i];
      if (column == nullptr) return Fail(fmt::format("types: there is no column '{}'", items[i].substr(0, colon)));
      if (!AskFor(named ? items[i].substr(colon + 1) : items[i], column)) return false;
    }
    return true;
  }

  bool AskFor(std::string_view type, CsvColumn* column) {
    static constexpr std::pair<std::string_view, ColumnType> kTypes[] = {
        {"float", ColumnType::kFloat64}, {"double", ColumnType::kFloat64},  {"int", ColumnType::kInt64},
        {"integer", ColumnType::kInt64}, {"unsigned", ColumnType::kUInt64}, {"uint", ColumnType::kUInt64},
        {"bool", ColumnType::kBool},     {"boolean", ColumnType::kBool},    {"string", ColumnType::kString},
        {"tag", ColumnType::kTag}};
    column->type_is_asked = true;
    if (type == "time") column->role = Role::kTime;
    else if (type == "skip") column->role = Role::kSkipped;
    else if (type == "auto" || type.empty()) column->type_is_asked = false;
    else {
      const auto* found =
          std::find_if(std::begin(kTypes), std::end(kTypes), [&](const auto& known) { return known.first == type; });
      if (found == std::end(kTypes)) {
        return Fail(fmt::format(
            "types: unknown type '{}': float, int, unsigned, bool, string, tag, time, skip and auto are known", type));
      }
      column->type = found->second;
      if (found->second == ColumnType::kTag) column->strings = StringsAs::kTag;
    }
    return true;
  }

  /// By the records after the header.
  void Sniff(const CsvReader& header) {
    bool all_known = true;
    for (CsvColumn& column : columns_) {
      if (column.role != Role::kValue) continue;
      if (!column.type) column.type = builder_.TypeOf(column.name);
      all_known = all_known && column.type.has_value();
    }
    if (all_known) return;
    CsvReader in = header;
    std::vector<int> looks(columns_.size());
    sniffing_ = true;
    for (int n = 0; n < kSniffedRecords && in.Next(); ++n) {
      const bool is_kept = PutRecord(in);
      RollBack();
      if (!is_kept) continue;  // what is refused says nothing of the others
      for (size_t i = 0; i < columns_.size(); ++i) {
        const CsvField& field = in.fields()[i];
        if (!columns_[i].type && !IsNull(field)) looks[i] |= LookOf(field, ReadableEnd(field.text));
      }
    }
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (!columns_[i].type && looks[i] != 0) columns_[i].type = TypeOfLooks(looks[i], columns_[i].strings);
    }
    sniffing_ = false;
  }

  /// How far one may read from the start of a field on: to the end of the body, unless the field is a copy without quotes.
  const char* ReadableEnd(std::string_view text) const {
    const char* const body_end = body_.data() + body_.size();
    const bool in_body = std::less_equal<>()(body_.data(), text.data()) && std::less<>()(text.data(), body_end);
    return in_body ? body_end : text.data() + text.size();
  }

  static bool IsNull(const CsvField& field) { return !field.quoted && Trim(field.text).empty(); }

  // ---- records ----

  void ReadRecord(const CsvReader& in) {
    reason_.clear();
    if (PutRecord(in) && Claim(builder_.rows() + 1, builder_.columns())) {
      builder_.CommitRow(row_time_);
      ++batch_.accepted_rows;
      return;
    }
    RollBack();
    Refuse(in.line(), reason_, in.text());
  }

  void RollBack() {
    builder_.RollBackRow();
    for (CsvColumn* const column : made_) column->builder = nullptr;  // what the record made is gone
  }

  bool PutRecord(const CsvReader& in) {
    made_.clear();
    if (!in.error().empty()) return Fail(std::string(in.error()));
    if (static_cast<int64_t>(in.text().size()) > options_.line_bytes_max) return Fail("line is too long");
    if (in.fields().size() != columns_.size()) {
      return Fail(fmt::format("{} fields, the header has {}", in.fields().size(), columns_.size()));
    }
    if (!ReadTime(in)) return false;
    bool has_value = false;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const CsvField& field = in.fields()[i];
      CsvColumn& column = columns_[i];
      if (column.role != Role::kValue || IsNull(field)) continue;
      if (!PutValue(field, &column)) return false;
      has_value = true;
    }
    return has_value || Fail("the record has no value");
  }

  /// Before the values, so that columns are not made in vain.
  bool ReadTime(const CsvReader& in) {
    row_time_ = options_.now_ns;
    for (const size_t i : times_) {
      const CsvField& field = in.fields()[i];
      const std::string_view text = Trim(field.text);
      if (!IsNull(field) && !ParseTime(text, options_.number_precision, &row_time_))
        return Fail(fmt::format("'{}' is no time", text.substr(0, 64)));
    }
    return true;
  }

  bool PutValue(const CsvField& field, CsvColumn* column) {
    if (sniffing_ && !column->type) return CheckUtf8(field, *column);
    if (column->builder == nullptr) {
      if (!Claim(builder_.rows() + 1, builder_.columns() + 1)) return false;
      const ColumnType type =
          column->type ? *column->type : TypeOfLooks(LookOf(field, ReadableEnd(field.text)), column->strings);
      // A string that is told by its values goes where the table has strings.
      const auto known = builder_.TypeOf(column->name);
      column->builder = builder_.FindOrAdd(column->name, known && !column->type_is_asked ? *known : type, &reason_);
      if (column->builder == nullptr) return false;
      made_.push_back(column);
      if (column->type_is_asked) column->builder->FixType();
    }
    ColumnBuilder* const builder = column->builder;
    builder_.Touch(builder);
    const size_t row = builder_.rows();
    const std::string_view text = Trim(field.text);
    switch (builder->type()) {
      case ColumnType::kFloat64:
      case ColumnType::kInt64:
      case ColumnType::kUInt64: {
        const auto number = ReadNumber(text, ReadableEnd(text));
        const bool put = number && (number->is_integer ? PutInteger(row, number->bits, number->negative, builder)
                                                       : PutFloat(row, number->value, builder));
        return put || FailType(text, *builder);
      }
      case ColumnType::kBool: {
        const auto value = ReadBool(text);
        if (!value && text != "1" && text != "0") return FailType(text, *builder);
        builder->PutBool(row, value.value_or(text == "1"));
        return true;
      }
      case ColumnType::kTag:
      case ColumnType::kString:
        if (!CheckUtf8(field, *column)) return false;
        return PutText(row, field.text, column->type_is_asked ? StringsAs::kTag : column->strings, builder);
    }
    return false;
  }

  bool CheckUtf8(const CsvField& field, const CsvColumn& column) {
    return IsUtf8(field.text) || Fail(fmt::format("a value of column '{}' is not UTF-8", column.name));
  }

  bool FailType(std::string_view text, const ColumnBuilder& column) {
    return Fail(fmt::format("'{}' does not fit column '{}', which is {}", text.substr(0, 64), column.name(),
                            ToString(column.type())));
  }

  bool Claim(size_t rows, size_t columns) {
    return budget_.Claim(rows, columns, &cells_) || Fail(TooManyValues(options_.values_max));
  }

  // ---- the end ----

  void Refuse(int64_t line, std::string reason, std::string_view text) { RefuseRow(line, std::move(reason), text, &batch_); }

  WriteBatch Finish() {
    if (builder_.rows() == 0) return std::move(batch_);
    for (const CsvColumn& column : columns_) {
      if (column.builder != nullptr && !column.type_is_asked) DecideStrings(builder_.rows(), column.strings, column.builder);
    }
    TableRows& rows = batch_.tables.emplace_back();
    rows.table = builder_.table();
    rows.rows = builder_.Finish();
    return std::move(batch_);
  }

  const std::string_view body_;
  const ParseOptions& options_;
  const char delimiter_;
  TableBuilder builder_;
  CellBudget budget_;
  size_t cells_ = 0;
  std::vector<CsvColumn> columns_;
  std::vector<size_t> times_;     // positions of those that are times
  std::vector<CsvColumn*> made_;  // that the record under construction has the first value of
  bool sniffing_ = false;
  WriteBatch batch_;
  int64_t row_time_ = 0;
  std::string reason_;
};

}  // namespace

WriteBatch ParseCsvRows(std::string_view body, const ParseOptions& options, const SchemaSource& schemas) {
  return CsvRowParser(body, options, schemas).Parse();
}

}  // namespace gigapi
