#include "server/api/flight_sql/tickets.h"

#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/scalar.h>

#include "server/api/flight_sql/flight_sql.pb.h"
#include "server/api/flight_sql/packed_message.h"
#include "server/api/flight_sql/statement_ticket.pb.h"

namespace gigapi::flight {

namespace pb = arrow::flight::protocol::sql;

namespace {

constexpr size_t kTicketBytesMax = 4 << 20;

}  // namespace

Result<arrow::flight::Ticket> TicketOf(const StatementTicket& statement) {
  pb::TicketStatementQuery ticket;
  ticket.set_statement_handle(statement.SerializeAsString());
  if (ticket.statement_handle().size() > kTicketBytesMax) {
    return Errorf(ErrorKind::kTooLarge, "the statement and its parameters are larger than {} bytes", kTicketBytesMax);
  }
  return arrow::flight::Ticket(Pack(ticket));
}

Result<StatementTicket> StatementOf(const arrow::flight::Ticket& ticket) {
  ARROW_ASSIGN_OR_RAISE(const auto packed, UnpackAs<pb::TicketStatementQuery>(ticket.ticket));
  return ParseMessage<StatementTicket>(packed.statement_handle());
}

Result<std::string> PackParameters(const std::shared_ptr<arrow::RecordBatch>& row) {
  ARROW_ASSIGN_OR_RAISE(const auto out, arrow::io::BufferOutputStream::Create());
  ARROW_ASSIGN_OR_RAISE(const auto writer, arrow::ipc::MakeStreamWriter(out, row->schema()));
  ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*row));
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(const auto buffer, out->Finish());
  return buffer->ToString();
}

Result<std::vector<std::shared_ptr<arrow::Scalar>>> UnpackParameters(std::string_view bytes) {
  arrow::io::BufferReader in(std::make_shared<arrow::Buffer>(bytes));
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  ARROW_ASSIGN_OR_RAISE(const auto reader, arrow::ipc::RecordBatchStreamReader::Open(&in, options));
  std::shared_ptr<arrow::RecordBatch> row;
  ARROW_RETURN_NOT_OK(reader->ReadNext(&row));
  if (row == nullptr) return Error(ErrorKind::kInvalidArgument, "the ticket's parameters are missing");
  ARROW_RETURN_NOT_OK(row->ValidateFull());
  if (row->num_rows() != 1) return Error(ErrorKind::kInvalidArgument, "the ticket's parameters are not one row");
  std::vector<std::shared_ptr<arrow::Scalar>> values;
  for (const auto& column : row->columns()) {
    ARROW_ASSIGN_OR_RAISE(auto value, column->GetScalar(0));
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace gigapi::flight
