#include "ingest/json_rows.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ingest/cell_budget.h"
#include "ingest/column_values.h"
#include "ingest/row_options.h"
#include "ingest/string_interner.h"
#include "ingest/table_builder.h"
#include "ingest/time_parser.h"
#include "model/names.h"

namespace gigapi {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::array<std::string_view, 2> kTableMembers = {"measurement", "table"};
constexpr int kNestingMax = 16;
/// Members beyond this position, of a row that has them in millions, are looked for by their names.
constexpr size_t kMembersRemembered = 4'096;

/// A member by its position in a row. Rows mostly have the same members in the same order, so the column of a member is
/// looked for where the row before had it.
struct Member {
  uint32_t parent = 0;              // which object it is in: 0 the row, else as `object` of that
  std::string raw_key;              // as in the text, with its escapes
  ColumnBuilder* column = nullptr;  // nullptr: an object, the time, or the table's name
  uint32_t object = 0;
  std::string prefix;  // of the names in that object
  bool is_time = false;
  bool is_table = false;
};

struct JsonTable {
  JsonTable(std::string name, SchemaPtr schema, size_t columns_max)
      : builder(std::move(name), std::move(schema), columns_max) {}
  TableBuilder builder;
  std::vector<Member> members;
  size_t cells = 0;
};

class JsonRowParser {
 public:
  JsonRowParser(std::string_view body, const ParseOptions& options, const SchemaSource& schemas)
      : options_(options),
        schemas_(schemas),
        padded_(body),
        budget_(options.values_max),
        tags_(options.tags.begin(), options.tags.end()),
        time_member_(options.time_column) {}

  WriteBatch Parse() {
    const std::string_view body(padded_.data(), padded_.size());
    const size_t first = body.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) {
      Refuse(1, "the body is empty", {});
    } else if (body[first] == '[') {
      ParseArray(body);
    } else if (IsOneObject(body.substr(first))) {
      ParseLine(body.substr(first), 1);
    } else {
      ParseLines(body);
    }
    return Finish();
  }

 private:
  // ---- bodies ----

  /// Whether an object goes on over several lines: then its first line is none by itself.
  bool IsOneObject(std::string_view body) {
    const size_t newline = body.find('\n');
    if (body[0] != '{' || newline == std::string_view::npos) return false;
    ondemand::document document;
    if (Iterate(body.substr(0, newline), &document) == simdjson::SUCCESS) {
      std::string_view text;
      if (document.raw_json().get(text) == simdjson::SUCCESS) return false;
    }
    return Iterate(body, &document) == simdjson::SUCCESS && IsWhole(&document);
  }

  static bool IsWhole(ondemand::document* document) {
    std::string_view text;
    return document->raw_json().get(text) == simdjson::SUCCESS && document->at_end();
  }

  void ParseLines(std::string_view body) {
    int64_t number = 0;
    while (!body.empty()) {
      const size_t newline = std::min(body.find('\n'), body.size());
      const std::string_view line = body.substr(0, newline);
      body.remove_prefix(std::min(newline + 1, body.size()));
      ++number;
      if (line.find_first_not_of(" \t\r") != std::string_view::npos) ParseLine(line, number);
    }
  }

  void ParseLine(std::string_view line, int64_t number) {
    ondemand::document document;
    if (static_cast<int64_t>(line.size()) > options_.line_bytes_max) return Refuse(number, "line is too long", line);
    simdjson::error_code error = Iterate(line, &document);
    ondemand::object object;
    if (error == simdjson::SUCCESS) error = document.get_object().get(object);
    if (error != simdjson::SUCCESS) return Refuse(number, Explain(error, "expected an object"), line);
    bool kept = ParseRow(object);
    if (kept && !document.at_end()) kept = Fail("something follows the object");
    EndRow(kept, number, line);
  }

  void ParseArray(std::string_view body) {
    ondemand::document document;
    ondemand::array array;
    simdjson::error_code error = Iterate(body, &document);
    if (error == simdjson::SUCCESS) error = document.get_array().get(array);
    int64_t number = 0;
    if (error == simdjson::SUCCESS) error = ParseElements(array, &number);
    if (error == simdjson::SUCCESS && document.at_end()) return;
    tables_.clear();
    batch_ = WriteBatch();
    Refuse(std::max<int64_t>(number, 1),
           error == simdjson::SUCCESS ? "something follows the array" : Explain(error, "the array is broken"), {});
    batch_.broken = batch_.refused.front();
  }

