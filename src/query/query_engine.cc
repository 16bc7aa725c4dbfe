#include "query/query_engine.h"

#include <arrow/c/bridge.h>
#include <arrow/scalar.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/log.h"
#include "query/arrow_results.h"
#include "query/describe_statement.h"
#include "query/dialect_functions.h"
#include "query/duckdb_errors.h"
#include "query/gapfill.h"
#include "query/lake_catalog.h"
#include "query/lake_database.h"
#include "query/large_blocks.h"
#include "query/name_resolution.h"
#include "query/query_admission.h"
#include "query/query_parameters.h"
#include "query/running_query.h"
#include "query/show_statements.h"
#include "query/statement_guard.h"
#include "query/time_comparison.h"
#include "query/time_slice.h"
#include "query/vector_memory.h"

namespace gigapi {

/// What the copies of a QueryCancel share.
struct QueryCancel::State {
  std::mutex lock;
  bool cancelled = false;
  std::weak_ptr<RunningQuery> query;
  const std::shared_ptr<QueryNotes> notes = std::make_shared<QueryNotes>();
};

QueryCancel::QueryCancel() : state_(std::make_shared<State>()) {}

void QueryCancel::Cancel() {
  std::shared_ptr<RunningQuery> query;
  {
    const std::lock_guard<std::mutex> guard(state_->lock);
    state_->cancelled = true;
    query = state_->query.lock();
  }
  if (query) query->Stop(StopReason::kCancelled);
}

bool QueryCancel::cancelled() const {
  const std::lock_guard<std::mutex> guard(state_->lock);
  return state_->cancelled;
}

const std::shared_ptr<QueryNotes>& QueryCancel::notes() const { return state_->notes; }

void QueryCancel::Watch(const std::shared_ptr<RunningQuery>& query) {
  bool cancelled = false;
  {
    const std::lock_guard<std::mutex> guard(state_->lock);
    state_->query = query;
    cancelled = state_->cancelled;
  }
  if (cancelled) query->Stop(StopReason::kCancelled);
}

void QueryNotes::AddMissing(const std::vector<std::string>& nodes) {
  const std::lock_guard lock(mutex_);
  for (const std::string& node : nodes) {
    if (std::ranges::find(missing_nodes_, node) == missing_nodes_.end()) missing_nodes_.push_back(node);
  }
}

std::vector<std::string> QueryNotes::missing_nodes() const {
  const std::lock_guard lock(mutex_);
  return missing_nodes_;
}

namespace {

/// Counters that streams outlive the engine's lock for.
struct EngineCounters {
  std::atomic<int64_t> started{0};
  std::atomic<int64_t> failed{0};
};

/// A connection out of the pool, for one query. Interrupts reach it only while it is held.
class ConnectionLease {
 public:
  ConnectionLease(std::shared_ptr<LakeDatabase> database, const std::string& name, std::shared_ptr<RunningQuery> query)
      : database_(std::move(database)), query_(std::move(query)), connection_(database_->Take(name)) {
    query_->Attach([context = connection_->context] { context->Interrupt(); });
  }
  ~ConnectionLease() {
    query_->Detach();
    database_->GiveBack(std::move(connection_));
  }
  ConnectionLease(const ConnectionLease&) = delete;
  ConnectionLease& operator=(const ConnectionLease&) = delete;

  duckdb::ClientContext& context() { return *connection_->context; }

 private:
  const std::shared_ptr<LakeDatabase> database_;
  const std::shared_ptr<RunningQuery> query_;
  std::unique_ptr<duckdb::Connection> connection_;
};

}  // namespace

class QueryStreamImpl final : public QueryStream {
 public:
  QueryStreamImpl(std::unique_ptr<QueryAdmission::Slot> slot, std::unique_ptr<ConnectionLease> lease,
                  std::unique_ptr<ArrowResults> results, std::shared_ptr<RunningQuery> query, int64_t max_rows,
                  std::shared_ptr<EngineCounters> counters)
      : query_(std::move(query)), max_rows_(max_rows), counters_(std::move(counters)), schema_(results->schema()) {
    held_->slot = std::move(slot);
    held_->lease = std::move(lease);
    held_->results = std::move(results);
    query_->OnRelease([weak = std::weak_ptr<Held>(held_)] {
      const auto held = weak.lock();
      return !held || held->BreakOff();
    });
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    const std::lock_guard<std::mutex> guard(held_->lock);
    if (held_->broken_off) ARROW_RETURN_NOT_OK(query_->stopped());
    if (!held_->results) return nullptr;
    auto batch = Fetch();
    if (!batch.ok() || *batch == nullptr) held_->Close();
    if (!batch.ok()) ++counters_->failed;
    return batch;
  }

