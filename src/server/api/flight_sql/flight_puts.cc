// What clients send: rows to keep, values of parameters, and changes, which are refused.
#include "server/api/flight_sql/call_headers.h"
#include "server/api/flight_sql/flight_errors.h"
#include "server/api/flight_sql/flight_service.h"
#include "server/api/flight_sql/flight_sql.pb.h"
#include "server/api/flight_sql/metadata.h"
#include "server/api/flight_sql/packed_message.h"
#include "server/api/flight_sql/parameter_row.h"
#include "server/api/flight_sql/statement_ticket.pb.h"
#include "server/api/flight_sql/tickets.h"

namespace gigapi::flight {

namespace pb = arrow::flight::protocol::sql;

namespace {

using Definition = pb::CommandStatementIngest::TableDefinitionOptions;

TableMode ModeOf(const Definition& definition) {
  const bool fails_without = definition.if_not_exist() == Definition::TABLE_NOT_EXIST_OPTION_FAIL;
  switch (definition.if_exists()) {
    case Definition::TABLE_EXISTS_OPTION_REPLACE: return TableMode::kReplace;
    case Definition::TABLE_EXISTS_OPTION_FAIL: return TableMode::kCreate;
    default: return fails_without ? TableMode::kAppend : TableMode::kCreateOrAppend;
  }
}

Result<IngestTarget> TargetOf(const pb::CommandStatementIngest& command, const std::string& database) {
  if (command.temporary()) return Error(ErrorKind::kUnsupported, "there are no temporary tables");
  if (!command.transaction_id().empty()) return Error(ErrorKind::kUnsupported, "there are no transactions");
  if (!command.catalog().empty() && command.catalog() != kCatalogName) {
    return Errorf(ErrorKind::kNotFound, "there is no catalog '{}': the only one is '{}'", command.catalog(), kCatalogName);
  }
  return IngestTarget{command.schema().empty() ? database : command.schema(), command.table(),
                      ModeOf(command.table_definition_options())};
}

Result<IngestTarget> TargetOf(const std::vector<std::string>& path, const std::string& database) {
  if (path.size() == 1) return IngestTarget{database, path[0]};
  if (path.size() == 2) return IngestTarget{path[0], path[1]};
  return Error(ErrorKind::kInvalidArgument, "a path to write to is TABLE, or DATABASE and TABLE");
}

Status Answer(const google::protobuf::MessageLite& message, arrow::flight::FlightMetadataWriter* writer) {
  return writer->WriteMetadata(*arrow::Buffer::FromString(message.SerializeAsString()));
}

}  // namespace

Status FlightService::DoPut(const Context& context, std::unique_ptr<arrow::flight::FlightMessageReader> reader,
                            std::unique_ptr<arrow::flight::FlightMetadataWriter> writer) {
  return ToFlightStatus(Put(context, reader.get(), writer.get()));
}

Status FlightService::Put(const Context& context, arrow::flight::FlightMessageReader* reader,
                          arrow::flight::FlightMetadataWriter* writer) {
  ARROW_ASSIGN_OR_RAISE(const CallScope scope, ReadScope(context.incoming_headers(), options_.default_database));
  const arrow::flight::FlightDescriptor& descriptor = reader->descriptor();
  if (descriptor.type == arrow::flight::FlightDescriptor::PATH) {
    ARROW_ASSIGN_OR_RAISE(const auto target, TargetOf(descriptor.path, scope.database));
    return PutRows(target, reader, writer);
  }
  ARROW_ASSIGN_OR_RAISE(const Packed packed, Unpack(descriptor.cmd));
  if (packed.name == "CommandStatementIngest") {
    ARROW_ASSIGN_OR_RAISE(const auto command, ParseMessage<pb::CommandStatementIngest>(packed.value));
    ARROW_ASSIGN_OR_RAISE(const auto target, TargetOf(command, scope.database));
    return PutRows(target, reader, writer);
  }
  if (packed.name == "CommandPreparedStatementQuery") {
    ARROW_ASSIGN_OR_RAISE(const auto command, ParseMessage<pb::CommandPreparedStatementQuery>(packed.value));
    return PutParameters(command.prepared_statement_handle(), reader, writer);
  }
  if (packed.name == "CommandStatementUpdate" || packed.name == "CommandPreparedStatementUpdate") {
    return Error(ErrorKind::kUnsupported,
                 "SQL reads: write rows by ingest (adbc_ingest) or over HTTP, drop tables over HTTP");
  }
  return Errorf(ErrorKind::kUnsupported, "{} is not supported", packed.name);
}

Status FlightService::PutRows(const IngestTarget& target, arrow::flight::FlightMessageReader* reader,
                              arrow::flight::FlightMetadataWriter* writer) {
  ARROW_ASSIGN_OR_RAISE(const int64_t rows, ingest_.Write(target, reader));
  pb::DoPutUpdateResult result;
  result.set_record_count(rows);
  return Answer(result, writer);
}

Status FlightService::PutParameters(const std::string& handle, arrow::flight::FlightMessageReader* reader,
                                    arrow::flight::FlightMetadataWriter* writer) {
  ARROW_RETURN_NOT_OK(prepared_.Find(handle).status());
  std::shared_ptr<arrow::RecordBatch> row;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(auto chunk, reader->Next());
    if (chunk.data == nullptr && chunk.app_metadata == nullptr) break;
    if (chunk.data == nullptr || chunk.data->num_rows() == 0) continue;
    if (row != nullptr) return Error(ErrorKind::kInvalidArgument, "bind one row of parameters at a time");
    ARROW_ASSIGN_OR_RAISE(row, PlainParameterRow(*chunk.data));
  }
  std::string bytes;
  if (row != nullptr && row->num_columns() > 0) {
    ARROW_ASSIGN_OR_RAISE(bytes, PackParameters(row));
  }
  ARROW_RETURN_NOT_OK(prepared_.Bind(handle, std::move(bytes)));
  pb::DoPutPreparedStatementResult result;
  result.set_prepared_statement_handle(handle);
  return Answer(result, writer);
}

}  // namespace gigapi::flight