  /// Fails when the array is not well-formed: then nobody knows where the next row begins.
  simdjson::error_code ParseElements(ondemand::array array, int64_t* number) {
    for (auto element : array) {
      ++*number;
      ondemand::value value;
      if (const auto error = element.get(value)) return error;
      ondemand::json_type type;
      if (const auto error = value.type().get(type)) return error;
      std::string_view text;
      if (type != ondemand::json_type::object) {
        if (const auto error = value.raw_json().get(text)) return error;
        Refuse(*number, "expected an object", text);
        continue;
      }
      ondemand::object object;
      if (const auto error = value.get_object().get(object)) return error;
      // To its end first: a refused row must not leave the reader in its middle.
      if (const auto error = object.raw_json().get(text)) return error;
      if (const auto error = object.reset().error()) return error;
      const bool kept = ParseRow(object);
      if (syntax_error_ != simdjson::SUCCESS) return syntax_error_;
      if (!kept) {
        if (const auto error = object.reset().error()) return error;
        if (const auto error = object.raw_json().get(text)) return error;
      }
      EndRow(kept, *number, text);
    }
    return simdjson::SUCCESS;
  }

  simdjson::error_code Iterate(std::string_view text, ondemand::document* document) {
    const size_t room = static_cast<size_t>(padded_.data() + padded_.size() - text.data()) + simdjson::SIMDJSON_PADDING;
    return parser_.iterate(text.data(), text.size(), room).get(*document);
  }

  // ---- rows ----

  /// The row's values into the row under construction; false with a reason.
  bool ParseRow(ondemand::object object) {
    reason_.clear();
    syntax_error_ = simdjson::SUCCESS;
    row_time_ = options_.now_ns;
    row_values_ = 0;
    position_ = 0;
    row_table_ = nullptr;
    if (time_member_.empty() && !FindTimeMember(&object)) return false;
    row_table_ = TableOf(&object);
    return row_table_ != nullptr && ParseMembers(object, 0, {}, 0) && (row_values_ > 0 || Fail("the object has no value"));
  }

  void EndRow(bool kept, int64_t number, std::string_view text) {
    if (kept && Claim(row_table_->builder.rows() + 1, row_table_->builder.columns())) {
      row_table_->builder.CommitRow(row_time_);
      ++batch_.accepted_rows;
      return;
    }
    if (row_table_ != nullptr) {
      row_table_->builder.RollBackRow();
      row_table_->members.clear();  // columns of the row may be gone
    }
    Refuse(number, reason_, text);
  }

  bool Fail(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }
  bool FailSyntax(simdjson::error_code error) {
    syntax_error_ = error;
    return Fail(Explain(error, "not a value"));
  }
  static std::string Explain(simdjson::error_code error, std::string_view otherwise) {
    if (error == simdjson::INCORRECT_TYPE) return std::string(otherwise);
    return fmt::format("not JSON: {}", simdjson::error_message(error));
  }

  /// Decides by the first row that can be read.
  bool FindTimeMember(ondemand::object* object) {
    for (const std::string_view name : kTimeNames) {
      const auto found = object->find_field_unordered(name).error();
      if (found != simdjson::NO_SUCH_FIELD && found != simdjson::SUCCESS) return FailSyntax(found);
      if (const auto error = object->reset().error()) return FailSyntax(error);
      if (found != simdjson::SUCCESS) continue;
      time_member_ = name;
      return true;
    }
    time_member_ = kTimeNames[0];
    return true;
  }

  JsonTable* TableOf(ondemand::object* object) {
    if (!options_.table.empty()) return FindTable(options_.table);
    for (const std::string_view name : kTableMembers) {
      std::string_view table;
      const auto error = ReadTableName(object->find_field_unordered(name), &table);
      if (const auto failed = object->reset().error()) return FailSyntax(failed), nullptr;
      if (error == simdjson::NO_SUCH_FIELD || error == simdjson::INCORRECT_TYPE) continue;
      if (error != simdjson::SUCCESS) return FailSyntax(error), nullptr;
      table_member_ = name;
      return FindTable(table);
    }
    Fail("no table: name one with ?table=, or in a member 'measurement'");
    return nullptr;
  }

