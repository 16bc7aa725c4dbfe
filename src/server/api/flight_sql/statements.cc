#include "server/api/flight_sql/statements.h"

#include <arrow/scalar.h>
#include <fmt/ranges.h>

#include "base/uuid.h"
#include "server/api/flight_sql/call_headers.h"
#include "server/api/flight_sql/flight_types.h"
#include "server/api/flight_sql/query_reader.h"
#include "server/api/flight_sql/statement_ticket.pb.h"
#include "server/api/flight_sql/tickets.h"
#include "server/api/flight_sql/time_partitions.h"

namespace gigapi::flight {

namespace {

Result<QueryRequest> RequestOf(const StatementTicket& statement) {
  QueryRequest request{.sql = statement.sql(), .database = statement.database()};
  if (!statement.parameters().empty()) {
    ARROW_ASSIGN_OR_RAISE(request.parameters, UnpackParameters(statement.parameters()));
  }
  if (statement.has_from_ns()) request.from_ns = statement.from_ns();
  if (statement.has_until_ns()) request.until_ns = statement.until_ns();
  return request;
}

}  // namespace

/// A query between its start and the end of its stream.
class RunningStatement {
 public:
  RunningStatement(Statements* statements, const arrow::flight::ServerCallContext& context, const std::string& id)
      : statements_(statements), watched_(statements->watch_.Watch(context, cancel_)) {
    const std::lock_guard<std::mutex> guard(statements_->lock_);
    entry_ = statements_->running_.emplace(id, cancel_);
  }
  ~RunningStatement() {
    const std::lock_guard<std::mutex> guard(statements_->lock_);
    statements_->running_.erase(entry_);
  }
  RunningStatement(const RunningStatement&) = delete;
  RunningStatement& operator=(const RunningStatement&) = delete;

  const QueryCancel& cancel() const { return cancel_; }

 private:
  Statements* const statements_;
  QueryCancel cancel_;
  const std::unique_ptr<CallWatch::Watched> watched_;
  std::multimap<std::string, QueryCancel>::iterator entry_;
};

namespace {

class StatementStream final : public arrow::flight::RecordBatchStream {
 public:
  StatementStream(std::shared_ptr<arrow::RecordBatchReader> reader, std::unique_ptr<RunningStatement> running)
      : RecordBatchStream(std::move(reader)), running_(std::move(running)) {}

 private:
  const std::unique_ptr<RunningStatement> running_;
};

}  // namespace

Result<QueryDescription> Statements::Describe(const arrow::flight::ServerCallContext& context,
                                              const StatementTicket& statement) {
  ARROW_ASSIGN_OR_RAISE(const QueryRequest request, RequestOf(statement));
  const RunningStatement running(this, context, statement.id());
  ARROW_ASSIGN_OR_RAISE(auto description, engine_->Describe(request, running.cancel()));
  if (description.schema != nullptr) description.schema = FlightSchemaOf(*description.schema);
  return description;
}

std::vector<int64_t> Statements::Boundaries(const QueryDescription& description, int partitions) {
  if (partitions <= 1 || !description.scanned) return {};
  const LakeSnapshotPtr snapshot = lake_->Snapshot();
  const auto database = snapshot->databases.find(description.scanned->database);
  if (database == snapshot->databases.end()) return {};
  const auto table = database->second.find(description.scanned->table);
  return table == database->second.end() ? std::vector<int64_t>() : SplitTimes(TimesOf(*table->second), partitions);
}

Result<arrow::flight::FlightInfo> Statements::Plan(const arrow::flight::ServerCallContext& context,
                                                   StatementTicket statement,
                                                   const arrow::flight::FlightDescriptor& descriptor, int partitions) {
  statement.set_id(NewUuid());
  ARROW_ASSIGN_OR_RAISE(const auto description, Describe(context, statement));
  if (description.schema == nullptr) {
    return Error(ErrorKind::kInvalidArgument, "the statement has parameters without values: bind them first");
  }
  std::vector<arrow::flight::FlightEndpoint> endpoints;
  const std::vector<int64_t> boundaries = Boundaries(description, partitions);
  for (size_t i = 0; i <= boundaries.size(); ++i) {
    StatementTicket part = statement;
    if (i > 0) part.set_from_ns(boundaries[i - 1]);
    if (i < boundaries.size()) part.set_until_ns(boundaries[i]);
    ARROW_ASSIGN_OR_RAISE(endpoints.emplace_back().ticket, TicketOf(part));
  }
  return arrow::flight::FlightInfo::Make(description.schema, descriptor, endpoints, -1, -1);
}

Result<std::unique_ptr<arrow::flight::FlightDataStream>> Statements::Run(const arrow::flight::ServerCallContext& context,
                                                                         const StatementTicket& statement) {
  ARROW_ASSIGN_OR_RAISE(const QueryRequest request, RequestOf(statement));
  return Run(context, request, statement.id());
}

Result<std::unique_ptr<arrow::flight::FlightDataStream>> Statements::Run(const arrow::flight::ServerCallContext& context,
                                                                         const QueryRequest& request,
                                                                         const std::string& id) {
  auto running = std::make_unique<RunningStatement>(this, context, id);
  auto ticket = registry_->Begin(request, PeerAddress(context.peer()), running->cancel());
  auto stream = engine_->Execute(request, running->cancel());
  if (!stream.ok()) {
    ticket->End(stream.status());
    return stream.status();
  }
  const auto missing_nodes = running->cancel().notes()->missing_nodes();
  if (!missing_nodes.empty()) context.AddHeader("x-gigapi-incomplete", fmt::format("{}", fmt::join(missing_nodes, ", ")));
  return std::make_unique<StatementStream>(ReadQuery(*std::move(stream), std::move(ticket), stats_), std::move(running));
}

bool Statements::Cancel(const arrow::flight::FlightInfo& info) {
  bool found = false;
  for (const auto& endpoint : info.endpoints()) {
    const auto statement = StatementOf(endpoint.ticket);
    if (!statement.ok() || statement->id().empty()) continue;
    const std::lock_guard<std::mutex> guard(lock_);
    const auto [first, last] = running_.equal_range(statement->id());
    for (auto entry = first; entry != last; ++entry) entry->second.Cancel();
    found |= first != last;
  }
  return found;
}

}  // namespace gigapi::flight
