// One keep-alive HTTP/1.1 connection over a plain socket: sends a request, reads and drops the answer. No copy of the body
// is made, so that the client costs as little CPU as it can beside the server it measures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gigapi::bench {

class HttpConnection {
 public:
  /// Connects; ends the process when that fails.
  HttpConnection(const std::string& host, int port);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  struct Answer {
    int status = 0;          // 0: the connection broke
    int64_t body_bytes = 0;  // without the framing of chunks
    std::string beginning;   // of the body, for messages
  };
  /// `headers` are whole lines, each with its CRLF; Host and Content-Length are added.
  Answer Post(std::string_view target, std::string_view headers, std::string_view body);

 private:
  bool Send(std::string_view head, std::string_view body);
  bool Fill();
  bool ReadLine(std::string* line);
  bool ReadBytes(int64_t count, Answer* answer);
  bool ReadChunks(Answer* answer);

  std::string host_;
  int socket_ = -1;
  std::string buffer_;
  size_t begin_ = 0;  // what is read of buffer_ and not used yet: [begin_, end_)
  size_t end_ = 0;
};

}  // namespace gigapi::bench
