#include "ingest/msgpack.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ingest/cell_budget.h"
#include "ingest/msgpack_column.h"
#include "ingest/msgpack_reader.h"
#include "ingest/msgpack_time.h"
#include "ingest/string_interner.h"
#include "ingest/table_builder.h"
#include "model/names.h"

namespace gigapi {
namespace {

constexpr int kNestingMax = 4;  // of arrays and batches around records
constexpr std::string_view kHostTag = "host";

/// The keys of a record that mean something.
enum Key {
  kMeasurement,
  kColumns,
  kTagKeys,
  kBatch,
  kTime,
  kHost,
  kFields,
  kNumberedFields,
  kTags,
  kKeys
};

/// kKeys for a key that means nothing.
Key FindKey(std::string_view key) {
  switch (key.size()) {
    case 1:
      switch (key[0]) {
        case 'm': return kMeasurement;
        case 't': return kTime;
        case 'h': return kHost;
        case 'f': return kNumberedFields;
        default: return kKeys;
      }
    case 4: return key == "tags" ? kTags : kKeys;
    case 5: return key == "batch" ? kBatch : kKeys;
    case 6: return key == "fields" ? kFields : kKeys;
    case 7: return key == "columns" ? kColumns : kKeys;
    case 8: return key == "tag_keys" ? kTagKeys : kKeys;
    default: return kKeys;
  }
}

/// A table under construction. Rows of one table mostly have the same keys in the same order, so the column of a key is
/// looked for where the row before had it.
struct TableRowsBuilder {
  struct KeyColumn {
    std::string name;
    ColumnBuilder* column;
  };
  using KeyColumns = std::vector<KeyColumn>;  // by position in the map
  TableRowsBuilder(std::string name, SchemaPtr schema, size_t columns_max)
      : builder(std::move(name), std::move(schema), columns_max) {}
  TableBuilder builder;
  KeyColumns fields;
  KeyColumns tags;
  KeyColumns host;
  size_t cells = 0;  // claimed for this table
};

/// A record while its parts are met.
struct Record {
  TableRowsBuilder* table = nullptr;        // once `m` has been met
  std::array<const char*, kKeys> values{};  // where the values of the keys stand that have been met
  std::array<bool, kKeys> waits{};          // those that could not be read when they were met
  std::unordered_set<std::string_view> tag_keys;
  int64_t time_ns;

  bool Has(Key key) const { return values[key] != nullptr; }
};

class MsgpackParser {
 public:
  MsgpackParser(std::string_view body, const ParseOptions& options, const SchemaSource& schemas)
      : in_(body), options_(options), schemas_(schemas), budget_(options.values_max) {}

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
    refusal.broken = refusal.refused.front();
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

  /// Keys come in any order. A value is read when it is met if what it needs has been met before: that is so for all that
  /// clients send. Others are passed over, and read at the end.
  bool ParseRecord(int depth) {
    ++record_number_;
    uint32_t count = 0;
    if (!in_.ReadMap(&count)) return FailExpected("a record (a map)");
    Record record;
    record.time_ns = options_.now_ns;
    for (uint32_t i = 0; i < count; ++i) {
      const char* const key_at = in_.position();
      std::string_view name;
      if (!in_.ReadString(&name)) return FailExpected("a key (a string)");
      const Key key = FindKey(name);
      if (key != kKeys) {
        if (record.Has(key)) return FailAt(key_at, fmt::format("key '{}' comes twice", name));
        record.values[key] = in_.position();
        if (CanRead(record, key, i + 1 == count)) {
          if (!ReadPart(key, depth, &record)) return false;
          continue;
        }
        record.waits[key] = true;
      }
      if (!in_.Skip()) return FailExpected("a value");
    }
    const char* const end = in_.position();
    if (!ReadWaiting(depth, &record) || !FinishRecord(record)) return false;
    in_.Seek(end);
    return true;
  }

  /// Columns need the table and the tag_keys, which may still come; a batch must know that it is alone.
  static bool CanRead(const Record& record, Key key, bool is_last) {
    switch (key) {
      case kMeasurement:
      case kTagKeys: return true;
      case kColumns: return record.table != nullptr && (is_last || record.Has(kTagKeys));
      case kBatch: return is_last;
      default: return record.table != nullptr;
    }
  }

  bool ReadWaiting(int depth, Record* record) {
    for (int key = 0; key < kKeys; ++key) {
      if (!record->waits[key]) continue;
      if (record->table == nullptr && key != kBatch) continue;  // what is missing is told by FinishRecord
      in_.Seek(record->values[key]);
      if (!ReadPart(static_cast<Key>(key), depth, record)) return false;
    }
    return true;
  }

