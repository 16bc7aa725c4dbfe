// HTTP/1.1 to one host, plain or over TLS: connections that are kept and used again, limits on time. No retries, no meaning
// of answers. Thread-safe; each call blocks its thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "object_store/aws_signature.h"

namespace gigapi {

struct HttpEndpoint {
  std::string host;  // a name or an address, IPv6 in brackets
  uint16_t port = 80;
  bool secure = false;  // the certificate must be valid and for this host
};

struct HttpTransportOptions {
  int64_t connect_ms_max = 5'000;
  int64_t silence_ms_max = 10'000;  // without a byte in either direction
  /// A whole exchange: this long, and a second more for each so many bytes of the bodies.
  int64_t exchange_ms_max = 20'000;
  int64_t bytes_per_second_min = 256 << 10;
  /// A kept connection that was idle for longer is closed: servers close theirs after 5 s and more.
  int64_t idle_ms_max = 4'000;
  size_t idle_connections_max = 32;
  /// PEM file of authorities that are trusted besides the machine's; empty: none.
  std::string authorities_file = {};
};

struct HttpExchange {
  std::string method;
  std::string target;  // path and query, percent-encoded
  HttpFields headers;  // all but the length of the body
  std::string_view body;
  /// Takes the body of a 2xx answer; one that does not fit is a failure. Empty: the body comes as a string.
  std::span<char> into;
};

struct HttpReply {
  int status = 0;
  HttpFields headers;  // lower case names
  std::string body;    // unless it went elsewhere
  size_t into_bytes = 0;

  std::string_view Header(std::string_view name) const;
};

struct HttpOutcome {
  Status status;  // kUnavailable when there is no whole answer: unreachable, reset, cut short, silent or slow
  /// Whether any of the request may have reached the server, if there is no answer.
  bool may_have_arrived = false;
  HttpReply reply;
};

class HttpTransport {
 public:
  /// A failure: TLS cannot be set up.
  static Result<std::unique_ptr<HttpTransport>> Make(HttpEndpoint endpoint, HttpTransportOptions options);
  virtual ~HttpTransport() = default;
  virtual HttpOutcome Exchange(const HttpExchange& exchange) = 0;

  /// Of an answer that comes as a string.
  static constexpr size_t kReplyBytesMax = 80 << 20;
};

}  // namespace gigapi
