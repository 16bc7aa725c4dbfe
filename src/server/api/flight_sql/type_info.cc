#include "server/api/flight_sql/type_info.h"

#include <arrow/array/builder_base.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/table_builder.h>

namespace gigapi::flight {
namespace {

struct Type {
  const char* name;
  int32_t data_type;  // as in JDBC
  int32_t column_size;
  const char* quote;  // around literals; nullptr: none
  std::optional<bool> is_unsigned;
  int32_t sql_data_type;
  std::optional<int32_t> datetime_subcode;
  std::optional<int32_t> radix;
};

constexpr int32_t kNullable = 1;
constexpr int32_t kSearchableByAll = 3;
constexpr int32_t kDatetime = 9;
constexpr int32_t kTimestampSubcode = 3;

// Ordered by data_type, then name.
const Type kTypes[] = {
    {"BOOLEAN", -7, 1, nullptr, std::nullopt, -7, std::nullopt, std::nullopt},
    {"BIGINT", -5, 19, nullptr, false, -5, std::nullopt, 10},
    {"UBIGINT", -5, 20, nullptr, true, -5, std::nullopt, 10},
    {"DOUBLE", 8, 53, nullptr, false, 8, std::nullopt, 2},
    {"VARCHAR", 12, 2'147'483'647, "'", std::nullopt, 12, std::nullopt, std::nullopt},
    {"TIMESTAMP_NS", 93, 29, "'", std::nullopt, kDatetime, kTimestampSubcode, std::nullopt},
};

/// Appends the values of one row to the columns in turn.
class RowAppender {
 public:
  explicit RowAppender(arrow::RecordBatchBuilder* builder) : builder_(builder) {}

  Status Text(const char* value) {
    auto* column = builder_->GetFieldAs<arrow::StringBuilder>(next_++);
    return value == nullptr ? column->AppendNull() : column->Append(value);
  }
  Status Int(std::optional<int32_t> value) {
    auto* column = builder_->GetFieldAs<arrow::Int32Builder>(next_++);
    return value ? column->Append(*value) : column->AppendNull();
  }
  Status Bool(std::optional<bool> value) {
    auto* column = builder_->GetFieldAs<arrow::BooleanBuilder>(next_++);
    return value ? column->Append(*value) : column->AppendNull();
  }
  Status NoList() { return builder_->GetFieldAs<arrow::ListBuilder>(next_++)->AppendNull(); }

 private:
  arrow::RecordBatchBuilder* const builder_;
  int next_ = 0;
};

Status Append(const Type& type, arrow::RecordBatchBuilder* builder) {
  RowAppender row(builder);
  ARROW_RETURN_NOT_OK(row.Text(type.name));
  ARROW_RETURN_NOT_OK(row.Int(type.data_type));
  ARROW_RETURN_NOT_OK(row.Int(type.column_size));
  ARROW_RETURN_NOT_OK(row.Text(type.quote));
  ARROW_RETURN_NOT_OK(row.Text(type.quote));
  ARROW_RETURN_NOT_OK(row.NoList());
  ARROW_RETURN_NOT_OK(row.Int(kNullable));
  ARROW_RETURN_NOT_OK(row.Bool(type.data_type == 12));
  ARROW_RETURN_NOT_OK(row.Int(kSearchableByAll));
  ARROW_RETURN_NOT_OK(row.Bool(type.is_unsigned));
  ARROW_RETURN_NOT_OK(row.Bool(false));
  ARROW_RETURN_NOT_OK(row.Bool(type.is_unsigned ? std::optional<bool>(false) : std::nullopt));
  ARROW_RETURN_NOT_OK(row.Text(type.name));
  ARROW_RETURN_NOT_OK(row.Int(std::nullopt));
  ARROW_RETURN_NOT_OK(row.Int(std::nullopt));
  ARROW_RETURN_NOT_OK(row.Int(type.sql_data_type));
  ARROW_RETURN_NOT_OK(row.Int(type.datetime_subcode));
  ARROW_RETURN_NOT_OK(row.Int(type.radix));
  return row.Int(std::nullopt);
}

}  // namespace

std::shared_ptr<arrow::Schema> TypeInfoSchema() {
  const auto text = [](const char* name, bool nullable = true) { return arrow::field(name, arrow::utf8(), nullable); };
  const auto integer = [](const char* name, bool nullable = true) { return arrow::field(name, arrow::int32(), nullable); };
  const auto boolean = [](const char* name, bool nullable) { return arrow::field(name, arrow::boolean(), nullable); };
  return arrow::schema(
      {text("type_name", false), integer("data_type", false), integer("column_size"), text("literal_prefix"),
       text("literal_suffix"), arrow::field("create_params", arrow::list(arrow::field("item", arrow::utf8(), false))),
       integer("nullable", false), boolean("case_sensitive", false), integer("searchable", false),
       boolean("unsigned_attribute", true), boolean("fixed_prec_scale", false), boolean("auto_increment", true),
       text("local_type_name"), integer("minimum_scale"), integer("maximum_scale"), integer("sql_data_type", false),
       integer("datetime_subcode"), integer("num_prec_radix"), integer("interval_precision")});
}

Result<std::shared_ptr<arrow::RecordBatch>> MakeTypeInfo(std::optional<int32_t> data_type) {
  ARROW_ASSIGN_OR_RAISE(auto builder, arrow::RecordBatchBuilder::Make(TypeInfoSchema(), arrow::default_memory_pool()));
  for (const Type& type : kTypes) {
    if (data_type && *data_type != type.data_type) continue;
    ARROW_RETURN_NOT_OK(Append(type, builder.get()));
  }
  return builder->Flush();
}

}  // namespace gigapi::flight
