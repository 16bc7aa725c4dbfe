// The tickets of Flight SQL statements: all that a statement needs to run, so that the server keeps nothing. Pure.
#pragma once

#include <arrow/flight/types.h>
#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gigapi::flight {

class StatementTicket;

/// A ticket's bytes, and back. kInvalidArgument for a statement that is too long.
Result<arrow::flight::Ticket> TicketOf(const StatementTicket& statement);
Result<StatementTicket> StatementOf(const arrow::flight::Ticket& ticket);

/// One row as the bytes of an IPC stream, and back, checked: a client may send any bytes.
Result<std::string> PackParameters(const std::shared_ptr<arrow::RecordBatch>& row);
Result<std::vector<std::shared_ptr<arrow::Scalar>>> UnpackParameters(std::string_view bytes);

}  // namespace gigapi::flight
