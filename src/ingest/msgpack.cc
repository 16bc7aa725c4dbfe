#include "ingest/msgpack.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "ingest/msgpack_column.h"
#include "ingest/msgpack_reader.h"
#include "ingest/msgpack_time.h"
#include "ingest/table_builder.h"
#include "model/names.h"

namespace gigapi {
namespace {

constexpr int kNestingMax = 4;  // of arrays and batches around records
constexpr std::string_view kHostTag = "host";

/// Where the parts of a record stand; nullptr for those that it lacks.
struct RecordParts {
  const char* measurement = nullptr;
  const char* columns = nullptr;
  const char* tag_keys = nullptr;
  const char* batch = nullptr;
  const char* time = nullptr;
  const char* host = nullptr;
  const char* fields = nullptr;
  const char* numbered_fields = nullptr;
  const char* tags = nullptr;

  /// The place for the part of that key; nullptr for a key that means nothing.
  const char** Find(std::string_view key) {
    if (key == "m") return &measurement;
    if (key == "columns") return &columns;
    if (key == "tag_keys") return &tag_keys;
    if (key == "batch") return &batch;
    if (key == "t") return &time;
    if (key == "h") return &host;
    if (key == "fields") return &fields;
    if (key == "f") return &numbered_fields;
    if (key == "tags") return &tags;
    return nullptr;
  }
};

/// A table under construction. Rows of one table mostly have the same keys in the same order, so the column of a key is
/// looked for where the row before had it.
struct TableRowsBuilder {
  struct Key {
    std::string name;
    ColumnBuilder* column;
  };
  TableRowsBuilder(std::string name, SchemaPtr schema, size_t columns_max)
      : builder(std::move(name), std::move(schema), columns_max) {}
  TableBuilder builder;
  std::vector<Key> fields;
  std::vector<Key> tags;
  size_t cells = 0;  // claimed for this table
};

class MsgpackParser {
 public:
  MsgpackParser(std::string_view body, const ParseOptions& options, const SchemaSource& schemas)
      : in_(body), options_(options), schemas_(schemas) {}

  WriteBatch Parse() {
    bool parsed = in_.left() > 0 || Fail("the body is empty");
    while (parsed && in_.left() > 0) parsed = ParseItem(0);
    WriteBatch batch;
    for (size_t i = 0; parsed && i < tables_.size(); ++i) {
      TableBuilder& builder = tables_[i]->builder;
      if (builder.rows() == 0) continue;
      if (builder.columns() == 0) {
        parsed = FailWithoutPlace(fmt::format("no column of table '{}' has a value", builder.table()));
        break;
      }
      batch.accepted_rows += static_cast<int64_t>(builder.rows());
      TableRows& rows = batch.tables.emplace_back();
      rows.table = builder.table();
      rows.rows = builder.Finish();
    }
    if (parsed) return batch;
    WriteBatch refusal;
    refusal.refused_rows = 1;
    refusal.refused.push_back({std::max<int64_t>(record_number_, 1), std::move(reason_), {}});
    return refusal;
  }

 private:
  // ---- failures ----

  bool FailWithoutPlace(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }
  /// The reason with where it is: the record and the byte at which the reader stands.
  bool Fail(std::string_view reason) {
    if (record_number_ == 0) return FailWithoutPlace(fmt::format("{}, at byte {}", reason, in_.offset()));
    return FailWithoutPlace(fmt::format("record {}: {}, at byte {}", record_number_, reason, in_.offset()));
  }
  bool FailExpected(std::string_view what) { return Fail(fmt::format("expected {}, found {}", what, in_.Found())); }
  bool FailAt(const char* position, std::string_view reason) {
    in_.Seek(position);
    return Fail(reason);
  }

  // ---- records ----

  /// A record, or an array of such.
  bool ParseItem(int depth) {
    if (in_.PeekType() == MsgpackType::kMap) return ParseRecord(depth);
    if (in_.PeekType() != MsgpackType::kArray) return FailExpected("a record (a map) or an array of records");
    return ParseItems(depth);
  }

  bool ParseItems(int depth) {
    if (depth >= kNestingMax) return Fail("records are nested too deeply");
    uint32_t count = 0;
    if (!in_.ReadArray(&count)) return FailExpected("an array of records");
    for (uint32_t i = 0; i < count; ++i) {
      if (!ParseItem(depth + 1)) return false;
    }
    return true;
  }

