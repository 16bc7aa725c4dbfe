// InfluxDB 1's side of /query: from a request with q= to {"results":[...]}. GigAPI's SQL lives at the same path
// (api/gigapi/query_routes.h), which asks here whose a request is.
#pragma once

#include <string>
#include <string_view>

#include "server/api/influx/influxql_executor.h"
#include "server/http/http.h"
#include "server/http/worker_pool.h"
#include "server/query_registry.h"

namespace gigapi::influx {

/// Whether the text of a GET's q= is meant as InfluxQL and not as SQL: it has what only InfluxQL has, or it comes from a
/// client of InfluxDB 1, which shows in parameters and headers that nobody else sends.
bool MeansInfluxQl(const http::Request& request, std::string_view text);

/// Thread-safe.
class V1Query {
 public:
  /// All must outlive this.
  V1Query(Lake* lake, QueryEngine* engine, http::WorkerPool* pool, QueryRegistry* registry, http::Headers identity)
      : lake_(lake), engine_(engine), pool_(pool), registry_(registry), identity_(std::move(identity)) {}

  /// Answers the exchange, on a query thread. Parameters (q, db, epoch, chunked, chunk_size, params, pretty) are the URL's,
  /// else the form's. `read_only`: it came by GET.
  void Run(http::ExchangePtr exchange, const http::Params& form, bool read_only);

  /// {"error": ...} with InfluxDB's headers.
  http::Response Refusal(const Status& status) const;

 private:
  struct Call;
  Result<Call> ReadCall(const http::Request& request, const http::Params& form) const;
  Status Answer(Call* call, const QueryCancel& cancel, http::Exchange* exchange);

  Lake* const lake_;
  QueryEngine* const engine_;
  http::WorkerPool* const pool_;
  QueryRegistry* const registry_;
  const http::Headers identity_;
};

/// X-Influxdb-Version and X-Influxdb-Build, which InfluxDB has in every answer.
http::Headers IdentityHeaders(std::string_view version);

}  // namespace gigapi::influx
