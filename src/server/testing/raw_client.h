// A client that sends bytes as they are, to see what a server makes of them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gigapi {

struct RawResponse {
  int status = 0;  // 0: the connection ended before a complete answer
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // without the chunked coding

  std::string Header(std::string_view name) const;  // case ignored
};

/// Blocking, one connection to 127.0.0.1; reading gives up after ten seconds.
class RawClient {
 public:
  explicit RawClient(int port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False when the server has closed.
  bool Send(std::string_view bytes);
  /// Reads one answer; that to a HEAD has no body whatever its headers say.
  RawResponse Read(bool head_only = false);
  /// "GET /x HTTP/1.1" with Host, and reads the answer.
  RawResponse Get(std::string_view target, std::string_view extra_headers = "");
  RawResponse Post(std::string_view target, std::string_view body, std::string_view extra_headers = "");

  /// What is left until the server closes.
  std::string ReadToEnd();
  /// Whether the server closes the connection, without sending more.
  bool AtEnd();
  void CloseWriting();
  void Close();

 private:
  bool Fill();

  int fd_ = -1;
  std::string buffer_;
};

}  // namespace gigapi