  bool ReadPart(Key key, int depth, Record* record) {
    switch (key) {
      case kMeasurement: return (record->table = FindTable()) != nullptr;
      case kTagKeys: return ReadTagKeys(&record->tag_keys);
      case kColumns: return ReadColumns(record);
      case kBatch: return ReadBatch(depth, *record);
      case kTime: return ReadTime(&record->time_ns);
      case kHost: return ReadHost(record->table);
      case kFields: return ReadFields(record->table);
      case kNumberedFields: return ReadNumberedFields(record->table);
      case kTags: return ReadTags(record->table);
      case kKeys: break;
    }
    return false;
  }

  bool ReadBatch(int depth, const Record& record) {
    for (const Key other : {kMeasurement, kColumns, kFields, kNumberedFields, kTags, kHost}) {
      if (record.Has(other)) return Fail("a batch is not a record too: its map has another key");
    }
    --record_number_;
    return ParseItems(depth + 1);
  }

  bool FinishRecord(const Record& record) {
    if (record.Has(kBatch)) return true;
    if (record.table == nullptr) return Fail("key 'm' (the measurement) is missing");
    const bool has_row = record.Has(kFields) || record.Has(kNumberedFields) || record.Has(kTags) || record.Has(kHost);
    if (record.Has(kColumns)) return !has_row || Fail("columns do not go with the fields, tags or host of a row");
    if (!record.Has(kFields) && !record.Has(kNumberedFields))
      return Fail("one of the keys 'columns', 'fields' and 'f' is needed");
    return CommitRows(record.table, &record.time_ns, 1);
  }

  TableRowsBuilder* FindTable() {
    const char* const position = in_.position();
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
    if (last_table_ != nullptr && SameBytes(last_table_->builder.table(), name)) return last_table_;
    if (const auto found = table_of_.find(name); found != table_of_.end()) return last_table_ = found->second;
    if (const Status valid = ValidateTableName(name); !valid.ok()) {
      FailAt(position, valid.message());
      return nullptr;
    }
    if (!MayAddTable(tables_.size(), options_.values_max)) {
      FailAt(position, kTooManyTables);
      return nullptr;
    }
    last_table_ = tables_
                      .emplace_back(std::make_unique<TableRowsBuilder>(std::string(name), schemas_.FindSchema(name),
                                                                       static_cast<size_t>(options_.columns_per_table_max)))
                      .get();
    table_of_.emplace(last_table_->builder.table(), last_table_);
    return last_table_;
  }

  static std::string TextOf(const MsgpackInteger& number) {
    return number.negative ? std::to_string(static_cast<int64_t>(number.bits)) : std::to_string(number.bits);
  }

  /// Claims room for a table's rows before they are decoded, with the NULLs where rows lack columns.
  bool Claim(TableRowsBuilder* table, size_t rows, size_t columns) {
    return budget_.Claim(rows, columns, &table->cells) || Fail(TooManyValues(options_.values_max));
  }

  // ---- columnar ----

  bool ReadColumns(Record* record) {
    TableRowsBuilder* const table = record->table;
    TableBuilder& builder = table->builder;
    uint32_t columns = 0;
    if (!in_.ReadMap(&columns)) return FailExpected("columns (a map of arrays)");
    if (columns == 0) return Fail("columns is empty");
    times_.Clear();
    bool has_time = false;
    std::string_view first;  // the column that tells the number of rows
    uint32_t rows = 0;
    std::unordered_set<std::string_view> names;
    for (uint32_t i = 0; i < columns; ++i) {
      const char* const name_at = in_.position();
      std::string_view name;
      if (!in_.ReadString(&name)) return FailExpected("a column's name (a string)");
      if (!names.insert(name).second) {
        return FailAt(name_at, fmt::format("column '{}' comes twice", name));
      }
      if (names.size() > static_cast<size_t>(options_.columns_per_table_max)) {
        return FailAt(name_at, fmt::format("more than {} columns", options_.columns_per_table_max));
      }
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
        const StringsAs strings = StringsOf(name, *record);
        if (!ReadMsgpackColumn(&in_, name, strings, builder.rows(), rows, &builder, &column_reason_))
          return Fail(column_reason_);
      }
    }
    if (!has_time) times_.Resize(rows, options_.now_ns);
    return CommitRows(table, times_.data(), rows);
  }

  static StringsAs StringsOf(std::string_view column, const Record& record) {
    if (!record.Has(kTagKeys)) return StringsAs::kByValues;
    return record.tag_keys.contains(column) ? StringsAs::kTag : StringsAs::kField;
  }

  bool ReadTagKeys(std::unordered_set<std::string_view>* keys) {
    uint32_t count = 0;
    if (!in_.ReadArray(&count)) return FailExpected("tag_keys (an array)");
    for (uint32_t i = 0; i < count; ++i) {
      std::string_view key;
      if (!in_.ReadString(&key)) return FailExpected("a name in tag_keys (a string)");
      if (keys->size() >= static_cast<size_t>(options_.columns_per_table_max)) return Fail("tag_keys has too many names");
      keys->insert(key);
    }
    return true;
  }

