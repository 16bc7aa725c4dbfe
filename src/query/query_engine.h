// SQL over the lake. The only door to DuckDB: no type of DuckDB leaves this folder.
//
// The engine is thread-safe. A QueryStream belongs to one thread at a time; Cancel may be called from any thread.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "lake/snapshot.h"

namespace gigapi {

struct QueryOptions {
  std::string memory_limit = "1GB";   // DUCKDB_MEM_LIMIT
  int threads = 2;                    // DUCKDB_THREAD_LIMIT
  int64_t timeout_ms = 300'000;       // 0: none
  int64_t max_rows = 0;               // 0: none; a result that is longer fails
  int max_concurrent = 16;            // running at once; the rest queue
  int max_queued = 256;               // more fail with kUnavailable
  int64_t queue_timeout_ms = 10'000;  // waiting longer fails with kUnavailable
  std::string temp_directory;         // empty: queries do not spill
};

/// What is to be said of an answer besides its rows. Thread-safe.
class QueryNotes {
 public:
  /// Rows of these nodes are missing.
  void AddMissing(const std::vector<std::string>& nodes);
  std::vector<std::string> missing_nodes() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> missing_nodes_;
};

struct QueryRequest {
  std::string sql;
  std::string database = {};  // where unqualified names are looked up; empty: none
  /// Values of $1, $2... (positional) as SQL sees text, numbers, booleans or NULL.
  std::vector<std::shared_ptr<arrow::Scalar>> parameters = {};
  /// Values of $name, without the $.
  std::vector<std::pair<std::string, std::shared_ptr<arrow::Scalar>>> named_parameters = {};
  /// Only rows of this time and later, and before that one: a part of what a statement gives whose description has
  /// `scanned`, an error for any other.
  std::optional<int64_t> from_ns = {};
  std::optional<int64_t> until_ns = {};
};

/// What a query is before it runs.
struct QueryDescription {
  /// nullptr when it depends on parameters that the request gives no values for.
  std::shared_ptr<arrow::Schema> schema;
  /// The parameters of the statement, $1 first; type null where any will do. What the request gives values for included.
  std::shared_ptr<arrow::Schema> parameters;
  struct Table {
    std::string database;
    std::string table;
  };
  /// Set when the statement gives rows of one table, each made of one row of the table and in no order: what it gives for
  /// parts of the table is then, together, what it gives for the whole.
  std::optional<Table> scanned = {};
};

/// Lets any thread stop the queries of one answer, and has what is to be said of it. Copies share one state.
class QueryCancel {
 public:
  QueryCancel();
  void Cancel();
  bool cancelled() const;
  /// Those of a query are all there once it has been started.
  const std::shared_ptr<QueryNotes>& notes() const;

 private:
  friend class QueryEngineImpl;
  struct State;
  void Watch(const std::shared_ptr<class RunningQuery>& query);
  std::shared_ptr<State> state_;
};

class QueryStream {
 public:
  virtual ~QueryStream() = default;
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;
  /// The next rows, nullptr at the end. Blocks while DuckDB works.
  virtual Result<std::shared_ptr<arrow::RecordBatch>> Next() = 0;
};

struct QueryMetrics {
  int64_t running = 0;
  int64_t queued = 0;
  int64_t started_total = 0;
  int64_t failed_total = 0;
};

class QueryEngine {
 public:
  /// `lake` must outlive the engine.
  static Result<std::unique_ptr<QueryEngine>> Open(SnapshotSource* lake, QueryOptions options);
  virtual ~QueryEngine() = default;

  /// Checks, binds and starts a query; blocks while it queues. Errors of the SQL are kInvalidArgument and show the position.
  virtual Result<std::unique_ptr<QueryStream>> Execute(const QueryRequest& request, QueryCancel cancel) = 0;
  /// Checks and binds a query without running it; blocks while it queues. Fails as Execute does.
  virtual Result<QueryDescription> Describe(const QueryRequest& request, QueryCancel cancel) = 0;
  virtual QueryMetrics metrics() const = 0;
};

}  // namespace gigapi