  /// Notes where the parts are, then reads them: their order in a map means nothing. Only columns or a batch that come
  /// last, as clients send them, are not passed over first: nearly all bytes are there.
  bool ParseRecord(int depth) {
    ++record_number_;
    uint32_t count = 0;
    if (!in_.ReadMap(&count)) return FailExpected("a record (a map)");
    RecordParts parts;
    for (uint32_t i = 0; i < count; ++i) {
      const char* const key_at = in_.position();
      std::string_view key;
      if (!in_.ReadString(&key)) return FailExpected("a key (a string)");
      const char** const part = parts.Find(key);
      if (part != nullptr) {
        if (*part != nullptr) return FailAt(key_at, fmt::format("key '{}' comes twice", key));
        *part = in_.position();
        if (i + 1 == count && part == &parts.batch) return ReadRecord(parts, depth);
        if (i + 1 == count && part == &parts.columns && parts.batch == nullptr) return ReadRecord(parts, depth);
      }
      if (!in_.Skip()) return FailExpected("a value");
    }
    const char* const end = in_.position();
    if (!ReadRecord(parts, depth)) return false;
    in_.Seek(end);
    return true;
  }

  bool ReadRecord(const RecordParts& parts, int depth) {
    if (parts.batch != nullptr) {
      --record_number_;  // the batch itself is none
      in_.Seek(parts.batch);
      return ParseItems(depth + 1);
    }
    if (parts.measurement == nullptr) return Fail("key 'm' (the measurement) is missing");
    TableRowsBuilder* const table = FindTable(parts.measurement);
    if (table == nullptr) return false;
    if (parts.columns != nullptr) return ReadColumns(parts, table);
    if (parts.fields != nullptr || parts.numbered_fields != nullptr) return ReadRow(parts, table);
    return Fail("one of the keys 'columns', 'fields' and 'f' is needed");
  }

  TableRowsBuilder* FindTable(const char* position) {
    in_.Seek(position);
    std::string_view name;
    std::string numbered;
    MsgpackInteger number;
    if (in_.ReadInteger(&number)) {
      numbered = "measurement_" + TextOf(number);
      name = numbered;
    } else if (!in_.ReadString(&name)) {
      FailExpected("the measurement's name (a string)");
      return nullptr;
    }
    if (last_table_ != nullptr && last_table_->builder.table() == name) return last_table_;
    if (const auto found = table_of_.find(name); found != table_of_.end()) return last_table_ = found->second;
    if (const Status valid = ValidateTableName(name); !valid.ok()) {
      FailAt(position, valid.message());
      return nullptr;
    }
    last_table_ = tables_.emplace_back(std::make_unique<TableRowsBuilder>(
        std::string(name), schemas_.FindSchema(name), static_cast<size_t>(options_.columns_per_table_max))).get();
    table_of_.emplace(last_table_->builder.table(), last_table_);
    return last_table_;
  }

  static std::string TextOf(const MsgpackInteger& number) {
    return number.negative ? std::to_string(static_cast<int64_t>(number.bits)) : std::to_string(number.bits);
  }

  /// Claims room for a table's rows before they are decoded, with the NULLs where rows lack columns: nils and short integers
  /// take eight times the room that they take in a body, and a late row with many new columns far more.
  bool Claim(TableRowsBuilder* table, size_t rows, size_t columns) {
    const size_t cells = rows * (columns + 1);  // and the time
    cells_ += cells - table->cells;
    table->cells = cells;
    return cells_ <= static_cast<size_t>(options_.values_max) ||
           Fail(fmt::format("more than {} values in one request; send it in parts", options_.values_max));
  }

  // ---- columnar ----