  /// As it stands in the text: the document has room to unescape each of its strings once, and the member may be a value
  /// too.
  simdjson::error_code ReadTableName(simdjson::simdjson_result<ondemand::value> member, std::string_view* table) {
    ondemand::value value;
    ondemand::json_type type;
    std::string_view quoted;
    if (const auto error = member.get(value)) return error;
    if (const auto error = value.type().get(type)) return error;
    if (type != ondemand::json_type::string) return simdjson::INCORRECT_TYPE;
    if (const auto error = value.raw_json().get(quoted)) return error;
    *table = quoted.substr(1, quoted.rfind('"') - 1);  // spaces may follow
    if (table->find('\\') == std::string_view::npos) return simdjson::SUCCESS;
    unescaped_table_.clear();
    const bool unescaped = AppendUnescaped(*table, &unescaped_table_);
    *table = unescaped_table_;
    return unescaped ? simdjson::SUCCESS : simdjson::STRING_ERROR;
  }

  JsonTable* FindTable(std::string_view name) {
    if (last_table_ != nullptr && SameBytes(last_table_->builder.table(), name)) return last_table_;
    if (const auto found = table_of_.find(name); found != table_of_.end()) return last_table_ = found->second;
    if (const Status valid = ValidateTableName(name); !valid.ok()) return Fail(valid.message()), nullptr;
    if (!MayAddTable(tables_.size(), options_.values_max)) return Fail(std::string(kTooManyTables)), nullptr;
    last_table_ = tables_
                      .emplace_back(std::make_unique<JsonTable>(std::string(name), schemas_.FindSchema(name),
                                                                static_cast<size_t>(options_.columns_per_table_max)))
                      .get();
    table_of_.emplace(last_table_->builder.table(), last_table_);
    return last_table_;
  }

  bool Claim(size_t rows, size_t columns) {
    return budget_.Claim(rows, columns, &row_table_->cells) || Fail(TooManyValues(options_.values_max));
  }

  // ---- members ----

  bool ParseMembers(ondemand::object object, uint32_t parent, std::string_view prefix, int depth) {
    if (depth > kNestingMax) return Fail("objects are nested too deeply");
    for (auto field : object) {
      std::string_view raw_key;
      if (const auto error = field.escaped_key().get(raw_key)) return FailSyntax(error);
      ondemand::value value;
      if (const auto error = field.value().get(value)) return FailSyntax(error);
      if (!ParseMember(raw_key, value, parent, prefix, depth)) return false;
    }
    return true;
  }

  bool ParseMember(std::string_view raw_key, ondemand::value value, uint32_t parent, std::string_view prefix, int depth) {
    const size_t position = position_++;
    std::vector<Member>& members = row_table_->members;
    // The table is not the same member in each row.
    const bool is_table = parent == 0 && options_.table.empty() && SameBytes(raw_key, table_member_);
    const bool known = position < members.size() && members[position].parent == parent &&
                       members[position].is_table == is_table && SameBytes(members[position].raw_key, raw_key);
    ondemand::json_type type;
    if (const auto error = value.type().get(type)) return FailSyntax(error);
    if (type == ondemand::json_type::null) {
      bool is_null = false;
      if (const auto error = value.is_null().get(is_null)) return FailSyntax(error);
      return is_null || FailSyntax(simdjson::N_ATOM_ERROR);
    }
    if (known && members[position].column != nullptr && type != ondemand::json_type::object) {
      return PutValue(value, type, members[position].column);
    }
    if (known && members[position].is_time) return ReadTime(value, type);
    if (known && members[position].is_table) return true;
    if (known && members[position].object != 0 && type == ondemand::json_type::object) {
      // Copies: the vector may grow meanwhile.
      return ParseObject(value, members[position].object, std::string(members[position].prefix), depth);
    }
    return ParseNewMember(position, raw_key, value, type, parent, prefix, depth);
  }

