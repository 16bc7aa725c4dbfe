#include "server/api/influx/influxql_batches.h"

#include <arrow/builder.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "server/api/influx/influxql_executor.h"
#include "server/api/influx/influxql_token_reader.h"
#include "server/api/influx/select_run.h"

namespace gigapi::influx {
namespace {

constexpr const char* kMeasurementColumn = "iox::measurement";
constexpr int64_t kBatchRows = 8192;

std::shared_ptr<arrow::DataType> ArrowTypeOf(ValueType type) {
  switch (type) {
    case ValueType::kInt64: return arrow::int64();
    case ValueType::kUInt64: return arrow::uint64();
    case ValueType::kBool: return arrow::boolean();
    case ValueType::kText: return arrow::utf8();
    case ValueType::kNull:
    case ValueType::kDouble: break;
  }
  return arrow::float64();
}

std::string TextOf(const SeriesValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  if (const auto* integer = std::get_if<int64_t>(&value)) return std::to_string(*integer);
  if (const auto* integer = std::get_if<uint64_t>(&value)) return std::to_string(*integer);
  return fmt::format("{}", NumberOf(value).value_or(0));
}

template <typename Builder, typename T>
Status AppendNumber(const SeriesValue& value, arrow::ArrayBuilder* builder) {
  auto* const numbers = static_cast<Builder*>(builder);
  if (const auto* same = std::get_if<T>(&value)) return numbers->Append(*same);
  const auto number = NumberOf(value);
  return number ? numbers->Append(static_cast<T>(*number)) : numbers->AppendNull();
}

/// A value in a column whose type may be wider, or that of the field which a fill stands for.
Status Append(const SeriesValue& value, arrow::ArrayBuilder* builder) {
  if (IsNull(value)) return builder->AppendNull();
  switch (builder->type()->id()) {
    case arrow::Type::INT64: return AppendNumber<arrow::Int64Builder, int64_t>(value, builder);
    case arrow::Type::UINT64: return AppendNumber<arrow::UInt64Builder, uint64_t>(value, builder);
    case arrow::Type::DOUBLE: return AppendNumber<arrow::DoubleBuilder, double>(value, builder);
    case arrow::Type::STRING: return static_cast<arrow::StringBuilder*>(builder)->Append(TextOf(value));
    default: break;
  }
  const auto* const truth = std::get_if<bool>(&value);
  return truth != nullptr ? static_cast<arrow::BooleanBuilder*>(builder)->Append(*truth) : builder->AppendNull();
}

/// Rows on their way into a batch.
class RowBuilders {
 public:
  Status Open(std::shared_ptr<arrow::Schema> schema) {
    schema_ = std::move(schema);
    for (const auto& field : schema_->fields()) {
      ARROW_ASSIGN_OR_RAISE(builders_.emplace_back(), arrow::MakeBuilder(field->type()));
    }
    return Status::OK();
  }

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  arrow::ArrayBuilder* operator[](size_t column) { return builders_[column].get(); }
  int64_t rows() const { return builders_.empty() ? 0 : builders_[0]->length(); }

  Result<std::shared_ptr<arrow::RecordBatch>> Take() {
    const int64_t taken = rows();
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (const auto& builder : builders_) {
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), builder->Finish());
    }
    return arrow::RecordBatch::Make(schema_, taken, std::move(columns));
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders_;
};

/// Puts series of all measurements under each other.
class SeriesTable final : public SeriesSink {
 public:
  Status Open(std::vector<AnswerColumn> columns) {
    columns_ = std::move(columns);
    arrow::FieldVector fields = {arrow::field(kMeasurementColumn, arrow::utf8(), /*nullable=*/false),
                                 arrow::field("time", arrow::timestamp(arrow::TimeUnit::NANO), /*nullable=*/false)};
    for (const AnswerColumn& column : columns_) fields.push_back(arrow::field(column.name, ArrowTypeOf(column.type)));
    return builders_.Open(arrow::schema(std::move(fields)));
  }

  void BeginSeries(std::string_view name, const SeriesTags& tags, const std::vector<std::string>& columns) override {
    measurement_ = name;
    tags_.clear();
    positions_.clear();
    for (const AnswerColumn& column : columns_) {
      const auto tag = std::find_if(tags.begin(), tags.end(), [&](const auto& t) { return t.first == column.name; });
      tags_.push_back(tag != tags.end() ? SeriesValue(tag->second) : SeriesValue());
      const auto value = std::find(columns.begin(), columns.end(), column.name);
      const bool there = !column.is_tag && value != columns.end();
      positions_.push_back(there ? std::optional(static_cast<size_t>(value - columns.begin())) : std::nullopt);
    }
  }

  void Row(int64_t time_ns, const std::vector<SeriesValue>& values) override {
    if (status_.ok()) status_ = AppendRow(time_ns, values);
  }

  RowBuilders& builders() { return builders_; }
  const std::shared_ptr<arrow::Schema>& schema() const { return builders_.schema(); }
  const Status& status() const { return status_; }

