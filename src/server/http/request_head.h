// The head of a request: from bytes to what the connection and the handlers need. Pure functions; strict, since a request
// that two servers read differently is how requests are smuggled past a proxy.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/http/http.h"

namespace gigapi::http {

struct RequestHead {
  Request request;  // without body, route and remote address
  bool http_1_1 = true;
  bool keep_alive = true;
  bool chunked = false;
  bool expects_continue = false;
  int64_t content_length = 0;  // 0 as well when chunked
};

/// The size of the head that `bytes` begins with, its empty line included; nullopt when it is not complete.
std::optional<size_t> FindHeadEnd(std::string_view bytes);

/// Reads one complete head. kInvalidArgument for what is not HTTP/1.0 or 1.1, or could be read in two ways: both
/// Content-Length and Transfer-Encoding, either of them twice, a space before a colon, folded lines, bare CR or LF, control
/// characters, no Host or two; kUnsupported for a transfer coding other than chunked.
Result<RequestHead> ParseRequestHead(std::string_view bytes);

}  // namespace gigapi::http
