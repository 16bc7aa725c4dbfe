#include "server/testing/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>

#include "server/http/http.h"

namespace gigapi {

std::string RawResponse::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (http::EqualsIgnoringCase(key, name)) return value;
  }
  return {};
}

RawClient::RawClient(int port) {
  fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{10, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) Close();
}

RawClient::~RawClient() { Close(); }

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool RawClient::Fill() {
  char chunk[64 << 10];
  const ssize_t received = ::recv(fd_, chunk, sizeof chunk, 0);
  if (received <= 0) return false;
  buffer_.append(chunk, static_cast<size_t>(received));
  return true;
}

RawResponse RawClient::Read(bool head_only) {
  RawResponse response;
  size_t head_end;
  while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return {};
  }
  std::string_view head(buffer_.data(), head_end + 2);
  const int status = std::atoi(buffer_.c_str() + 9);
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.empty()) {
    const size_t end = head.find("\r\n"), colon = head.find(": ");
    response.headers.emplace_back(head.substr(0, colon), head.substr(colon + 2, end - colon - 2));
    head.remove_prefix(end + 2);
  }
  buffer_.erase(0, head_end + 4);
  if (status == 100) return Read(head_only);

  if (!head_only && response.Header("Transfer-Encoding") == "chunked") {
    while (true) {
      size_t line_end;
      while ((line_end = buffer_.find("\r\n")) == std::string::npos) {
        if (!Fill()) return {};
      }
      const size_t size = std::strtoul(buffer_.c_str(), nullptr, 16);
      while (buffer_.size() < line_end + 2 + size + 2) {
        if (!Fill()) return {};
      }
      response.body.append(buffer_, line_end + 2, size);
      buffer_.erase(0, line_end + 2 + size + 2);
      if (size == 0) break;
    }
  } else if (!head_only && !response.Header("Content-Length").empty()) {
    const size_t size = std::strtoul(response.Header("Content-Length").c_str(), nullptr, 10);
    while (buffer_.size() < size) {
      if (!Fill()) return {};
    }
    response.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
  }
  response.status = status;
  return response;
}

RawResponse RawClient::Get(std::string_view target, std::string_view extra_headers) {
  Send(std::string("GET ").append(target).append(" HTTP/1.1\r\nHost: x\r\n").append(extra_headers).append("\r\n"));
  return Read();
}

RawResponse RawClient::Post(std::string_view target, std::string_view body, std::string_view extra_headers) {
  std::string request = std::string("POST ").append(target).append(" HTTP/1.1\r\nHost: x\r\nContent-Length: ");
  request.append(std::to_string(body.size())).append("\r\n").append(extra_headers).append("\r\n").append(body);
  Send(request);
  return Read();
}

std::string RawClient::ReadToEnd() {
  while (Fill()) {
  }
  return std::exchange(buffer_, {});
}

bool RawClient::AtEnd() {
  if (!buffer_.empty()) return false;
  char byte;
  return ::recv(fd_, &byte, 1, 0) <= 0;
}

void RawClient::CloseWriting() { ::shutdown(fd_, SHUT_WR); }

void RawClient::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace gigapi