  bool ReadColumns(const RecordParts& parts, TableRowsBuilder* table) {
    TableBuilder& builder = table->builder;
    std::vector<std::string_view> tag_keys;
    if (parts.tag_keys != nullptr && !ReadTagKeys(parts.tag_keys, &tag_keys)) return false;
    in_.Seek(parts.columns);
    uint32_t columns = 0;
    if (!in_.ReadMap(&columns)) return FailExpected("columns (a map of arrays)");
    if (columns == 0) return Fail("columns is empty");
    times_.Clear();
    bool has_time = false;
    std::string_view first;  // the column that tells the number of rows
    uint32_t rows = 0;
    std::vector<std::string_view> names;
    for (uint32_t i = 0; i < columns; ++i) {
      const char* const name_at = in_.position();
      std::string_view name;
      if (!in_.ReadString(&name)) return FailExpected("a column's name (a string)");
      if (std::find(names.begin(), names.end(), name) != names.end()) {
        return FailAt(name_at, fmt::format("column '{}' comes twice", name));
      }
      if (names.size() >= static_cast<size_t>(options_.columns_per_table_max)) {
        return FailAt(name_at, fmt::format("more than {} columns", options_.columns_per_table_max));
      }
      names.push_back(name);
      uint32_t values = 0;
      if (!in_.ReadArray(&values)) return FailExpected(fmt::format("the values of column '{}' (an array)", name));
      if (values > in_.left()) {
        return Fail(fmt::format("column '{}' claims {} values, the body ends before", name, values));
      }
      if (i == 0) {
        first = name;
        rows = values;
      } else if (values != rows) {
        return FailAt(name_at, fmt::format("column '{}' has {} values, column '{}' has {}", name, values, first, rows));
      }
      if (!Claim(table, builder.rows() + rows, builder.columns() + 1)) return false;
      if (name == kTimeColumn) {
        has_time = true;
        if (!ReadMsgpackTimes(&in_, rows, &times_, &column_reason_)) return Fail(column_reason_);
      } else {
        const MsgpackStrings strings = parts.tag_keys == nullptr ? MsgpackStrings::kByValues
                                       : std::find(tag_keys.begin(), tag_keys.end(), name) != tag_keys.end()
                                           ? MsgpackStrings::kTag
                                           : MsgpackStrings::kField;
        if (!ReadMsgpackColumn(&in_, name, strings, builder.rows(), rows, &builder, &column_reason_)) return Fail(column_reason_);
      }
    }
    if (!has_time) times_.Resize(rows, options_.now_ns);
    return CommitRows(table, times_.data(), rows);
  }

  bool ReadTagKeys(const char* position, std::vector<std::string_view>* keys) {
    in_.Seek(position);
    uint32_t count = 0;
    if (!in_.ReadArray(&count)) return FailExpected("tag_keys (an array)");
    for (uint32_t i = 0; i < count; ++i) {
      std::string_view key;
      if (!in_.ReadString(&key)) return FailExpected("a name in tag_keys (a string)");
      if (keys->size() >= static_cast<size_t>(options_.columns_per_table_max)) return Fail("tag_keys has too many names");
      keys->push_back(key);
    }
    return true;
  }

  bool CommitRows(TableRowsBuilder* table, const int64_t* times, size_t rows) {
    table->builder.CommitRows(times, rows);
    return Claim(table, table->builder.rows(), table->builder.columns());
  }

  // ---- rows ----

  bool ReadRow(const RecordParts& parts, TableRowsBuilder* table) {
    const size_t row = table->builder.rows();
    if (parts.tags != nullptr && !ReadTags(parts.tags, row, table)) return false;
    if (parts.host != nullptr && !ReadHost(parts.host, row, table)) return false;
    if (parts.fields != nullptr ? !ReadFields(parts.fields, row, table)
                                : !ReadNumberedFields(parts.numbered_fields, row, table)) {
      return false;
    }
    if (parts.time == nullptr) return CommitRows(table, &options_.now_ns, 1);
    in_.Seek(parts.time);
    if (in_.ReadNil()) return CommitRows(table, &options_.now_ns, 1);
    times_.Clear();
    if (!ReadMsgpackTimes(&in_, 1, &times_, &column_reason_)) return Fail(column_reason_);
    return CommitRows(table, times_.data(), 1);
  }

  bool ReadFields(const char* position, size_t row, TableRowsBuilder* table) {
    in_.Seek(position);
    uint32_t count = 0;
    if (!in_.ReadMap(&count)) return FailExpected("fields (a map)");
    for (uint32_t i = 0; i < count; ++i) {
      std::string_view name;
      if (!in_.ReadString(&name)) return FailExpected("a field's name (a string)");
      if (!ReadField(name, i, row, table)) return false;
    }
    return true;
  }

  bool ReadNumberedFields(const char* position, size_t row, TableRowsBuilder* table) {
    in_.Seek(position);
    uint32_t count = 0;
    if (!in_.ReadArray(&count)) return FailExpected("f (an array of values)");
    for (uint32_t i = 0; i < count; ++i) {
      if (!ReadField(fmt::format("field_{}", i), i, row, table)) return false;
    }
    return true;
  }

  bool ReadField(std::string_view name, size_t position, size_t row, TableRowsBuilder* table) {
    if (in_.ReadNil()) return true;
    ColumnBuilder* const column = FindColumn(name, position, MsgpackStrings::kField, row, &table->fields, table);
    if (column == nullptr) return false;
    return ReadMsgpackValue(&in_, row, column, &table->builder, &column_reason_) || Fail(column_reason_);
  }

