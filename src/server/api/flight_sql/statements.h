// Queries over Flight: from a statement to its plan, and from a ticket to its rows.
#pragma once

#include <arrow/flight/server.h>
#include <arrow/flight/types.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "query/query_engine.h"
#include "server/api/flight_sql/call_watch.h"
#include "server/api/flight_sql/flight_stats.h"
#include "server/query_registry.h"

namespace gigapi::flight {

class StatementTicket;

/// Thread-safe. Nothing is kept between planning and running: the ticket says it all.
class Statements {
 public:
  /// All must outlive it.
  Statements(QueryEngine* engine, SnapshotSource* lake, QueryRegistry* registry, FlightStats* stats)
      : engine_(engine), lake_(lake), registry_(registry), stats_(stats) {}

  /// Binds the statement. `partitions` is how many endpoints the caller asks for: a scan of one table is split by time into
  /// at most so many, all else is one endpoint.
  Result<arrow::flight::FlightInfo> Plan(const arrow::flight::ServerCallContext& context, StatementTicket statement,
                                         const arrow::flight::FlightDescriptor& descriptor, int partitions);

  /// What the statement gives and wants, with the types of flight_types.h.
  Result<QueryDescription> Describe(const arrow::flight::ServerCallContext& context, const StatementTicket& statement);

  /// The rows, from one snapshot that is taken now. The stream must not outlive `context`.
  Result<std::unique_ptr<arrow::flight::FlightDataStream>> Run(const arrow::flight::ServerCallContext& context,
                                                               const StatementTicket& statement);
  /// The same for a query of no ticket.
  Result<std::unique_ptr<arrow::flight::FlightDataStream>> Run(const arrow::flight::ServerCallContext& context,
                                                               const QueryRequest& request, const std::string& id);

  /// Stops the query that these endpoints run; false when none of them runs.
  bool Cancel(const arrow::flight::FlightInfo& info);

 private:
  friend class RunningStatement;

  std::vector<int64_t> Boundaries(const QueryDescription& description, int partitions);

  QueryEngine* const engine_;
  SnapshotSource* const lake_;
  QueryRegistry* const registry_;
  FlightStats* const stats_;
  CallWatch watch_;
  std::mutex lock_;
  std::multimap<std::string, QueryCancel> running_;  // by ticket id
};

}  // namespace gigapi::flight