 private:
  /// What the query holds while it runs.
  struct Held {
    // Destroyed from the last to the first: results, then the connection, then the slot.
    std::unique_ptr<QueryAdmission::Slot> slot;
    std::unique_ptr<ConnectionLease> lease;
    std::unique_ptr<ArrowResults> results;
    std::mutex lock;          // of whoever is in the stream
    bool broken_off = false;  // before its end, since the query was stopped

    /// Frees it as soon as the query is over, not when the client lets go of the stream.
    void Close() {
      results.reset();
      lease.reset();
      slot.reset();
    }
    /// False: somebody is in the stream.
    bool BreakOff() {
      const std::unique_lock<std::mutex> guard(lock, std::try_to_lock);
      if (!guard.owns_lock()) return false;
      broken_off |= results != nullptr;
      Close();
      return true;
    }
  };

  Result<std::shared_ptr<arrow::RecordBatch>> Fetch() {
    const QueryThreadScope counted;
    try {
      ARROW_RETURN_NOT_OK(query_->stopped());
      ARROW_ASSIGN_OR_RAISE(auto batch, held_->results->Next());
      if (batch != nullptr) rows_ += batch->num_rows();
      if (max_rows_ > 0 && rows_ > max_rows_) {
        return Errorf(ErrorKind::kTooLarge, "The result has more than {} rows, which is the limit", max_rows_);
      }
      return batch;
    } catch (...) {
      ARROW_RETURN_NOT_OK(query_->stopped());
      return StatusOfCurrentException("");
    }
  }

  const std::shared_ptr<Held> held_ = std::make_shared<Held>();
  const std::shared_ptr<RunningQuery> query_;
  const int64_t max_rows_;
  const std::shared_ptr<EngineCounters> counters_;
  const std::shared_ptr<arrow::Schema> schema_;
  int64_t rows_ = 0;
};

class QueryEngineImpl final : public QueryEngine {
 public:
  QueryEngineImpl(SnapshotSource* lake, QueryOptions options)
      : lake_(lake),
        options_(std::move(options)),
        admission_(options_),
        deadlines_(options_.timeout_ms),
        database_(std::make_shared<LakeDatabase>(lake_, options_)) {}

  Result<std::unique_ptr<QueryStream>> Execute(const QueryRequest& request, QueryCancel cancel) override {
    ++counters_->started;
    auto stream = Start(request, std::move(cancel));
    if (!stream.ok()) ++counters_->failed;
    return stream;
  }

  Result<QueryDescription> Describe(const QueryRequest& request, QueryCancel cancel) override {
    return Admitted(request, std::move(cancel), [&](Held held) -> Result<QueryDescription> {
      auto& context = held.lease->context();
      auto statement = Prepared(request, context);
      ARROW_ASSIGN_OR_RAISE(const auto values, BindParameters(request));
      const auto scanned = ScannedTable(QueryOf(*statement), request.database, *lake_->Snapshot());
      const SmallVectorsOnly while_planning;
      const QueryThreadScope counted;
      return DescribeStatement(std::move(statement), values, scanned, context);
    });
  }

  QueryMetrics metrics() const override {
    return {.running = admission_.running(),
            .queued = admission_.queued(),
            .started_total = counters_->started,
            .failed_total = counters_->failed};
  }

 private:
  /// What a query holds while it runs.
  struct Held {
    std::shared_ptr<RunningQuery> query;
    std::unique_ptr<QueryAdmission::Slot> slot;
    std::unique_ptr<ConnectionLease> lease;
  };

