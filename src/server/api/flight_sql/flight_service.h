// The calls of Flight, each handed to the part that answers it.
#pragma once

#include <arrow/flight/server.h>

#include <memory>
#include <string>
#include <vector>

#include "lake/lake.h"
#include "query/query_engine.h"
#include "server/api/flight_sql/flight_sql_server.h"
#include "server/api/flight_sql/packed_message.h"
#include "server/api/flight_sql/statements.h"

namespace gigapi::flight {

/// Thread-safe, as its base asks for.
class FlightService final : public arrow::flight::FlightServerBase {
 public:
  /// All must outlive it.
  FlightService(const FlightSqlOptions* options, Lake* lake, QueryEngine* engine, FlightStats* stats);

  using Context = arrow::flight::ServerCallContext;

  Status GetFlightInfo(const Context& context, const arrow::flight::FlightDescriptor& descriptor,
                       std::unique_ptr<arrow::flight::FlightInfo>* info) override;
  Status GetSchema(const Context& context, const arrow::flight::FlightDescriptor& descriptor,
                   std::unique_ptr<arrow::flight::SchemaResult>* schema) override;
  Status DoGet(const Context& context, const arrow::flight::Ticket& ticket,
               std::unique_ptr<arrow::flight::FlightDataStream>* stream) override;

 private:
  Result<arrow::flight::FlightInfo> Plan(const Context& context, const arrow::flight::FlightDescriptor& descriptor);
  Result<std::unique_ptr<arrow::flight::FlightDataStream>> Read(const Context& context, const arrow::flight::Ticket& ticket);
  /// The statement that a command stands for.
  Result<StatementTicket> StatementOfCommand(const Packed& packed, const std::string& database);

  const FlightSqlOptions& options_;
  Lake* const lake_;
  Statements statements_;
};

}  // namespace gigapi::flight
