#include "server/error_table.h"

#include <algorithm>
#include <iterator>

#include "base/json_writer.h"
#include "base/log.h"

namespace gigapi {
namespace {

// kOverloaded is 503 and not 429: Telegraf's InfluxDB 1 output throws a batch away at any 4xx, and keeps it at 5xx.
constexpr ErrorMapping kMappings[] = {
    {ErrorKind::kInvalidArgument, 400, 3, "invalid", false},
    {ErrorKind::kUnauthorized, 401, 16, "unauthorized", false},
    {ErrorKind::kForbidden, 403, 7, "forbidden", false},
    {ErrorKind::kNotFound, 404, 5, "not found", false},
    {ErrorKind::kMethodNotAllowed, 405, 12, "method not allowed", false},
    {ErrorKind::kConflict, 409, 10, "conflict", false},
    {ErrorKind::kTooLarge, 413, 11, "request too large", false},
    {ErrorKind::kUnsupported, 501, 12, "not implemented", false},
    {ErrorKind::kOverloaded, 503, 8, "too many requests", true},
    {ErrorKind::kUnavailable, 503, 14, "unavailable", true},
    {ErrorKind::kTimeout, 504, 4, "internal error", false},
    {ErrorKind::kCancelled, 499, 1, "internal error", false},
    {ErrorKind::kInternal, 500, 13, "internal error", false},
};

bool WrittenForClients(const Status& status, ErrorKind kind) {
  if (status.detail() != nullptr) return true;
  return kind != ErrorKind::kInternal && kind != ErrorKind::kUnavailable;
}

}  // namespace

const ErrorMapping& MappingOf(ErrorKind kind) {
  const auto* found =
      std::find_if(std::begin(kMappings), std::end(kMappings), [&](const ErrorMapping& m) { return m.kind == kind; });
  return found != std::end(kMappings) ? *found : std::end(kMappings)[-1];
}

std::string ClientMessage(const Status& status) {
  const ErrorKind kind = KindOf(status);
  if (WrittenForClients(status, kind)) return status.message();
  LOG_ERROR("request failed", "kind={} reason={}", ToString(kind), status.ToString());
  return kind == ErrorKind::kUnavailable ? "the storage cannot take this now" : "internal error";
}

http::Response JsonResponse(int http_status, std::string body) {
  return {http_status, {{"Content-Type", "application/json"}}, std::move(body)};
}

http::Response ResponseFor(const Status& status) {
  const ErrorMapping& mapping = MappingOf(KindOf(status));
  http::Response response;
  response.status = mapping.http_status;
  if (mapping.retry_later) response.headers.emplace_back("Retry-After", "1");
  return response;
}

http::Response ErrorResponse(const Status& status) {
  http::Response response = ResponseFor(status);
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = "{\"error\":";
  AppendJsonString(ClientMessage(status), &response.body);
  response.body += "}\n";
  return response;
}

}  // namespace gigapi
