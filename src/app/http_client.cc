#include "app/http_client.h"

#include <arrow/util/base64.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>

namespace gigapi {
namespace {

constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kLineBytesMax = 64 << 10;

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

Status Malformed() { return Error(ErrorKind::kUnavailable, "the server's answer is not HTTP"); }

}  // namespace

std::string ErrorText(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  if (parser.parse(body).get(json) != simdjson::SUCCESS) return body;
  for (const auto* name : {"error", "message"}) {
    std::string_view text;
    if (json[name].get(text) == simdjson::SUCCESS) return std::string(text);
  }
  return body;
}

struct HttpClient::AnswerHead {
  int status = 0;
  int64_t content_length = -1;  // -1: not said
  bool chunked = false;
  int64_t retry_after_s = -1;
  bool close = false;
};

HttpClient::HttpClient(HttpAddress address) : address_(std::move(address)) {}

HttpClient::~HttpClient() { Disconnect(); }

void HttpClient::Disconnect() {
  connection_.reset();
  buffer_.clear();
  begin_ = 0;
}

Status HttpClient::Fill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  const size_t had = buffer_.size();
  buffer_.resize(had + kReadBytes);
  const Result<size_t> got = connection_->Read(buffer_.data() + had, kReadBytes);
  buffer_.resize(had + got.ValueOr(0));
  ARROW_RETURN_NOT_OK(got.status());
  if (*got == 0) return Error(ErrorKind::kUnavailable, "the server closed the connection before its answer was complete");
  return Status::OK();
}

Result<std::string> HttpClient::ReadLine() {
  size_t end = 0;
  while ((end = buffer_.find("\r\n", begin_)) == std::string::npos) {
    if (buffer_.size() - begin_ > kLineBytesMax) return Malformed();
    ARROW_RETURN_NOT_OK(Fill());
  }
  std::string line = buffer_.substr(begin_, end - begin_);
  begin_ = end + 2;
  return line;
}

Result<HttpClient::AnswerHead> HttpClient::ReadHead() {
  AnswerHead head;
  ARROW_ASSIGN_OR_RAISE(std::string line, ReadLine());
  if (!line.starts_with("HTTP/1.") || line.size() < 12) return Malformed();
  const auto [end, error] = std::from_chars(line.data() + 9, line.data() + 12, head.status);
  if (error != std::errc()) return Malformed();
  head.close = line.starts_with("HTTP/1.0");
  while (true) {
    ARROW_ASSIGN_OR_RAISE(line, ReadLine());
    if (line.empty()) break;
    const size_t colon = line.find(':');
    if (colon == std::string::npos) return Malformed();
    const std::string_view name = std::string_view(line).substr(0, colon);
    const std::string_view value = Trim(std::string_view(line).substr(colon + 1));
    if (EqualsIgnoringCase(name, "Content-Length")) {
      std::from_chars(value.data(), value.data() + value.size(), head.content_length);
    } else if (EqualsIgnoringCase(name, "Transfer-Encoding")) {
      head.chunked = EqualsIgnoringCase(value, "chunked");
    } else if (EqualsIgnoringCase(name, "Retry-After")) {
      std::from_chars(value.data(), value.data() + value.size(), head.retry_after_s);
    } else if (EqualsIgnoringCase(name, "Connection")) {
      head.close = head.close || EqualsIgnoringCase(value, "close");
    }
  }
  if (head.status == 204 || head.status == 304) head.content_length = 0;
  return head;
}

Status HttpClient::ReadBytes(int64_t count, const BodySink& sink) {
  while (count > 0) {
    if (begin_ == buffer_.size()) ARROW_RETURN_NOT_OK(Fill());
    const size_t piece = std::min<size_t>(count, buffer_.size() - begin_);
    ARROW_RETURN_NOT_OK(sink(std::string_view(buffer_).substr(begin_, piece)));
    begin_ += piece;
    count -= static_cast<int64_t>(piece);
  }
  return Status::OK();
}

