#include "server/api/flight_sql/sql_info.h"

#include <arrow/array/array_nested.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/util/config.h>

#include <algorithm>
#include <variant>

namespace gigapi::flight {
namespace {

using Texts = std::vector<std::string>;
struct Bitmask {
  int32_t bits;
};
/// From a type to those that it can be cast to, by their numbers in SqlSupportsConvert.
using Conversions = std::vector<std::pair<int32_t, std::vector<int32_t>>>;
/// In the order of the union's children.
using Value = std::variant<std::string, bool, int64_t, Bitmask, Texts, Conversions>;

struct Info {
  uint32_t id;
  Value value;
};

constexpr int32_t Bits(std::initializer_list<int> positions) {
  int32_t bits = 0;
  for (const int position : positions) bits |= 1 << position;
  return bits;
}

Conversions AllConversions() {
  constexpr int kTypes = 20;  // SQL_CONVERT_BIGINT to SQL_CONVERT_VARCHAR
  constexpr int32_t kVarchar = 19;
  Conversions all;
  for (const int32_t number : {0, 2, 5, 6, 7, 12, 13, 14, 17})
    all.push_back({number, {0, 2, 5, 6, 7, 12, 13, 14, 17, kVarchar}});
  for (const int32_t time : {4, 16}) all.push_back({time, {4, 16, kVarchar}});
  std::vector<int32_t> any;
  for (int32_t type = 0; type < kTypes; ++type) any.push_back(type);
  all.push_back({kVarchar, any});
  return all;
}

// By number; the names of the format stand beside.
std::vector<Info> AllInfo(const std::string& version) {
  const std::string arrow_version = ARROW_VERSION_STRING;
  return {
      {0, "GigAPI"},       // name
      {1, version},        // version
      {2, arrow_version},  // Arrow version
      {3, false},          // read only: rows come in by ingest
      {4, true},           // SQL
      {5, false},          // Substrait
      {8, Bitmask{0}},     // transactions: none
      {9, true},           // CancelQuery
      {100, Bitmask{static_cast<int32_t>(kPreparedStatementIdleMs)}},
      {101, Bitmask{0}},  // transaction timeout
      {500, false},       // DDL of catalogs
      {501, false},       // DDL of schemas
      {502, false},       // DDL of tables
      {503, int64_t{1}},  // identifiers: case does not matter
      {504, "\""},        // quote of identifiers
      {505, int64_t{1}},  // quoted identifiers: neither
      {506, true},        // all tables can be read
      {507, int64_t{3}},  // NULLs sort at the end
      {508, Texts{"QUALIFY", "PIVOT", "UNPIVOT", "SUMMARIZE", "DESCRIBE", "SAMPLE", "ASOF", "ILIKE", "EXCLUDE", "REPLACE"}},
      {509, Texts{"abs", "ceil", "floor", "round", "sqrt", "ln", "log10", "exp", "power", "mod", "sign", "sin", "cos", "tan",
                  "greatest", "least"}},
      {510, Texts{"concat", "length", "lower", "upper", "trim", "ltrim", "rtrim", "replace", "substring", "left", "right",
                  "position", "split_part", "starts_with", "regexp_matches", "regexp_replace"}},
      {511, Texts{"coalesce", "nullif", "ifnull", "typeof", "version", "current_schema"}},
      {512, Texts{"now", "current_date", "date_bin", "date_trunc", "date_part", "time_bucket", "epoch_ns", "strftime",
                  "strptime", "date_diff", "age", "to_timestamp"}},
      {513, "\\"},  // escape of patterns
      {514, ""},    // more characters of identifiers
      {515, true},  // column aliases
      {516, true},  // NULL || 'x' is NULL
      {517, AllConversions()},
      {518, true},                         // table aliases
      {519, false},                        // they may equal table names
      {520, true},                         // expressions in ORDER BY
      {521, true},                         // ORDER BY of what is not selected
      {522, Bitmask{Bits({0, 1})}},        // GROUP BY
      {523, true},                         // LIKE ... ESCAPE
      {524, false},                        // columns that refuse NULL
      {525, Bitmask{Bits({0, 1})}},        // grammar: minimum, core
      {526, Bitmask{Bits({0})}},           // ANSI 92: entry
      {527, false},                        // integrity enhancement
      {528, int64_t{2}},                   // outer joins: full
      {529, "database"},                   // term for schema
      {530, ""},                           // term for procedure
      {531, "catalog"},                    // term for catalog
      {532, true},                         // catalog at the start of a name
      {533, Bitmask{0}},                   // actions on schemas
      {534, Bitmask{0}},                   // actions on catalogs
      {535, Bitmask{0}},                   // positioned commands
      {536, false},                        // SELECT FOR UPDATE
      {537, false},                        // stored procedures
      {538, Bitmask{Bits({0, 1, 2, 3})}},  // subqueries
      {539, true},                         // correlated subqueries
      {540, Bitmask{Bits({0, 1})}},        // UNION, UNION ALL
      {541, int64_t{0}},                   // limits from here on, 0: none known; binary literal
      {542, int64_t{0}},                   // text literal
      {543, int64_t{255}},                 // column name
      {544, int64_t{0}},                   // columns in GROUP BY
      {545, int64_t{0}},                   // columns in an index
      {546, int64_t{0}},                   // columns in ORDER BY
      {547, int64_t{0}},                   // columns in SELECT
      {548, int64_t{0}},                   // columns in a table
      {549, int64_t{0}},                   // connections
      {550, int64_t{0}},                   // cursor name
      {551, int64_t{0}},                   // index
      {552, int64_t{64}},                  // schema name
      {553, int64_t{0}},                   // procedure name
      {554, int64_t{0}},                   // catalog name
      {555, int64_t{0}},                   // row
      {556, true},                         // which counts long values too
      {557, int64_t{0}},                   // statement
      {558, int64_t{0}},                   // open statements
      {559, int64_t{200}},                 // table name
      {560, int64_t{0}},                   // tables in SELECT
      {561, int64_t{0}},                   // user name
      {562, int64_t{0}},                   // default isolation: there are no transactions
      {563, false},                        // transactions
      {564, Bitmask{Bits({0})}},           // isolation levels: none
      {565, false},                        // DDL commits
      {566, true},                         // DDL is ignored in transactions
      {567, Bitmask{Bits({1})}},           // result sets: forward only
      {568, Bitmask{Bits({1})}},           // concurrency of each kind of result set: read only
      {569, Bitmask{Bits({1})}},
      {570, Bitmask{0}},
      {571, Bitmask{0}},
      {572, false},  // batches of updates
      {573, false},  // savepoints
      {574, false},  // named parameters of procedures
      {575, false},  // locators are copies
      {576, false},  // stored functions by call syntax
  };
}

std::shared_ptr<arrow::DataType> ConversionsType() { return arrow::map(arrow::int32(), arrow::list(arrow::int32())); }

std::shared_ptr<arrow::DataType> ValueType() {
  return arrow::dense_union(
      {arrow::field("string_value", arrow::utf8()), arrow::field("bool_value", arrow::boolean()),
       arrow::field("bigint_value", arrow::int64()), arrow::field("int32_bitmask", arrow::int32()),
       arrow::field("string_list", arrow::list(arrow::utf8())), arrow::field("int32_to_int32_list_map", ConversionsType())},
      {0, 1, 2, 3, 4, 5});
}

/// The children of the union while they grow.
class Values {
 public:
  Status Add(const Value& value) {
    const auto child = static_cast<int8_t>(value.index());
    ARROW_RETURN_NOT_OK(children_.Append(child));
    ARROW_RETURN_NOT_OK(offsets_.Append(used_[child]++));
    return std::visit([this](const auto& of_type) { return Put(of_type); }, value);
  }

