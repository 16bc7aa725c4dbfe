// Rows that are there already, as a QueryStream: for answers that come from the catalog and not from SQL.
#pragma once

#include <memory>
#include <utility>

#include "query/query_engine.h"

namespace gigapi {

/// Gives one batch, then ends.
class BatchStream final : public QueryStream {
 public:
  explicit BatchStream(std::shared_ptr<arrow::RecordBatch> batch) : schema_(batch->schema()), batch_(std::move(batch)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override { return std::exchange(batch_, nullptr); }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::RecordBatch> batch_;
};

}  // namespace gigapi
