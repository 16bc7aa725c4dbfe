// The calls of Flight, each handed to the part that answers it.
#pragma once

#include <arrow/flight/server.h>

#include <memory>
#include <string>
#include <vector>

#include "lake/lake.h"
#include "peers/peer_service.h"
#include "query/query_engine.h"
#include "server/api/flight_sql/flight_sql_server.h"
#include "server/api/flight_sql/ingest.h"
#include "server/api/flight_sql/packed_message.h"
#include "server/api/flight_sql/prepared_statements.h"
#include "server/api/flight_sql/statements.h"

namespace gigapi::flight {

using ActionResults = std::vector<arrow::flight::Result>;

/// Thread-safe, as its base asks for.
class FlightService final : public arrow::flight::FlightServerBase {
 public:
  /// All must outlive it.
  FlightService(const FlightSqlOptions* options, Lake* lake, QueryEngine* engine, QueryRegistry* registry,
                FlightStats* stats, PeerService* peers);

  using Context = arrow::flight::ServerCallContext;

  Status GetFlightInfo(const Context& context, const arrow::flight::FlightDescriptor& descriptor,
                       std::unique_ptr<arrow::flight::FlightInfo>* info) override;
  Status GetSchema(const Context& context, const arrow::flight::FlightDescriptor& descriptor,
                   std::unique_ptr<arrow::flight::SchemaResult>* schema) override;
  Status DoGet(const Context& context, const arrow::flight::Ticket& ticket,
               std::unique_ptr<arrow::flight::FlightDataStream>* stream) override;
  Status DoPut(const Context& context, std::unique_ptr<arrow::flight::FlightMessageReader> reader,
               std::unique_ptr<arrow::flight::FlightMetadataWriter> writer) override;
  Status DoAction(const Context& context, const arrow::flight::Action& action,
                  std::unique_ptr<arrow::flight::ResultStream>* results) override;
  Status ListActions(const Context& context, std::vector<arrow::flight::ActionType>* actions) override;

 private:
  Result<arrow::flight::FlightInfo> Plan(const Context& context, const arrow::flight::FlightDescriptor& descriptor);
  Result<std::unique_ptr<arrow::flight::FlightDataStream>> Read(const Context& context, const arrow::flight::Ticket& ticket);
  /// The statement that a command stands for.
  Result<StatementTicket> StatementOfCommand(const Packed& packed, const std::string& database);

  // flight_actions.cc
  Result<ActionResults> Act(const Context& context, const arrow::flight::Action& action);
  Result<ActionResults> Prepare(const Context& context, std::string_view body);
  Result<ActionResults> CancelFlightInfo(std::string_view body);
  Result<ActionResults> CancelQuery(std::string_view body);
  Result<ActionResults> SetSessionOptions(const Context& context, std::string_view body);
  Result<ActionResults> GetSessionOptions(const Context& context);

  // flight_puts.cc
  Status Put(const Context& context, arrow::flight::FlightMessageReader* reader,
             arrow::flight::FlightMetadataWriter* writer);
  Status PutRows(const IngestTarget& target, arrow::flight::FlightMessageReader* reader,
                 arrow::flight::FlightMetadataWriter* writer);
  Status PutParameters(const std::string& handle, arrow::flight::FlightMessageReader* reader,
                       arrow::flight::FlightMetadataWriter* writer);

  const FlightSqlOptions& options_;
  Lake* const lake_;
  PeerService* const peers_;  // nullptr: no other nodes
  Statements statements_;
  PreparedStatements prepared_;
  Ingest ingest_;
};

}  // namespace gigapi::flight