  Result<std::shared_ptr<arrow::Array>> Finish() {
    arrow::ArrayVector parts(6);
    const std::array<arrow::ArrayBuilder*, 6> builders = {&texts_, &bools_, &integers_, &bitmasks_, &lists_, &maps_};
    for (size_t i = 0; i < builders.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(parts[i], builders[i]->Finish());
    }
    std::shared_ptr<arrow::Array> children, offsets;
    ARROW_RETURN_NOT_OK(children_.Finish(&children));
    ARROW_RETURN_NOT_OK(offsets_.Finish(&offsets));
    return std::make_shared<arrow::DenseUnionArray>(ValueType(), children->length(), std::move(parts),
                                                    children->data()->buffers[1], offsets->data()->buffers[1]);
  }

 private:
  Status Put(const std::string& value) { return texts_.Append(value); }
  Status Put(bool value) { return bools_.Append(value); }
  Status Put(int64_t value) { return integers_.Append(value); }
  Status Put(Bitmask value) { return bitmasks_.Append(value.bits); }
  Status Put(const Texts& values) {
    ARROW_RETURN_NOT_OK(lists_.Append());
    return list_texts_->AppendValues(values);
  }
  Status Put(const Conversions& conversions) {
    ARROW_RETURN_NOT_OK(maps_.Append());
    for (const auto& [from, to] : conversions) {
      ARROW_RETURN_NOT_OK(map_keys_->Append(from));
      ARROW_RETURN_NOT_OK(map_lists_->Append());
      ARROW_RETURN_NOT_OK(map_values_->AppendValues(to));
    }
    return Status::OK();
  }

  arrow::MemoryPool* const pool_ = arrow::default_memory_pool();
  arrow::Int8Builder children_;
  arrow::Int32Builder offsets_;
  std::array<int32_t, 6> used_ = {};
  arrow::StringBuilder texts_;
  arrow::BooleanBuilder bools_;
  arrow::Int64Builder integers_;
  arrow::Int32Builder bitmasks_;
  const std::shared_ptr<arrow::StringBuilder> list_texts_ = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder lists_{pool_, list_texts_};
  const std::shared_ptr<arrow::Int32Builder> map_keys_ = std::make_shared<arrow::Int32Builder>();
  const std::shared_ptr<arrow::Int32Builder> map_values_ = std::make_shared<arrow::Int32Builder>();
  const std::shared_ptr<arrow::ListBuilder> map_lists_ = std::make_shared<arrow::ListBuilder>(pool_, map_values_);
  arrow::MapBuilder maps_{pool_, map_keys_, map_lists_, ConversionsType()};
};

}  // namespace

std::shared_ptr<arrow::Schema> SqlInfoSchema() {
  return arrow::schema({arrow::field("info_name", arrow::uint32(), false), arrow::field("value", ValueType(), false)});
}

Result<std::shared_ptr<arrow::RecordBatch>> MakeSqlInfo(const std::vector<uint32_t>& wanted, const std::string& version) {
  arrow::UInt32Builder ids;
  Values values;
  for (const Info& info : AllInfo(version)) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), info.id) == wanted.end()) continue;
    ARROW_RETURN_NOT_OK(ids.Append(info.id));
    ARROW_RETURN_NOT_OK(values.Add(info.value));
  }
  ARROW_ASSIGN_OR_RAISE(auto id_column, ids.Finish());
  ARROW_ASSIGN_OR_RAISE(auto value_column, values.Finish());
  const int64_t rows = id_column->length();
  return arrow::RecordBatch::Make(SqlInfoSchema(), rows, {std::move(id_column), std::move(value_column)});
}

}  // namespace gigapi::flight