Status HttpClient::ReadChunks(const BodySink& sink) {
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const std::string line, ReadLine());
    int64_t size = -1;
    std::from_chars(line.data(), line.data() + line.size(), size, 16);
    if (size < 0) return Malformed();
    if (size == 0) break;
    ARROW_RETURN_NOT_OK(ReadBytes(size, sink));
    ARROW_ASSIGN_OR_RAISE(const std::string end, ReadLine());
    if (!end.empty()) return Malformed();
  }
  while (true) {  // trailers
    ARROW_ASSIGN_OR_RAISE(const std::string line, ReadLine());
    if (line.empty()) return Status::OK();
  }
}

Status HttpClient::ReadToEnd(const BodySink& sink) {
  while (true) {
    ARROW_RETURN_NOT_OK(sink(std::string_view(buffer_).substr(begin_)));
    begin_ = buffer_.size();
    if (!Fill().ok()) return Status::OK();
  }
}

Status HttpClient::ReadBody(const AnswerHead& head, const BodySink& sink) {
  if (head.chunked) return ReadChunks(sink);
  if (head.content_length >= 0) return ReadBytes(head.content_length, sink);
  return ReadToEnd(sink);
}

std::string HttpClient::HeadOf(const HttpRequest& request) const {
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}:{}\r\nContent-Length: {}\r\n", request.method, request.target,
                                 address_.host, address_.port, request.body.size());
  if (!request.content_type.empty()) head += fmt::format("Content-Type: {}\r\n", request.content_type);
  for (const auto& [name, value] : request.headers) head += fmt::format("{}: {}\r\n", name, value);
  if (!address_.username.empty()) {
    const std::string credentials = address_.username + ":" + address_.password;
    head += fmt::format("Authorization: Basic {}\r\n", arrow::util::base64_encode(credentials));
  }
  return head + "\r\n";
}

Result<HttpClient::AnswerHead> HttpClient::Transfer(const HttpRequest& request, const BodySink& sink, std::string* error) {
  never_sent_ = true;
  // A server closes connections that nobody uses: that is seen before something is sent over it.
  if (connection_ != nullptr && connection_->IsClosed()) Disconnect();
  if (connection_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(connection_, Connect(address_));
  }
  never_sent_ = false;
  const auto exchange = [&]() -> Result<AnswerHead> {
    ARROW_RETURN_NOT_OK(connection_->Write(HeadOf(request)));
    ARROW_RETURN_NOT_OK(connection_->Write(request.body));
    ARROW_ASSIGN_OR_RAISE(const AnswerHead answer, ReadHead());
    const BodySink keep_error = [&](std::string_view piece) {
      *error += piece.substr(0, kErrorBytesMax - std::min(kErrorBytesMax, error->size()));
      return Status::OK();
    };
    ARROW_RETURN_NOT_OK(ReadBody(answer, answer.status / 100 == 2 ? sink : keep_error));
    if (answer.close || (answer.content_length < 0 && !answer.chunked)) Disconnect();
    return answer;
  };
  Result<AnswerHead> answer = exchange();
  if (!answer.ok()) Disconnect();
  return answer;
}

Status HttpClient::Send(const HttpRequest& request, const BodySink& sink) {
  std::string error;
  ARROW_ASSIGN_OR_RAISE(const AnswerHead answer, Transfer(request, sink, &error));
  if (answer.status / 100 == 2) return Status::OK();
  return Errorf(ErrorKind::kInvalidArgument, "the server answered {}: {}", answer.status, ErrorText(error));
}

Result<HttpAnswer> HttpClient::Ask(const HttpRequest& request) {
  HttpAnswer answer;
  const auto keep = [&](std::string_view piece) {
    answer.body += piece;
    return Status::OK();
  };
  ARROW_ASSIGN_OR_RAISE(const AnswerHead head, Transfer(request, keep, &answer.body));
  answer.status = head.status;
  answer.retry_after_s = head.retry_after_s;
  return answer;
}

Result<std::string> HttpClient::Fetch(const HttpRequest& request) {
  std::string body;
  ARROW_RETURN_NOT_OK(Send(request, [&](std::string_view piece) {
    body += piece;
    return Status::OK();
  }));
  return body;
}

}  // namespace gigapi
