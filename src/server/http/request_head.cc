#include "server/http/request_head.h"

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <charconv>

#include "server/http/url.h"

namespace gigapi::http {
namespace {

namespace beast = boost::beast;

Status Malformed(std::string_view what) { return Errorf(ErrorKind::kInvalidArgument, "malformed request: {}", what); }

/// What Beast lets pass, or may repair, and we do not.
Status CheckLines(std::string_view head) {
  while (!head.empty()) {
    const size_t end = head.find("\r\n");
    if (end == std::string_view::npos) return Malformed("a line without CRLF");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (!line.empty() && (line[0] == ' ' || line[0] == '\t')) return Malformed("a folded header line");
    for (const char c : line) {
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f)
        return Malformed("a control character in the head");
    }
  }
  return Status::OK();
}

Result<int64_t> ParseContentLength(std::string_view text) {
  int64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  const bool digits_only = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits_only || error != std::errc() || end != text.data() + text.size()) return Malformed("bad Content-Length");
  return length;
}

/// Whether a comma-separated header value has the token.
bool HasToken(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
    if (EqualsIgnoringCase(item, token)) return true;
  }
  return false;
}

/// Sets what says where the body ends, and how the connection goes on.
Status ReadFraming(RequestHead* head) {
  int lengths = 0, codings = 0, hosts = 0;
  head->keep_alive = head->http_1_1;
  for (const auto& [name, value] : head->request.headers) {
    if (EqualsIgnoringCase(name, "Content-Length")) {
      ++lengths;
      ARROW_ASSIGN_OR_RAISE(head->content_length, ParseContentLength(value));
    } else if (EqualsIgnoringCase(name, "Transfer-Encoding")) {
      ++codings;
      if (!EqualsIgnoringCase(value, "chunked")) {
        return Error(ErrorKind::kUnsupported, "the only transfer coding is chunked");
      }
      head->chunked = true;
    } else if (EqualsIgnoringCase(name, "Host")) {
      ++hosts;
    } else if (EqualsIgnoringCase(name, "Connection")) {
      if (HasToken(value, "close")) head->keep_alive = false;
      else if (!head->http_1_1 && HasToken(value, "keep-alive")) head->keep_alive = true;
    } else if (EqualsIgnoringCase(name, "Expect")) {
      // A client of HTTP/1.0 would take 100 for the answer.
      head->expects_continue = head->http_1_1 && EqualsIgnoringCase(value, "100-continue");
    }
  }
  if (lengths > 1) return Malformed("two Content-Length headers");
  if (codings > 1) return Malformed("two Transfer-Encoding headers");
  if (lengths > 0 && codings > 0) return Malformed("both Content-Length and Transfer-Encoding");
  if (head->chunked && !head->http_1_1) return Malformed("Transfer-Encoding in HTTP/1.0");
  if (hosts > 1 || (hosts == 0 && head->http_1_1)) return Malformed("exactly one Host header is needed");
  return Status::OK();
}

}  // namespace

std::optional<size_t> FindHeadEnd(std::string_view bytes) {
  const size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  return end + 4;
}

Result<RequestHead> ParseRequestHead(std::string_view bytes) {
  ARROW_RETURN_NOT_OK(CheckLines(bytes));

  beast::http::request_parser<beast::http::empty_body> parser;
  // The connection has limits of its own, for the head before this is called and for the body after.
  parser.header_limit(static_cast<std::uint32_t>(bytes.size() + 1));
  parser.body_limit(boost::none);
  beast::error_code error;
  parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error && error != beast::http::error::need_more) {
    // Beast refuses what it does not know as a transfer coding or as a length here too: each a 400.
    return Malformed(error.message());
  }
  if (!parser.is_header_done()) return Malformed("an incomplete head");

  const auto& message = parser.get();
  RequestHead head;
  head.http_1_1 = message.version() == 11;
  if (message.version() != 11 && message.version() != 10) return Malformed("only HTTP/1.0 and 1.1 are spoken");
  head.request.method.assign(message.method_string());
  head.request.target.assign(message.target());
  head.request.headers.reserve(16);
  for (const auto& field : message) {
    head.request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  ARROW_RETURN_NOT_OK(ReadFraming(&head));
  ARROW_RETURN_NOT_OK(ParseTarget(head.request.target, &head.request.path, &head.request.query));
  return head;
}

}  // namespace gigapi::http
