// What a client asks of Arc's query endpoints. Pure functions.
#pragma once

#include <string>

#include "query/query_engine.h"
#include "server/http/http.h"

namespace gigapi::arc {

/// {"sql"} or {"query"} in the body, and the database of x-arc-database, else of the parameter db or database, else
/// `default`.
Result<QueryRequest> ReadQuery(const http::Request& request);

/// GET /api/v1/query/{measurement}?database&columns=a,b&where&start_time&end_time&order_by&limit&offset as SQL.
Result<QueryRequest> ReadMeasurementQuery(const http::Request& request);

}  // namespace gigapi::arc
