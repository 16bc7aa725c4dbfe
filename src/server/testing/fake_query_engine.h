// A query engine for tests of the server: answers every statement with what the test gives it.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "query/query_engine.h"

namespace gigapi {

/// The test fills it before the server starts. Thread-safe from then on.
class FakeQueryEngine final : public QueryEngine {
 public:
  using Answer = std::function<Result<std::unique_ptr<QueryStream>>(const QueryRequest&, QueryCancel)>;
  explicit FakeQueryEngine(Answer answer) : answer_(std::move(answer)) {}

  Result<std::unique_ptr<QueryStream>> Execute(const QueryRequest& request, QueryCancel cancel) override {
    {
      std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    return answer_(request, std::move(cancel));
  }
  /// The schema that the answer has.
  Result<QueryDescription> Describe(const QueryRequest& request, QueryCancel cancel) override {
    ARROW_ASSIGN_OR_RAISE(const auto stream, Execute(request, std::move(cancel)));
    return QueryDescription{stream->schema(), arrow::schema({})};
  }
  QueryMetrics metrics() const override { return {}; }

  std::vector<QueryRequest> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  const Answer answer_;
  mutable std::mutex mutex_;
  std::vector<QueryRequest> requests_;
};

/// Gives the batches of a list, then ends.
class ListStream final : public QueryStream {
 public:
  ListStream(std::shared_ptr<arrow::Schema> schema, std::vector<std::shared_ptr<arrow::RecordBatch>> batches)
      : schema_(std::move(schema)), batches_(std::move(batches)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (next_ == batches_.size()) return nullptr;
    return batches_[next_++];
  }

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<std::shared_ptr<arrow::RecordBatch>> batches_;
  size_t next_ = 0;
};

}  // namespace gigapi
