// A small blocking HTTP/1.1 client, for the subcommands that talk to a server. One keep-alive connection, one request at a
// time. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/byte_stream.h"
#include "app/http_address.h"
#include "base/error.h"

namespace gigapi {

/// What an answer says was wrong: the message of a JSON object, or the text itself.
std::string ErrorText(const std::string& body);

struct HttpRequest {
  std::string method = "POST";
  std::string target;  // path and query, percent-encoded
  std::string content_type;
  std::string_view body;
  std::vector<std::pair<std::string, std::string>> headers = {};  // more of them
};

/// An answer of any status.
struct HttpAnswer {
  int status = 0;
  int64_t retry_after_s = -1;  // -1: not said
  std::string body;            // at most HttpClient::kErrorBytesMax unless the status is 2xx
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
  /// The same; every status is an answer. Fails when there is none: never_sent() tells whether
  /// it can be sent again.
  Result<HttpAnswer> Ask(const HttpRequest& request);
  /// Whether nothing of the last request has reached a server: it can be sent again without a doubt.
  bool never_sent() const { return never_sent_; }

  static constexpr size_t kErrorBytesMax = 4 << 20;

 private:
  struct AnswerHead;

  /// 2xx: the body goes to `sink`, else to `error`.
  Result<AnswerHead> Transfer(const HttpRequest& request, const BodySink& sink, std::string* error);
  std::string HeadOf(const HttpRequest& request) const;
  void Disconnect();
  Status Fill();
  Result<std::string> ReadLine();
  Result<AnswerHead> ReadHead();
  Status ReadBody(const AnswerHead& head, const BodySink& sink);
  Status ReadBytes(int64_t count, const BodySink& sink);
  Status ReadChunks(const BodySink& sink);
  Status ReadToEnd(const BodySink& sink);

  HttpAddress address_;
  std::unique_ptr<ByteStream> connection_;  // nullptr: not connected
  std::string buffer_;                      // read and not used yet, from begin_ on
  size_t begin_ = 0;
  bool never_sent_ = true;
};

}  // namespace gigapi
