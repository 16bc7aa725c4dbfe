// The queries that run, and the last ones that ran: what a person looks at to see who is busy with what, and stops.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/query_engine.h"

namespace gigapi {

enum class QueryState {
  kRunning,
  kCompleted,
  kCancelled,
  kFailed,
  kTimedOut
};

struct QueryRecord {
  std::string id;
  std::string sql;  // shortened when it is very long
  std::string database;
  std::string remote_address;
  QueryState state = QueryState::kRunning;
  int64_t begin_ns = 0;  // wall time
  int64_t end_ns = 0;    // 0 while it runs
  int64_t rows = 0;      // sent; known at the end
  std::string error;     // when it failed
};

/// Thread-safe. Memory is bounded: by the queries that run, and by the history's length.
class QueryRegistry {
 public:
  explicit QueryRegistry(size_t history_max = 100) : history_max_(history_max) {}

  /// A query from its start to its end; belongs to one thread at a time. One that goes without End was given up: cancelled.
  class Ticket {
   public:
    Ticket(QueryRegistry* registry, std::string id) : registry_(registry), id_(std::move(id)) {}
    ~Ticket() { End(Error(ErrorKind::kCancelled, "the client went away")); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    const std::string& id() const { return id_; }
    void AddRows(int64_t rows) { rows_ += rows; }
    /// The first call counts.
    void End(const Status& status);

   private:
    QueryRegistry* const registry_;
    const std::string id_;
    int64_t rows_ = 0;
    bool ended_ = false;
  };

  /// The registry must outlive the ticket.
  std::unique_ptr<Ticket> Begin(const QueryRequest& request, std::string remote_address, QueryCancel cancel);

  /// Oldest first.
  std::vector<QueryRecord> Running() const;
  /// The newest first.
  std::vector<QueryRecord> History(size_t records_max) const;
  std::optional<QueryRecord> Find(std::string_view id) const;
  /// Stops a running query, which is history from then on; false when none of that id runs.
  bool Cancel(std::string_view id);

 private:
  struct ActiveQuery {
    QueryRecord record;
    QueryCancel cancel;
  };
  using ActiveMap = std::map<std::string, ActiveQuery, std::less<>>;

  void End(const std::string& id, QueryState state, int64_t rows, std::string error);
  /// Moves a query to the history. The lock is held.
  void Retire(ActiveMap::iterator running, QueryState state);

  const size_t history_max_;
  mutable std::mutex mutex_;
  ActiveMap running_;
  std::deque<QueryRecord> history_;  // the newest at the front
};

}  // namespace gigapi