 private:
  Status AppendRow(int64_t time_ns, const std::vector<SeriesValue>& values) {
    ARROW_RETURN_NOT_OK(static_cast<arrow::StringBuilder*>(builders_[0])->Append(measurement_));
    ARROW_RETURN_NOT_OK(static_cast<arrow::TimestampBuilder*>(builders_[1])->Append(time_ns));
    for (size_t i = 0; i < columns_.size(); ++i) {
      ARROW_RETURN_NOT_OK(Append(positions_[i] ? values[*positions_[i]] : tags_[i], builders_[i + 2]));
    }
    return Status::OK();
  }

  std::vector<AnswerColumn> columns_;
  RowBuilders builders_;
  // Of the open series: for each column what the tag is, or where its value stands.
  std::string measurement_;
  std::vector<SeriesValue> tags_;
  std::vector<std::optional<size_t>> positions_;
  Status status_;
};

class SelectStream final : public QueryStream {
 public:
  SelectStream(Lake* lake, QueryEngine* engine, std::shared_ptr<const Statement> statement, const std::string& database,
               const QueryCancel& cancel)
      : statement_(std::move(statement)), run_(lake, engine, *statement_, database, cancel, &table_) {}

  Status Open() {
    ARROW_ASSIGN_OR_RAISE(auto columns, run_.Columns());
    return table_.Open(std::move(columns));
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return table_.schema(); }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    while (!done_ && table_.builders().rows() < kBatchRows) {
      ARROW_ASSIGN_OR_RAISE(done_, run_.Step());
      ARROW_RETURN_NOT_OK(table_.status());
    }
    if (table_.builders().rows() == 0) return nullptr;
    return table_.builders().Take();
  }

 private:
  const std::shared_ptr<const Statement> statement_;
  SeriesTable table_;
  SelectRun run_;
  bool done_ = false;
};

/// What a SHOW lists; all of it is one batch.
class ListedStream final : public QueryStream {
 public:
  Status Open(const std::vector<ListedSeries>& list, const std::vector<std::string>& columns) {
    const bool named = !list.empty() && !list[0].name.empty();
    arrow::FieldVector fields;
    if (named) fields.push_back(arrow::field(kMeasurementColumn, arrow::utf8(), /*nullable=*/false));
    for (size_t i = 0; i < columns.size(); ++i) fields.push_back(arrow::field(columns[i], TypeOf(list, i)));
    RowBuilders builders;
    ARROW_RETURN_NOT_OK(builders.Open(arrow::schema(std::move(fields))));
    schema_ = builders.schema();
    for (const ListedSeries& series : list) {
      for (const auto& row : series.values) {
        if (named) ARROW_RETURN_NOT_OK(static_cast<arrow::StringBuilder*>(builders[0])->Append(series.name));
        for (size_t i = 0; i < row.size(); ++i) {
          const auto to_value = [](const auto& cell) { return SeriesValue(cell); };
          ARROW_RETURN_NOT_OK(Append(std::visit(to_value, row[i]), builders[i + (named ? 1 : 0)]));
        }
      }
    }
    ARROW_ASSIGN_OR_RAISE(batch_, builders.Take());
    if (batch_->num_rows() == 0) batch_.reset();
    return Status::OK();
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override { return std::exchange(batch_, nullptr); }

 private:
  static std::shared_ptr<arrow::DataType> TypeOf(const std::vector<ListedSeries>& list, size_t column) {
    if (list.empty() || list[0].values.empty()) return arrow::utf8();
    const ListedCell& cell = list[0].values[0][column];
    if (std::holds_alternative<int64_t>(cell)) return arrow::int64();
    return std::holds_alternative<bool>(cell) ? arrow::boolean() : arrow::utf8();
  }

  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::RecordBatch> batch_;
};

Result<std::unique_ptr<QueryStream>> OpenList(std::vector<ListedSeries> list, Statement::Kind kind) {
  std::vector<std::string> columns;
  if (!list.empty()) columns = list[0].columns;
  if (kind == Statement::Kind::kShowDatabases) {
    for (ListedSeries& series : list) series.name.clear();
    columns = {"iox::database"};
  }
  auto stream = std::make_unique<ListedStream>();
  ARROW_RETURN_NOT_OK(stream->Open(list, columns));
  return stream;
}

}  // namespace

Result<std::unique_ptr<QueryStream>> OpenInfluxQl(Lake* lake, QueryEngine* engine,
                                                  std::shared_ptr<const Statement> statement, const std::string& database,
                                                  const QueryCancel& cancel) {
  if (statement->Changes()) return Unsupported(statement->text + " in a query");
  if (statement->kind != Statement::Kind::kSelect) {
    ARROW_ASSIGN_OR_RAISE(auto list, InfluxQlExecutor(lake, engine).Execute(*statement, database, cancel));
    return OpenList(std::move(list), statement->kind);
  }
  auto stream = std::make_unique<SelectStream>(lake, engine, std::move(statement), database, cancel);
  ARROW_RETURN_NOT_OK(stream->Open());
  return stream;
}

}  // namespace gigapi::influx
