// A running query as the record batches that Flight sends, each small enough for every client.
#pragma once

#include <arrow/record_batch.h>

#include <memory>

#include "query/query_engine.h"
#include "server/api/flight_sql/flight_stats.h"
#include "server/query_registry.h"

namespace gigapi::flight {

/// The most that a message should hold. Clients in Go refuse more than 4 MB unless told otherwise.
inline constexpr int64_t kMessageBytes = 2 << 20;

/// Cuts the batches of `rows` into pieces of about kMessageBytes, without copying them.
std::shared_ptr<arrow::RecordBatchReader> CutToMessages(std::shared_ptr<arrow::RecordBatchReader> rows);

/// The rows of `stream`, with the types of flight_types.h. Each is asked for when the one before has been handed to the
/// network, and destroying the reader ends the query. Errors are Flight's. `stats` and the ticket's registry must outlive
/// the reader.
std::shared_ptr<arrow::RecordBatchReader> ReadQuery(std::unique_ptr<QueryStream> stream,
                                                    std::unique_ptr<QueryRegistry::Ticket> ticket, FlightStats* stats);

}  // namespace gigapi::flight
