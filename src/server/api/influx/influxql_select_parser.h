// SELECT of InfluxQL. Pure.
#pragma once

#include "server/api/influx/influxql_ast.h"
#include "server/api/influx/influxql_token_reader.h"

namespace gigapi::influx {

/// What follows the word SELECT. INTO is kUnsupported. Subqueries have what they take over from the query around them.
Result<Statement> ParseSelect(TokenReader* in);

/// FROM and what it names, which is no subquery; the reader stands at FROM.
Status ParseSources(TokenReader* in, std::vector<Source>* sources);

}  // namespace gigapi::influx