  /// A member that the row before did not have at this position.
  bool ParseNewMember(size_t position, std::string_view raw_key, ondemand::value value, ondemand::json_type type,
                      uint32_t parent, std::string_view prefix, int depth) {
    Member member;
    member.parent = parent;
    member.raw_key = raw_key;
    std::string name(prefix);
    if (!AppendUnescaped(raw_key, &name)) return Fail("a member's name is broken");
    member.is_time = name == time_member_;
    member.is_table = parent == 0 && options_.table.empty() && name == table_member_;
    if (!member.is_time && !member.is_table) {
      if (type == ondemand::json_type::object) {
        member.object = ++objects_;
        member.prefix = name + ".";
        Remember(position, member);
        return ParseObject(value, member.object, member.prefix, depth);
      }
      member.column = FindColumn(name, value, type);
      if (member.column == nullptr) return false;
    }
    Remember(position, member);
    if (member.is_time) return ReadTime(value, type);
    return member.is_table || PutValue(value, type, member.column);
  }

  bool ParseObject(ondemand::value value, uint32_t id, std::string_view prefix, int depth) {
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return FailSyntax(error);
    return ParseMembers(object, id, prefix, depth + 1);
  }

  void Remember(size_t position, Member member) {
    std::vector<Member>& members = row_table_->members;
    if (position >= kMembersRemembered) return;
    if (position >= members.size()) members.resize(position + 1);
    members[position] = std::move(member);
  }

  bool AppendUnescaped(std::string_view raw, std::string* out) {
    if (raw.find('\\') == std::string_view::npos) {
      out->append(raw);
      return true;
    }
    const simdjson::padded_string quoted("\"" + std::string(raw) + "\"");
    simdjson::dom::parser parser;
    std::string_view text;
    if (parser.parse(quoted).get_string().get(text) != simdjson::SUCCESS) return false;
    out->append(text);
    return true;
  }

  // ---- values ----

  ColumnBuilder* FindColumn(std::string_view name, ondemand::value value, ondemand::json_type type) {
    TableBuilder& builder = row_table_->builder;
    if (!Claim(builder.rows() + 1, builder.columns() + 1)) return nullptr;
    ColumnType column_type = ColumnType::kString;
    if (type == ondemand::json_type::boolean) column_type = ColumnType::kBool;
    else if (type == ondemand::json_type::number) column_type = TypeOfNumber(value);
    else if (type == ondemand::json_type::string && StringsOf(name) != StringsAs::kField) column_type = ColumnType::kTag;
    // What fits into a column that there is decides the value, not the type that a new column would get.
    return builder.FindOrAdd(name, builder.TypeOf(name).value_or(column_type), &reason_);
  }

  static ColumnType TypeOfNumber(ondemand::value value) {
    ondemand::number number;
    if (value.get_number().get(number) != simdjson::SUCCESS) return ColumnType::kFloat64;
    if (number.is_uint64()) return ColumnType::kUInt64;  // only those that int64 does not hold
    if (number.is_int64() && (number.get_int64() > kExactFloatMax || number.get_int64() < -kExactFloatMax))
      return ColumnType::kInt64;
    return ColumnType::kFloat64;
  }

  /// As that of the options, which asks each of their tags: too many for each value.
  StringsAs StringsOf(std::string_view name) const {
    if (tags_.empty()) return StringsAs::kByValues;
    return tags_.contains(name) ? StringsAs::kTag : StringsAs::kField;
  }

  bool PutValue(ondemand::value value, ondemand::json_type type, ColumnBuilder* column) {
    const size_t row = row_table_->builder.rows();
    ++row_values_;
    row_table_->builder.Touch(column);
    switch (type) {
      case ondemand::json_type::number: return PutNumber(value, row, column);
      case ondemand::json_type::boolean: {
        bool truth = false;
        if (const auto error = value.get_bool().get(truth)) return FailSyntax(error);
        if (column->type() != ColumnType::kBool) return Conflict(column, ColumnType::kBool);
        column->PutBool(row, truth);
        return true;
      }
      case ondemand::json_type::string: {
        std::string_view text;
        if (const auto error = value.get_string().get(text)) return FailSyntax(error);
        return PutText(row, text, StringsOf(column->name()), column) || Conflict(column, ColumnType::kString);
      }
      default: {
        std::string_view text;
        if (const auto error = value.raw_json().get(text)) return FailSyntax(error);
        return PutText(row, text, StringsAs::kField, column) || Conflict(column, ColumnType::kString);
      }
    }
  }

