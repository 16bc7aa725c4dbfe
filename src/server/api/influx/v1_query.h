// InfluxDB 1's side of /query: from a request with q= to {"results":[...]}. GigAPI's SQL lives at the same path
// (api/gigapi/query_routes.h), which asks here whose a request is.
#pragma once

#include <string>
#include <string_view>

#include "server/api/influx/influxql_executor.h"
#include "server/http/http.h"
#include "server/http/worker_pool.h"

namespace gigapi::influx {

/// Whether the text of a GET's q= is meant as InfluxQL and not as SQL: it is a statement that only InfluxQL has, or it comes
/// from a client of InfluxDB 1, which shows in parameters and headers that nobody else sends.
bool MeansInfluxQl(const http::Request& request, std::string_view text);

/// Thread-safe.
class V1Query {
 public:
  /// All must outlive this.
  V1Query(Lake* lake, QueryEngine* engine, http::WorkerPool* pool, http::Headers identity)
      : executor_(lake, engine), pool_(pool), identity_(std::move(identity)) {}

  /// Answers the exchange, on a query thread. `read_only`: it came by GET.
  void Run(http::ExchangePtr exchange, std::string text, std::string database, bool read_only);

  /// {"error": ...} with InfluxDB's headers.
  http::Response Refusal(const Status& status) const;

 private:
  http::Response Answer(const std::string& text, const std::string& database, bool read_only, const QueryCancel& cancel);

  InfluxQlExecutor executor_;
  http::WorkerPool* const pool_;
  const http::Headers identity_;
};

/// X-Influxdb-Version and X-Influxdb-Build, which InfluxDB has in every answer.
http::Headers IdentityHeaders(std::string_view version);

}  // namespace gigapi::influx
