// The answer to a statement of InfluxQL as rows of one table, which is how InfluxDB 3 gives it: the measurement in the
// column iox::measurement, then the time, the tags of GROUP BY and the values.
#pragma once

#include <memory>
#include <string>

#include "lake/lake.h"
#include "query/query_engine.h"
#include "server/api/influx/influxql_ast.h"

namespace gigapi::influx {

/// Starts a statement that reads; one that changes something is kUnsupported. The rows come while the query runs. `lake` and
/// `engine` must outlive the stream. Blocks: to be called on a query thread.
Result<std::unique_ptr<QueryStream>> OpenInfluxQl(Lake* lake, QueryEngine* engine,
                                                  std::shared_ptr<const Statement> statement, const std::string& database,
                                                  const QueryCancel& cancel);

}  // namespace gigapi::influx