  bool PutNumber(ondemand::value value, size_t row, ColumnBuilder* column) {
    ondemand::number number;
    const auto error = value.get_number().get(number);
    if (error == simdjson::BIGINT_ERROR) return PutBigInteger(value, row, column);
    if (error != simdjson::SUCCESS) return FailSyntax(error);
    if (number.is_double()) return PutFloat(row, number.get_double(), column) || Conflict(column, ColumnType::kFloat64);
    if (number.is_uint64())
      return PutInteger(row, number.get_uint64(), false, column) || Conflict(column, ColumnType::kUInt64);
    const int64_t integer = number.get_int64();
    return PutInteger(row, static_cast<uint64_t>(integer), integer < 0, column) || Conflict(column, ColumnType::kInt64);
  }

  bool PutBigInteger(ondemand::value value, size_t row, ColumnBuilder* column) {
    double number = 0;
    if (const auto error = value.get_double().get(number)) return FailSyntax(error);
    return PutFloat(row, number, column) || Conflict(column, ColumnType::kFloat64);
  }

  /// The builder knows the words.
  bool Conflict(ColumnBuilder* column, ColumnType type) {
    if (row_table_->builder.FindOrAdd(column->name(), type, &reason_) == nullptr) return false;
    return Fail(fmt::format("a value of column '{}' does not fit its type {}", column->name(), ToString(column->type())));
  }

  bool ReadTime(ondemand::value value, ondemand::json_type type) {
    if (type == ondemand::json_type::number) {
      ondemand::number number;
      if (const auto error = value.get_number().get(number)) return FailSyntax(error);
      const bool fits = number.is_int64() ? ScaleTimestamp(options_.number_precision, number.get_int64(), &row_time_)
                                          : ParseTimeNumber(number.as_double(), options_.number_precision, &row_time_);
      return fits || Fail("the time is out of range");
    }
    std::string_view text;
    if (type != ondemand::json_type::string) return Fail("the time must be a number or a string");
    if (const auto error = value.get_string().get(text)) return FailSyntax(error);
    return ParseTime(text, options_.number_precision, &row_time_) ||
           Fail(fmt::format("'{}' is no time", text.substr(0, 64)));
  }

  // ---- the end ----

  void Refuse(int64_t number, std::string reason, std::string_view text) {
    RefuseRow(number, std::move(reason), text, &batch_);
  }

  WriteBatch Finish() {
    for (const auto& table : tables_) {
      TableBuilder& builder = table->builder;
      if (builder.rows() == 0) continue;
      builder.ForEachColumn(
          [&](ColumnBuilder* column) { DecideStrings(builder.rows(), StringsOf(column->name()), column); });
      TableRows& rows = batch_.tables.emplace_back();
      rows.table = builder.table();
      rows.rows = builder.Finish();
    }
    return std::move(batch_);
  }

  const ParseOptions& options_;
  const SchemaSource& schemas_;
  const simdjson::padded_string padded_;
  ondemand::parser parser_;
  CellBudget budget_;
  const std::unordered_set<std::string_view> tags_;  // of the options
  std::string time_member_;                          // empty until the first row decides
  std::string_view table_member_;
  std::string unescaped_table_;

  std::vector<std::unique_ptr<JsonTable>> tables_;
  std::unordered_map<std::string_view, JsonTable*> table_of_;
  JsonTable* last_table_ = nullptr;
  uint32_t objects_ = 0;  // nested ones that have been told apart
  WriteBatch batch_;

  // The row under construction.
  JsonTable* row_table_ = nullptr;
  int64_t row_time_ = 0;
  size_t row_values_ = 0;
  size_t position_ = 0;
  std::string reason_;
  simdjson::error_code syntax_error_ = simdjson::SUCCESS;
};

}  // namespace

WriteBatch ParseJsonRows(std::string_view body, const ParseOptions& options, const SchemaSource& schemas) {
  return JsonRowParser(body, options, schemas).Parse();
}

}  // namespace gigapi
