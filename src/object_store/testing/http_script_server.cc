#include "object_store/testing/http_script_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/thread.h"

namespace gigapi {
namespace {

/// Reads on until `buffer` has so many bytes; false at the end of the connection.
bool FillTo(int socket, size_t size, std::string* buffer) {
  char piece[65536];
  while (buffer->size() < size) {
    const ssize_t read = ::recv(socket, piece, sizeof(piece), 0);
    if (read <= 0) return false;
    buffer->append(piece, static_cast<size_t>(read));
  }
  return true;
}

std::optional<ScriptRequest> ReadRequest(int socket, std::string* buffer) {
  size_t end = 0;
  while ((end = buffer->find("\r\n\r\n")) == std::string::npos) {
    if (!FillTo(socket, buffer->size() + 1, buffer)) return std::nullopt;
  }
  ScriptRequest request;
  const size_t first_line = buffer->find("\r\n");
  const std::string line = buffer->substr(0, first_line);
  request.method = line.substr(0, line.find(' '));
  request.target = line.substr(request.method.size() + 1, line.rfind(' ') - request.method.size() - 1);
  request.head = buffer->substr(first_line + 2, end - first_line);
  std::string lower = request.head;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const size_t length_at = lower.find("content-length: ");
  const size_t length = length_at == std::string::npos ? 0 : std::strtoul(lower.c_str() + length_at + 16, nullptr, 10);
  if (!FillTo(socket, end + 4 + length, buffer)) return std::nullopt;
  request.body = buffer->substr(end + 4, length);
  buffer->erase(0, end + 4 + length);
  return request;
}

}  // namespace

HttpScriptServer::HttpScriptServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0) std::abort();
  (void)::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  threads_.push_back(StartThread("script-accept", [this] { Accept(); }));
}

HttpScriptServer::~HttpScriptServer() {
  std::vector<std::jthread> threads;
  {
    const std::lock_guard lock(sockets_mutex_);
    ending_ = true;
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    ::shutdown(listener_, SHUT_RDWR);
    threads.swap(threads_);
  }
  threads.clear();
  ::close(listener_);
}

void HttpScriptServer::Accept() {
  while (true) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    ++connections_;
    const std::lock_guard lock(sockets_mutex_);
    if (ending_) {
      ::close(socket);
      return;
    }
    sockets_.insert(socket);
    threads_.push_back(StartThread("script-serve", [this, socket] { Serve(socket); }));
  }
}

void HttpScriptServer::Serve(int socket) {
  std::string buffer;
  while (const auto request = ReadRequest(socket, &buffer)) {
    ScriptReply reply;
    {
      const std::lock_guard lock(mutex_);
      reply = handler_(*request);
    }
    if (::send(socket, reply.bytes.data(), reply.bytes.size(), MSG_NOSIGNAL) < 0) break;
    if (reply.keeps_silent) (void)FillTo(socket, SIZE_MAX, &buffer);
    if (reply.closes || reply.keeps_silent) break;
  }
  const std::lock_guard lock(sockets_mutex_);
  sockets_.erase(socket);
  ::close(socket);
}

ScriptReply HttpScriptServer::Answer(int status, const std::string& body, const std::string& header_lines) {
  return {.bytes = "HTTP/1.1 " + std::to_string(status) + " Said\r\nContent-Length: " + std::to_string(body.size()) +
                   "\r\n" + header_lines + "\r\n" + body};
}

}  // namespace gigapi
