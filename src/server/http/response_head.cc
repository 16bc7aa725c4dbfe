#include "server/http/response_head.h"

#include <fmt/format.h>

#include <ctime>
#include <iterator>

namespace gigapi::http {
namespace {

/// As in "Sun, 06 Nov 1994 08:49:37 GMT"; made once a second and thread.
std::string_view DateNow() {
  thread_local std::time_t cached_at = 0;
  thread_local char text[64] = {};
  const std::time_t now = std::time(nullptr);
  if (now != cached_at) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    cached_at = now;
  }
  return text;
}

/// A value may quote what a client has sent: clients do not take an answer whose head has control characters.
void AppendHeader(std::string_view name, std::string_view value, std::string* out) {
  out->append(name).append(": ");
  for (const char c : value) out->push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c);
  out->append("\r\n");
}

}  // namespace

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 499: return "Client Closed Request";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Status";
  }
}

void AppendResponseHead(const ResponseHead& head, std::string* out) {
  fmt::format_to(std::back_inserter(*out), "HTTP/1.1 {} {}\r\nDate: {}\r\n", head.status, ReasonPhrase(head.status),
                 DateNow());
  for (const Headers* headers : {head.headers, head.common_headers}) {
    if (headers == nullptr) continue;
    for (const auto& [name, value] : *headers) AppendHeader(name, value, out);
  }
  if (head.framing == BodyFraming::kLength) {
    fmt::format_to(std::back_inserter(*out), "Content-Length: {}\r\n", head.content_length);
  } else if (head.framing == BodyFraming::kChunked) {
    out->append("Transfer-Encoding: chunked\r\n");
  }
  if (!head.keep_alive) out->append("Connection: close\r\n");
  else if (!head.http_1_1) out->append("Connection: keep-alive\r\n");
  out->append("\r\n");
}

}  // namespace gigapi::http
