#include "app/tcp_stream.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gigapi {
namespace {

Status ConnectionError(std::string_view what, int error) {
  return Errorf(ErrorKind::kUnavailable, "{}: {}", what, std::strerror(error));
}

}  // namespace

Result<std::unique_ptr<TcpStream>> TcpStream::Open(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) return Errorf(ErrorKind::kUnavailable, "{}: {}", host, gai_strerror(failed));
  int error = ECONNREFUSED, connected = -1;
  for (const addrinfo* each = found; each != nullptr && connected < 0; each = each->ai_next) {
    const int made = socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, each->ai_protocol);
    if (made < 0) continue;
    if (connect(made, each->ai_addr, each->ai_addrlen) == 0) {
      connected = made;
    } else {
      error = errno;
      close(made);
    }
  }
  freeaddrinfo(found);
  if (connected < 0) return ConnectionError(fmt::format("cannot connect to {}:{}", host, port), error);
  const int on = 1;
  setsockopt(connected, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return std::unique_ptr<TcpStream>(new TcpStream(connected));
}

TcpStream::~TcpStream() { close(socket_); }

Status TcpStream::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return ConnectionError("sending failed", errno);
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return Status::OK();
}

Result<size_t> TcpStream::Read(char* out, size_t bytes_max) {
  ssize_t got = 0;
  do {
    got = recv(socket_, out, bytes_max, 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return ConnectionError("reading failed", errno);
  return static_cast<size_t>(got);
}

Result<std::optional<size_t>> TcpStream::ReadNow(char* out, size_t bytes_max) {
  const ssize_t got = recv(socket_, out, bytes_max, MSG_DONTWAIT);
  if (got >= 0) return static_cast<size_t>(got);
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return std::nullopt;
  return ConnectionError("reading failed", errno);
}

bool TcpStream::IsClosed() {
  char next = 0;
  return recv(socket_, &next, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

}  // namespace gigapi