  ColumnBuilder* FindColumn(std::string_view name, size_t position, MsgpackStrings strings, size_t row,
                            std::vector<TableRowsBuilder::Key>* keys, TableRowsBuilder* table) {
    if (position < keys->size() && (*keys)[position].name == name) return (*keys)[position].column;
    if (!Claim(table, row + 1, table->builder.columns() + 1)) return nullptr;
    ColumnBuilder* const column = FindMsgpackColumn(in_, name, strings, &table->builder, &column_reason_);
    if (column == nullptr) {
      Fail(column_reason_);
      return nullptr;
    }
    if (position < keys->size()) (*keys)[position] = {std::string(name), column};
    else if (position == keys->size()) keys->push_back({std::string(name), column});
    return column;
  }

  bool ReadTags(const char* position, size_t row, TableRowsBuilder* table) {
    in_.Seek(position);
    uint32_t count = 0;
    if (!in_.ReadMap(&count)) return FailExpected("tags (a map)");
    for (uint32_t i = 0; i < count; ++i) {
      std::string_view name;
      if (!in_.ReadString(&name)) return FailExpected("a tag's name (a string)");
      if (!ReadTag(name, i, row, table)) return false;
    }
    return true;
  }

  /// Values of tags are text: numbers and booleans are written out.
  bool ReadTag(std::string_view name, size_t position, size_t row, TableRowsBuilder* table) {
    if (in_.ReadNil()) return true;
    if (in_.PeekType() == MsgpackType::kString) {
      ColumnBuilder* const column = FindColumn(name, position, MsgpackStrings::kTag, row, &table->tags, table);
      if (column == nullptr) return false;
      return ReadMsgpackValue(&in_, row, column, &table->builder, &column_reason_) || Fail(column_reason_);
    }
    MsgpackInteger integer;
    double number = 0;
    bool truth = false;
    std::string text;
    if (in_.ReadInteger(&integer)) text = TextOf(integer);
    else if (in_.ReadFloat(&number)) text = fmt::format("{}", number);
    else if (in_.ReadBool(&truth)) text = truth ? "true" : "false";
    else return FailExpected(fmt::format("the value of tag '{}' (a string)", name));
    return PutTag(name, text, row, table);
  }

  bool ReadHost(const char* position, size_t row, TableRowsBuilder* table) {
    in_.Seek(position);
    MsgpackInteger number;
    std::string_view text;
    if (in_.ReadNil()) return true;
    if (in_.ReadInteger(&number)) return PutTag(kHostTag, "host_" + TextOf(number), row, table);
    if (!in_.ReadString(&text)) return FailExpected("h, the host (a string)");
    if (!IsUtf8(text)) return FailAt(position, "the host is not UTF-8");
    return PutTag(kHostTag, text, row, table);
  }

  bool PutTag(std::string_view name, std::string_view value, size_t row, TableRowsBuilder* table) {
    TableBuilder& builder = table->builder;
    if (!Claim(table, row + 1, builder.columns() + 1)) return false;
    const ColumnType type = builder.TypeOf(name).value_or(ColumnType::kTag);
    if (type != ColumnType::kTag && type != ColumnType::kString) {
      builder.FindOrAdd(name, ColumnType::kTag, &column_reason_);
      return Fail(column_reason_);
    }
    ColumnBuilder* const column = builder.FindOrAdd(name, type, &column_reason_);
    if (column == nullptr) return Fail(column_reason_);
    if (type == ColumnType::kTag) column->PutCode(row, column->Intern(value));
    else column->PutString(row, value);
    return true;
  }

  MsgpackReader in_;
  const ParseOptions& options_;
  const SchemaSource& schemas_;

  std::vector<std::unique_ptr<TableRowsBuilder>> tables_;
  std::unordered_map<std::string_view, TableRowsBuilder*> table_of_;  // by name
  TableRowsBuilder* last_table_ = nullptr;
  PodVector<int64_t> times_;
  int64_t record_number_ = 0;
  size_t cells_ = 0;  // claimed for all tables
  std::string column_reason_;
  std::string reason_;
};

}  // namespace

WriteBatch ParseMsgpack(std::string_view body, const ParseOptions& options, const SchemaSource& schemas) {
  return MsgpackParser(body, options, schemas).Parse();
}

}  // namespace gigapi