  bool CommitRows(TableRowsBuilder* table, const int64_t* times, size_t rows) {
    table->builder.CommitRows(times, rows);
    return Claim(table, table->builder.rows(), table->builder.columns());
  }

  // ---- rows ----

  bool ReadTime(int64_t* time_ns) {
    if (in_.ReadNil()) return true;
    times_.Clear();
    if (!ReadMsgpackTimes(&in_, 1, &times_, &column_reason_)) return Fail(column_reason_);
    *time_ns = times_[0];
    return true;
  }

  bool ReadFields(TableRowsBuilder* table) {
    uint32_t count = 0;
    if (!in_.ReadMap(&count)) return FailExpected("fields (a map)");
    for (uint32_t i = 0; i < count; ++i) {
      std::string_view name;
      if (!in_.ReadString(&name)) return FailExpected("a field's name (a string)");
      if (!ReadField(name, i, table)) return false;
    }
    return true;
  }

  bool ReadNumberedFields(TableRowsBuilder* table) {
    uint32_t count = 0;
    if (!in_.ReadArray(&count)) return FailExpected("f (an array of values)");
    for (uint32_t i = 0; i < count; ++i) {
      if (!ReadField(fmt::format("field_{}", i), i, table)) return false;
    }
    return true;
  }

  bool ReadField(std::string_view name, size_t position, TableRowsBuilder* table) {
    if (in_.ReadNil()) return true;
    ColumnBuilder* const column = FindColumn(name, position, StringsAs::kField, &table->fields, table);
    return column != nullptr && ReadValue(column, table);
  }

  bool ReadValue(ColumnBuilder* column, TableRowsBuilder* table) {
    TableBuilder& builder = table->builder;
    return ReadMsgpackValue(&in_, builder.rows(), column, &builder, &column_reason_) || Fail(column_reason_);
  }

  ColumnBuilder* FindColumn(std::string_view name, size_t position, StringsAs strings, TableRowsBuilder::KeyColumns* keys,
                            TableRowsBuilder* table) {
    if (position < keys->size() && SameBytes((*keys)[position].name, name)) return (*keys)[position].column;
    TableBuilder& builder = table->builder;
    if (!Claim(table, builder.rows() + 1, builder.columns() + 1)) return nullptr;
    ColumnBuilder* const column = FindMsgpackColumn(in_, name, strings, &builder, &column_reason_);
    if (column == nullptr) {
      Fail(column_reason_);
      return nullptr;
    }
    if (position < keys->size()) (*keys)[position] = {std::string(name), column};
    else if (position == keys->size()) keys->push_back({std::string(name), column});
    return column;
  }

  bool ReadTags(TableRowsBuilder* table) {
    uint32_t count = 0;
    if (!in_.ReadMap(&count)) return FailExpected("tags (a map)");
    for (uint32_t i = 0; i < count; ++i) {
      std::string_view name;
      if (!in_.ReadString(&name)) return FailExpected("a tag's name (a string)");
      if (!ReadTag(name, i, &table->tags, table)) return false;
    }
    return true;
  }

  /// Values of tags are text: numbers and booleans are written out.
  bool ReadTag(std::string_view name, size_t position, TableRowsBuilder::KeyColumns* keys, TableRowsBuilder* table) {
    if (in_.ReadNil()) return true;
    if (in_.PeekType() == MsgpackType::kString) {
      ColumnBuilder* const column = FindColumn(name, position, StringsAs::kTag, keys, table);
      return column != nullptr && ReadValue(column, table);
    }
    MsgpackInteger integer;
    double number = 0;
    bool truth = false;
    std::string text;
    if (in_.ReadInteger(&integer)) text = TextOf(integer);
    else if (in_.ReadFloat(&number)) text = fmt::format("{}", number);
    else if (in_.ReadBool(&truth)) text = truth ? "true" : "false";
    else return FailExpected(fmt::format("the value of tag '{}' (a string)", name));
    return PutTag(name, text, table);
  }

  bool ReadHost(TableRowsBuilder* table) {
    MsgpackInteger number;
    if (in_.ReadInteger(&number)) return PutTag(kHostTag, "host_" + TextOf(number), table);
    if (in_.PeekType() != MsgpackType::kString && in_.PeekType() != MsgpackType::kNil)
      return FailExpected("h, the host (a string)");
    return ReadTag(kHostTag, 0, &table->host, table);
  }

  bool PutTag(std::string_view name, std::string_view value, TableRowsBuilder* table) {
    TableBuilder& builder = table->builder;
    const size_t row = builder.rows();
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
  CellBudget budget_;
  std::string column_reason_;
  std::string reason_;
};

}  // namespace

WriteBatch ParseMsgpack(std::string_view body, const ParseOptions& options, const SchemaSource& schemas) {
  return MsgpackParser(body, options, schemas).Parse();
}

}  // namespace gigapi
