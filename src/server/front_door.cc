#include "server/front_door.h"

#include <algorithm>
#include <thread>

#include "server/api/arc/arc_errors.h"
#include "server/api/influx/write_errors.h"

namespace gigapi {
namespace {

bool IsLoopback(const std::string& host) { return host.starts_with("127.") || host == "::1" || host == "localhost"; }

http::Response RefuseStranger(const http::Request& request) {
  if (arc::IsArcPath(request.path)) return arc::Unauthorized(HasCredentials(request));
  http::Response response = Unauthorized();
  if (request.path.starts_with("/api/v2/")) response.body = influx::kUnauthorizedV2;
  return response;
}

}  // namespace

http::HttpServerOptions HttpOptionsOf(const ServerOptions& options) {
  http::HttpServerOptions http;
  http.host = options.host;
  http.port = options.port;
  http.io_threads =
      options.io_threads > 0 ? options.io_threads : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  http.header_bytes_max = options.header_bytes_max;
  http.body_bytes_max = options.body_bytes_max;
  http.inflight_body_bytes_max = options.inflight_body_bytes_max;
  http.body_wait_ms_max = options.body_wait_ms_max;
  http.connections_max = options.connections_max;
  http.idle_timeout_ms = options.idle_timeout_ms;
  http.request_timeout_ms = options.request_timeout_ms;
  http.streamed_body_bytes_max = options.import_bytes_max;
  http.tls_certificate_file = options.tls_certificate_file;
  http.tls_key_file = options.tls_key_file;
  http.common_headers = {{"Access-Control-Allow-Origin", "*"}};
  return http;
}

bool IsOpenToStrangers(const ServerOptions& options) {
  return options.username.empty() && options.password.empty() && !IsLoopback(options.host);
}

http::Decision FrontDoor::Decide(http::Request* request) const {
  http::Decision decision = router_->Decide(request);
  // A browser sends no credentials with its preflight, a load balancer none with its ping, and who asks whether there is
  // something to set up has none yet.
  const bool open = request->route == "/ping" || request->route == "/api/v2/setup" || request->method == "OPTIONS";
  if (open || authenticator_.Allows(*request)) return decision;
  return {nullptr, RefuseStranger(*request)};
}

}  // namespace gigapi
