#include "server/api/flight_sql/flight_service.h"

#include "base/clock.h"
#include "base/uuid.h"
#include "server/api/flight_sql/call_headers.h"
#include "server/api/flight_sql/flight_errors.h"
#include "server/api/flight_sql/flight_sql.pb.h"
#include "server/api/flight_sql/influx_ticket.h"
#include "server/api/flight_sql/metadata.h"
#include "server/api/flight_sql/packed_message.h"
#include "server/api/flight_sql/query_reader.h"
#include "server/api/flight_sql/sql_info.h"
#include "server/api/flight_sql/statement_ticket.pb.h"
#include "server/api/flight_sql/tickets.h"

namespace gigapi::flight {

namespace pb = arrow::flight::protocol::sql;

FlightService::FlightService(const FlightSqlOptions* options, Lake* lake, QueryEngine* engine, QueryRegistry* registry,
                             FlightStats* stats, PeerService* peers)
    : options_(*options),
      lake_(lake),
      peers_(peers),
      statements_(engine, lake, registry, stats),
      prepared_({.idle_ms_max = kPreparedStatementIdleMs}, SteadyNanos),
      ingest_(lake, stats, {options->columns_per_table_max, options->body_bytes_max}) {}

Status FlightService::GetFlightInfo(const Context& context, const arrow::flight::FlightDescriptor& descriptor,
                                    std::unique_ptr<arrow::flight::FlightInfo>* info) {
  auto planned = Plan(context, descriptor);
  if (!planned.ok()) return ToFlightStatus(planned.status());
  *info = std::make_unique<arrow::flight::FlightInfo>(*std::move(planned));
  return Status::OK();
}

Status FlightService::GetSchema(const Context& context, const arrow::flight::FlightDescriptor& descriptor,
                                std::unique_ptr<arrow::flight::SchemaResult>* schema) {
  auto planned = Plan(context, descriptor);
  if (!planned.ok()) return ToFlightStatus(planned.status());
  *schema = std::make_unique<arrow::flight::SchemaResult>(planned->serialized_schema());
  return Status::OK();
}

Status FlightService::DoGet(const Context& context, const arrow::flight::Ticket& ticket,
                            std::unique_ptr<arrow::flight::FlightDataStream>* stream) {
  auto opened = Read(context, ticket);
  if (!opened.ok()) return ToFlightStatus(opened.status());
  *stream = *std::move(opened);
  return Status::OK();
}

Result<StatementTicket> FlightService::StatementOfCommand(const Packed& packed, const std::string& database) {
  StatementTicket statement;
  statement.set_database(database);
  if (packed.name == "CommandStatementQuery") {
    ARROW_ASSIGN_OR_RAISE(auto command, ParseMessage<pb::CommandStatementQuery>(packed.value));
    if (command.has_transaction_id() && !command.transaction_id().empty()) {
      return Error(ErrorKind::kUnsupported, "there are no transactions");
    }
    statement.set_sql(std::move(*command.mutable_query()));
    return statement;
  }
  if (packed.name == "CommandPreparedStatementQuery") {
    ARROW_ASSIGN_OR_RAISE(const auto command, ParseMessage<pb::CommandPreparedStatementQuery>(packed.value));
    ARROW_ASSIGN_OR_RAISE(auto prepared, prepared_.Find(command.prepared_statement_handle()));
    statement.set_sql(std::move(prepared.sql));
    statement.set_database(std::move(prepared.database));
    statement.set_parameters(std::move(prepared.parameters));
    return statement;
  }
  return Errorf(ErrorKind::kUnsupported, "{} is not supported", packed.name);
}

Result<arrow::flight::FlightInfo> FlightService::Plan(const Context& context,
                                                      const arrow::flight::FlightDescriptor& descriptor) {
  if (descriptor.type != arrow::flight::FlightDescriptor::CMD) {
    return Error(ErrorKind::kUnsupported, "a path names a table to write to; read by a statement");
  }
  ARROW_ASSIGN_OR_RAISE(const Packed packed, Unpack(descriptor.cmd));
  ARROW_ASSIGN_OR_RAISE(const auto metadata, FindMetadata(packed, lake_, options_.version));
  if (metadata) {
    // The command is its own ticket.
    const std::vector<arrow::flight::FlightEndpoint> endpoints = {{arrow::flight::Ticket(descriptor.cmd), {}, {}, {}}};
    return arrow::flight::FlightInfo::Make(metadata->schema, descriptor, endpoints, -1, -1);
  }
  ARROW_ASSIGN_OR_RAISE(const CallScope scope, ReadScope(context.incoming_headers(), options_.default_database));
  ARROW_ASSIGN_OR_RAISE(auto statement, StatementOfCommand(packed, scope.database));
  return statements_.Plan(context, std::move(statement), descriptor, scope.partitions);
}

Result<std::unique_ptr<arrow::flight::FlightDataStream>> FlightService::Read(const Context& context,
                                                                             const arrow::flight::Ticket& ticket) {
  if (IsInfluxTicket(ticket.ticket)) {
    ARROW_ASSIGN_OR_RAISE(const CallScope scope, ReadScope(context.incoming_headers(), options_.default_database));
    ARROW_ASSIGN_OR_RAISE(const QueryRequest request, ReadInfluxTicket(ticket.ticket, scope.database));
    return statements_.Run(context, request, NewUuid());
  }
  ARROW_ASSIGN_OR_RAISE(const Packed packed, Unpack(ticket.ticket));
  ARROW_ASSIGN_OR_RAISE(const auto metadata, FindMetadata(packed, lake_, options_.version));
  if (metadata) {
    ARROW_ASSIGN_OR_RAISE(auto batch, metadata->rows());
    ARROW_ASSIGN_OR_RAISE(auto rows, arrow::RecordBatchReader::Make({std::move(batch)}, metadata->schema));
    return std::make_unique<arrow::flight::RecordBatchStream>(CutToMessages(std::move(rows)));
  }
  ARROW_ASSIGN_OR_RAISE(const auto statement, StatementOf(ticket));
  return statements_.Run(context, statement);
}

}  // namespace gigapi::flight