  /// Waits for a place, takes a connection, and calls `run`, which may throw DuckDB's exceptions.
  template <typename Run>
  auto Admitted(const QueryRequest& request, QueryCancel cancel, Run run) -> decltype(run(std::declval<Held>())) {
    Held held;
    held.query = std::make_shared<RunningQuery>();
    const std::shared_ptr<RunningQuery> query = held.query;
    cancel.Watch(query);
    deadlines_.Add(query);
    ARROW_ASSIGN_OR_RAISE(held.slot, admission_.Enter(query.get()));
    ARROW_RETURN_NOT_OK(query->stopped());
    try {
      held.lease = std::make_unique<ConnectionLease>(Database(), request.database, query);
      NotesOf(held.lease->context()) = cancel.notes();
      return run(std::move(held));
    } catch (...) {
      ARROW_RETURN_NOT_OK(query->stopped());
      return StatusOfCurrentException(request.sql);
    }
  }

  Result<std::unique_ptr<QueryStream>> Start(const QueryRequest& request, QueryCancel cancel) {
    return Admitted(request, std::move(cancel), [&](Held held) -> Result<std::unique_ptr<QueryStream>> {
      ARROW_ASSIGN_OR_RAISE(auto results, Run(request, *held.query, held.lease->context()));
      return std::make_unique<QueryStreamImpl>(std::move(held.slot), std::move(held.lease), std::move(results), held.query,
                                               options_.max_rows, counters_);
    });
  }

  /// Parses and rewrites. May throw.
  duckdb::unique_ptr<duckdb::SQLStatement> Prepared(const QueryRequest& request, duckdb::ClientContext& context) {
    if (!request.database.empty() && !lake_->Snapshot()->databases.contains(request.database)) {
      lake_->Discover(request.database);
    }
    auto statement = ParseGuarded(request.sql, context.GetParserOptions());
    RewriteGapfill(*statement);
    RewriteDialectFunctions(QueryOf(*statement));
    ResolveIox(QueryOf(*statement), request.database, lake_);
    RewriteShowStatements(QueryOf(*statement), request.database);
    QualifyDatabases(QueryOf(*statement), lake_);
    SliceTime(QueryOf(*statement), request);
    RewriteTimeComparisons(QueryOf(*statement));
    return statement;
  }

  static duckdb::unique_ptr<duckdb::PendingQueryResult> Planned(duckdb::unique_ptr<duckdb::SQLStatement> statement,
                                                                BoundParameters& parameters,
                                                                duckdb::ClientContext& context) {
    const SmallVectorsOnly while_planning;
    const QueryThreadScope counted;
    const duckdb::QueryParameters streaming(duckdb::QueryResultOutputType::ALLOW_STREAMING);
    return context.PendingQuery(std::move(statement), parameters, streaming);
  }

  /// May throw DuckDB's exceptions.
  Result<std::unique_ptr<ArrowResults>> Run(const QueryRequest& request, const RunningQuery& query,
                                            duckdb::ClientContext& context) {
    auto statement = Prepared(request, context);
    ARROW_ASSIGN_OR_RAISE(auto parameters, BindParameters(request));
    auto pending = Planned(std::move(statement), parameters, context);
    if (pending->HasError()) pending->ThrowError();
    // DuckDB forgets an interrupt that came before the query began. It must end by itself: what a query that was never
    // executed has begun would run to its end before the connection's next one.
    if (!query.stopped().ok()) context.Interrupt();
    const QueryThreadScope counted;
    auto result = pending->Execute();
    if (result->HasError()) result->ThrowError();
    return ArrowResults::Make(std::move(result), context);
  }

  /// The instance; a new one in place of one that an internal error of DuckDB has closed. May throw.
  std::shared_ptr<LakeDatabase> Database() {
    const std::lock_guard<std::mutex> guard(database_lock_);
    if (database_->IsBroken()) {
      LOG_ERROR("the query engine is restarted after an internal error");
      database_ = std::make_shared<LakeDatabase>(lake_, options_);
    }
    return database_;
  }

  SnapshotSource* const lake_;
  const QueryOptions options_;
  const std::shared_ptr<EngineCounters> counters_ = std::make_shared<EngineCounters>();
  QueryAdmission admission_;
  QueryDeadlines deadlines_;
  std::mutex database_lock_;
  std::shared_ptr<LakeDatabase> database_;
};

Result<std::unique_ptr<QueryEngine>> QueryEngine::Open(SnapshotSource* lake, QueryOptions options) {
  try {
    return std::make_unique<QueryEngineImpl>(lake, std::move(options));
  } catch (const std::exception& exception) {
    return Errorf(ErrorKind::kInternal, "The query engine does not start: {}", duckdb::ErrorData(exception).Message());
  }
}

}  // namespace gigapi
