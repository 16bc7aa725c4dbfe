// Fuzzes the tickets that clients redeem over Flight: InfluxDB's, which are JSON, and those of statements, whose parameters
// are an Arrow stream inside a message.
//
// Beside not crashing: what is read of a statement's ticket and written again is read as the same.
#include <arrow/scalar.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "server/api/flight_sql/influx_ticket.h"
#include "server/api/flight_sql/statement_ticket.pb.h"
#include "server/api/flight_sql/tickets.h"

namespace gigapi::flight {
namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

void FuzzInfluxTicket(std::string_view bytes) {
  const auto request = ReadInfluxTicket(bytes, "other");
  if (!request.ok()) return;
  Check(!request->sql.empty() && !request->database.empty());
}

void FuzzStatement(std::string_view bytes) {
  const auto statement = StatementOf(arrow::flight::Ticket(std::string(bytes)));
  if (!statement.ok()) return;
  const auto ticket = TicketOf(*statement);
  if (!ticket.ok()) return;  // too long
  const auto again = StatementOf(*ticket);
  Check(again.ok() && again->sql() == statement->sql() && again->database() == statement->database() &&
        again->parameters() == statement->parameters() && again->has_from_ns() == statement->has_from_ns() &&
        again->from_ns() == statement->from_ns());
  const auto parameters = UnpackParameters(statement->parameters());
  if (!parameters.ok()) return;
  for (const auto& value : *parameters) Check(value != nullptr && value->ValidateFull().ok());
}

}  // namespace
}  // namespace gigapi::flight

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (gigapi::flight::IsInfluxTicket(bytes)) gigapi::flight::FuzzInfluxTicket(bytes);
  else gigapi::flight::FuzzStatement(bytes);
  return 0;
}
