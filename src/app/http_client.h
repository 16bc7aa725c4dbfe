// A small blocking HTTP/1.1 client over plain sockets, for `gigapi query --url` and `gigapi demo`. One keep-alive
// connection, one request at a time, no TLS. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gigapi {

/// http://[user:password@]host[:port]
struct HttpAddress {
  std::string host;
  int port = 80;
  std::string username = {};
  std::string password = {};
};

Result<HttpAddress> ParseHttpAddress(std::string_view url);

/// Percent-encodes what has a meaning in the query of a URL.
std::string UrlEncode(std::string_view text);

struct HttpRequest {
  std::string method = "POST";
  std::string target;  // path and query, percent-encoded
  std::string content_type;
  std::string_view body;
};

class HttpClient {
 public:
  explicit HttpClient(HttpAddress address);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Takes a piece of the body; a failure ends the request.
  using BodySink = std::function<Status(std::string_view)>;

  /// Sends a request and reads its answer; connects when there is no connection. The body goes to `sink` if the status is
  /// 2xx; any other status is a failure with the answer's text.
  Status Send(const HttpRequest& request, const BodySink& sink);
  /// The same; the whole body as a string.
  Result<std::string> Fetch(const HttpRequest& request);

 private:
  struct AnswerHead;

  Status Connect();
  void Disconnect();
  Status WriteAll(std::string_view bytes);
  Status Fill();
  Result<std::string> ReadLine();
  Result<AnswerHead> ReadHead();
  Status ReadBody(const AnswerHead& head, const BodySink& sink);
  Status ReadBytes(int64_t count, const BodySink& sink);
  Status ReadChunks(const BodySink& sink);
  Status ReadToEnd(const BodySink& sink);

  HttpAddress address_;
  int socket_ = -1;
  std::string buffer_;  // read and not used yet, from begin_ on
  size_t begin_ = 0;
};

}  // namespace gigapi
