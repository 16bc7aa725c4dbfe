// POST /api/v1/query/estimate: how many rows a query has, and how much Arc would warn of it.
#pragma once

#include "query/query_engine.h"
#include "server/api/arc/query_answer.h"

namespace gigapi::arc {

/// The query that counts the rows of another.
QueryRequest EstimateQuery(QueryRequest query);

/// Turns its one value into {"success", "estimated_rows", "warning_level", "warning_message", "execution_time_ms"}.
std::unique_ptr<ResultEncoder> MakeEstimateAnswer(const Arrival& arrival);

/// The same keys with "error".
http::Response EstimateFailure(const Status& status);

}  // namespace gigapi::arc
