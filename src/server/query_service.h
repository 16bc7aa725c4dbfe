// Runs a query on a query thread and streams its result: what every endpoint that answers SQL shares.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "query/query_engine.h"
#include "server/encode/result_encoder.h"
#include "server/http/http.h"
#include "server/http/worker_pool.h"
#include "server/metrics/histogram.h"
#include "server/query_registry.h"

namespace gigapi {

/// Of an answer that lacks rows of other nodes, which did not answer: their names, between commas.
inline constexpr std::string_view kIncompleteHeader = "X-GigAPI-Incomplete";
/// Adds the header where it applies.
void AddIncompleteHeader(const QueryNotes& notes, http::Headers* headers);

struct QueryCall {
  QueryRequest request;
  EncoderFactory encoder;
  /// What gives the rows instead of the engine, for answers that are no SQL; empty: the engine does.
  std::function<Result<std::unique_ptr<QueryStream>>(const QueryRequest&, QueryCancel)> open;
  /// What the rows go through before they are encoded; empty: nothing.
  std::function<Result<std::unique_ptr<QueryStream>>(std::unique_ptr<QueryStream>)> change_rows;
  http::Headers headers;  // of the answer, besides its type
  /// Headers that say what the result was, for answers that are whole before they are sent; empty: none.
  std::function<http::Headers(int64_t rows, double millis)> summary;
  /// The header of the answer that has the query's id in the registry; empty: none.
  std::string id_header;
};

struct QueryStats {
  std::atomic<int64_t> rows_total{0};
  std::atomic<int64_t> rejected_total{0};          // no place in the line
  Histogram seconds{Histogram::LatencySeconds()};  // until the last row has been encoded
};

/// Thread-safe.
class QueryService {
 public:
  /// Both must outlive the service; the pool is stopped before the service goes.
  QueryService(QueryEngine* engine, http::WorkerPool* pool) : engine_(engine), pool_(pool) {}

  /// Answers the exchange: the rows, or an error made by `render_error` as long as nothing has been sent. A client that goes
  /// away cancels its query. Returns at once.
  void Run(const http::ExchangePtr& exchange, QueryCall call,
           const std::function<http::Response(const Status&)>& render_error);

  const QueryStats& stats() const { return stats_; }
  QueryRegistry& registry() { return registry_; }

 private:
  QueryEngine* const engine_;
  http::WorkerPool* const pool_;
  QueryStats stats_;
  QueryRegistry registry_;
};

}  // namespace gigapi
