// An HTTP server on a free port of the loopback address that answers what a test says, byte for byte, or breaks off.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace gigapi {

struct ScriptRequest {
  std::string method;
  std::string target;
  std::string head;  // all header lines
  std::string body;
};

struct ScriptReply {
  std::string bytes = {};     // head and body; empty: none
  bool closes = false;        // after the bytes
  bool keeps_silent = false;  // after the bytes; until the server ends
};

class HttpScriptServer {
 public:
  using Handler = std::function<ScriptReply(const ScriptRequest&)>;

  /// The handler is called by one thread at a time.
  explicit HttpScriptServer(Handler handler);
  ~HttpScriptServer();

  uint16_t port() const { return port_; }
  int connections() const { return connections_; }

  static ScriptReply Answer(int status, const std::string& body, const std::string& header_lines = "");

 private:
  void Accept();
  void Serve(int socket);

  const Handler handler_;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::mutex mutex_;          // of the handler
  std::mutex sockets_mutex_;  // of what follows
  std::set<int> sockets_;
  bool ending_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace gigapi
