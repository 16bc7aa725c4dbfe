// The one table from kinds of failure to what clients see of them: HTTP status, gRPC code, InfluxDB's code.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "server/http/http.h"

namespace gigapi {

struct ErrorMapping {
  ErrorKind kind;
  int http_status;
  int grpc_code;                 // as in grpc/status.h
  std::string_view influx_code;  // of InfluxDB 2's error bodies
  bool retry_later;              // Retry-After goes with it
};

const ErrorMapping& MappingOf(ErrorKind kind);

/// What a client may read of a failure. Messages made with Error() are written for clients; those of libraries may name
/// files, so they are logged and replaced by a general text.
std::string ClientMessage(const Status& status);

/// An empty answer with the status of the failure, and Retry-After where waiting helps.
http::Response ResponseFor(const Status& status);

/// The same with the body {"error": message}, as GigAPI and InfluxDB 1 have it.
http::Response ErrorResponse(const Status& status);

http::Response JsonResponse(int http_status, std::string body);

}  // namespace gigapi
