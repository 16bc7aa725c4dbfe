// Turns a DuckDB result into Arrow record batches of a useful size: the first as soon as there are rows, then about 64K
// rows, or less where they are large.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <vector>

#include "base/error.h"
#include "query/answer_types.h"
#include "query/duckdb_headers.h"

namespace gigapi {

/// The Arrow schema of columns of DuckDB as clients get it: see answer_types.h, and no two columns have a name in common.
/// May throw DuckDB's exceptions.
Result<std::shared_ptr<arrow::Schema>> ArrowSchemaOf(const duckdb::vector<duckdb::LogicalType>& types,
                                                     const duckdb::vector<std::string>& names,
                                                     duckdb::ClientProperties properties);

class ArrowResults {
 public:
  /// `result` is not failed; `context` runs it. May throw DuckDB's exceptions.
  static Result<std::unique_ptr<ArrowResults>> Make(duckdb::unique_ptr<duckdb::QueryResult> result,
                                                    duckdb::ClientContext& context);

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  /// nullptr at the end. May throw DuckDB's exceptions.
  Result<std::shared_ptr<arrow::RecordBatch>> Next();

 private:
  ArrowResults(duckdb::unique_ptr<duckdb::QueryResult> result, duckdb::ClientContext& context);
  /// Makes a chunk with rows that are to be had the current one; false at the end.
  bool HasRows();
  Result<std::shared_ptr<arrow::RecordBatch>> Finish(duckdb::ArrowAppender* appender);

  duckdb::ClientContext& context_;
  duckdb::unique_ptr<duckdb::QueryResult> result_;
  const AnswerTypes types_;
  duckdb::ClientProperties properties_;
  duckdb::unordered_map<duckdb::idx_t, const duckdb::shared_ptr<duckdb::ArrowTypeExtensionData>> extensions_;
  std::shared_ptr<arrow::Schema> schema_;
  duckdb::unique_ptr<duckdb::DataChunk> chunk_;
  std::vector<duckdb::idx_t> row_bytes_;  // of the chunk
  duckdb::idx_t row_ = 0;                 // of the chunk: the next
  bool first_ = true;
  bool finished_ = false;
};

}  // namespace gigapi
