// The head of an answer as bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/http/http.h"

namespace gigapi::http {

enum class BodyFraming {
  kNone,     // 204 and 304: there is no body
  kLength,   // Content-Length
  kChunked,  // HTTP/1.1
  kClose,    // HTTP/1.0: the end of the connection ends the body
};

struct ResponseHead {
  int status = 200;
  const Headers* headers = nullptr;
  const Headers* common_headers = nullptr;
  BodyFraming framing = BodyFraming::kLength;
  int64_t content_length = 0;
  bool keep_alive = true;
  bool http_1_1 = true;
};

/// "OK" for 200.
std::string_view ReasonPhrase(int status);

/// Appends status line, headers and empty line. Line breaks inside header values become spaces.
void AppendResponseHead(const ResponseHead& head, std::string* out);

}  // namespace gigapi::http
