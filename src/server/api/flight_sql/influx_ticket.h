// The tickets of InfluxDB 3's clients: plain JSON, sent without asking for a plan first.
//
//   {"database": "mydb", "sql_query": "SELECT $x", "query_type": "sql", "params": {"x": 1}}
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "query/query_engine.h"

namespace gigapi::flight {

/// Whether a ticket is JSON; those of Flight SQL never start so.
inline bool IsInfluxTicket(std::string_view ticket) { return ticket.starts_with('{'); }

/// `database` is for tickets that name none. kInvalidArgument for what is no such ticket, kUnsupported for InfluxQL.
Result<QueryRequest> ReadInfluxTicket(std::string_view ticket, const std::string& database);

}  // namespace gigapi::flight
