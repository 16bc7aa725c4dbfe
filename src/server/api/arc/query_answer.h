// How Arc answers a query: {"success", "columns", "data", "row_count", "execution_time_ms", "timestamp"}, as JSON with rows
// and as MessagePack with columns.
//
// JSON has "missing_nodes" at its end where rows of nodes that did not answer are missing.
//
// Integers are numbers, times RFC 3339; what JSON or MessagePack has no type for (decimals, nested values) is text.
#pragma once

#include <string>

#include "server/encode/result_encoder.h"
#include "server/http/http.h"

namespace gigapi::arc {

/// When a request came: what an answer tells of time.
struct Arrival {
  int64_t wall_ns = 0;
  int64_t steady_ns = 0;
  static Arrival Now();
  std::string Timestamp() const;
  double ElapsedMillis() const;
};

std::unique_ptr<ResultEncoder> MakeJsonAnswer(const arrow::Schema& schema, const Arrival& arrival);
/// Columns come whole in this format, so all rows are held until the last is there: more than `bytes_max` fail with
/// kTooLarge.
std::unique_ptr<ResultEncoder> MakeMsgpackAnswer(std::shared_ptr<arrow::Schema> schema, const Arrival& arrival,
                                                 int64_t bytes_max);

http::Response JsonFailure(const Status& status, const Arrival& arrival);
http::Response MsgpackFailure(const Status& status, const Arrival& arrival);
/// {"success":false,"error":text}: of the endpoints that answer with something else than rows.
http::Response ShortFailure(const Status& status);

}  // namespace gigapi::arc
