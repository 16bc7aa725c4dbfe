#include "query/arrow_results.h"

#include <arrow/c/bridge.h>

namespace gigapi {
namespace {

constexpr duckdb::idx_t kBatchRows = 64 * 1024;

// DuckDB marks some types (JSON, UUID) as Arrow extensions; clients get the plain type under them.
void DropExtensionMarks(ArrowSchema* schema) {
  schema->metadata = nullptr;
  for (int64_t i = 0; i < schema->n_children; ++i) DropExtensionMarks(schema->children[i]);
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> ArrowSchemaOf(const duckdb::vector<duckdb::LogicalType>& types,
                                                     const duckdb::vector<std::string>& names,
                                                     duckdb::ClientProperties properties) {
  ArrowSchema schema;
  duckdb::ArrowConverter::ToArrowSchema(&schema, types, names, properties);
  DropExtensionMarks(&schema);
  return arrow::ImportSchema(&schema);
}

ArrowResults::ArrowResults(duckdb::unique_ptr<duckdb::QueryResult> result, duckdb::ClientProperties properties)
    : result_(std::move(result)), properties_(std::move(properties)) {}

Result<std::unique_ptr<ArrowResults>> ArrowResults::Make(duckdb::unique_ptr<duckdb::QueryResult> result,
                                                         duckdb::ClientContext& context) {
  auto properties = context.GetClientProperties();
  auto results = std::unique_ptr<ArrowResults>(new ArrowResults(std::move(result), std::move(properties)));
  results->extensions_ = duckdb::ArrowTypeExtensionData::GetExtensionTypes(context, results->result_->types);
  ARROW_ASSIGN_OR_RAISE(results->schema_,
                        ArrowSchemaOf(results->result_->types, results->result_->names, results->properties_));
  return results;
}

Result<std::shared_ptr<arrow::RecordBatch>> ArrowResults::Finish(duckdb::ArrowAppender* appender) {
  ArrowArray array = appender->Finalize();
  return arrow::ImportRecordBatch(&array, schema_);
}

Result<std::shared_ptr<arrow::RecordBatch>> ArrowResults::Next() {
  if (finished_) return nullptr;
  duckdb::unique_ptr<duckdb::ArrowAppender> appender;
  duckdb::idx_t rows = 0;
  const duckdb::idx_t wanted = first_ ? 1 : kBatchRows;
  while (rows < wanted) {
    auto chunk = result_->FetchRaw();
    if (!chunk || chunk->size() == 0) {
      if (result_->HasError()) result_->ThrowError();
      finished_ = true;
      break;
    }
    if (!appender) {
      appender = duckdb::make_uniq<duckdb::ArrowAppender>(result_->types, first_ ? chunk->size() : kBatchRows, properties_,
                                                          extensions_);
    }
    appender->Append(*chunk, 0, chunk->size(), chunk->size());
    rows += chunk->size();
  }
  first_ = false;
  if (rows == 0) return nullptr;
  return Finish(appender.get());
}

}  // namespace gigapi
