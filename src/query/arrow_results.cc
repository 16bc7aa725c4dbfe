#include "query/arrow_results.h"

#include <arrow/c/bridge.h>

#include "query/row_bytes.h"

namespace gigapi {
namespace {

constexpr duckdb::idx_t kBatchRows = 64 * 1024;
/// More than that many rows of a hundred numbers; a batch with one row may be larger.
constexpr duckdb::idx_t kBatchBytes = 64 << 20;

// DuckDB marks some types (JSON, UUID) as Arrow extensions; clients get the plain type under them.
void DropExtensionMarks(ArrowSchema* schema) {
  schema->metadata = nullptr;
  for (int64_t i = 0; i < schema->n_children; ++i) DropExtensionMarks(schema->children[i]);
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> ArrowSchemaOf(const duckdb::vector<duckdb::LogicalType>& types,
                                                     const duckdb::vector<std::string>& names,
                                                     duckdb::ClientProperties properties) {
  auto distinct_names = names;
  duckdb::QueryResult::DeduplicateColumns(distinct_names);
  ArrowSchema schema;
  duckdb::ArrowConverter::ToArrowSchema(&schema, AnswerTypes(types).types(), distinct_names, properties);
  DropExtensionMarks(&schema);
  return arrow::ImportSchema(&schema);
}

ArrowResults::ArrowResults(duckdb::unique_ptr<duckdb::QueryResult> result, duckdb::ClientContext& context)
    : context_(context), result_(std::move(result)), types_(result_->types), properties_(context.GetClientProperties()) {}

Result<std::unique_ptr<ArrowResults>> ArrowResults::Make(duckdb::unique_ptr<duckdb::QueryResult> result,
                                                         duckdb::ClientContext& context) {
  auto results = std::unique_ptr<ArrowResults>(new ArrowResults(std::move(result), context));
  results->extensions_ = duckdb::ArrowTypeExtensionData::GetExtensionTypes(context, results->types_.types());
  ARROW_ASSIGN_OR_RAISE(results->schema_,
                        ArrowSchemaOf(results->result_->types, results->result_->names, results->properties_));
  return results;
}

Result<std::shared_ptr<arrow::RecordBatch>> ArrowResults::Finish(duckdb::ArrowAppender* appender) {
  ArrowArray array = appender->Finalize();
  return arrow::ImportRecordBatch(&array, schema_);
}

bool ArrowResults::HasRows() {
  if (chunk_ && row_ < chunk_->size()) return true;
  if (finished_) return false;
  chunk_ = result_->FetchRaw();
  row_ = 0;
  if (!chunk_ || chunk_->size() == 0) {
    chunk_.reset();
    if (result_->HasError()) result_->ThrowError();
    finished_ = true;
    return false;
  }
  chunk_ = types_.Convert(std::move(chunk_), context_);
  row_bytes_ = RowBytes(*chunk_);
  return true;
}

Result<std::shared_ptr<arrow::RecordBatch>> ArrowResults::Next() {
  if (!HasRows()) return nullptr;
  duckdb::ArrowAppender appender(types_.types(), first_ ? chunk_->size() : kBatchRows, properties_, extensions_);
  const duckdb::idx_t wanted = first_ ? 1 : kBatchRows;
  duckdb::idx_t rows = 0, bytes = 0;
  while (rows < wanted && HasRows()) {
    const duckdb::idx_t begin = row_;
    while (row_ < chunk_->size() && (bytes == 0 || bytes + row_bytes_[row_] <= kBatchBytes)) {
      bytes += row_bytes_[row_++];
    }
    if (row_ > begin) appender.Append(*chunk_, begin, row_, chunk_->size());
    rows += row_ - begin;
    if (row_ < chunk_->size()) break;
  }
  first_ = false;
  return Finish(&appender);
}

}  // namespace gigapi
