#include "http_connection.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "options.h"

namespace gigapi::bench {
namespace {

constexpr size_t kBufferBytes = 256 << 10;
constexpr size_t kBeginningBytes = 300;

}  // namespace

HttpConnection::HttpConnection(const std::string& host, int port) : host_(host), buffer_(kBufferBytes, 0) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* addresses = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &addresses) != 0) Fail("unknown host " + host);
  socket_ = socket(addresses->ai_family, SOCK_STREAM, 0);
  if (connect(socket_, addresses->ai_addr, addresses->ai_addrlen) != 0) Fail("cannot connect to " + host);
  freeaddrinfo(addresses);
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

HttpConnection::~HttpConnection() { close(socket_); }

HttpConnection::Answer HttpConnection::Post(std::string_view target, std::string_view headers, std::string_view body) {
  std::string head = "POST ";
  head.append(target).append(" HTTP/1.1\r\nHost: ").append(host_).append("\r\n").append(headers);
  head += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";

  Answer answer;
  std::string line;
  if (!Send(head, body) || !ReadLine(&line) || line.size() < 12) return answer;
  const int status = atoi(line.c_str() + 9);
  int64_t length = 0;
  bool chunked = false;
  while (ReadLine(&line) && !line.empty()) {
    if (strncasecmp(line.c_str(), "Content-Length:", 15) == 0) length = atoll(line.c_str() + 15);
    if (strncasecmp(line.c_str(), "Transfer-Encoding: chunked", 26) == 0) chunked = true;
  }
  if (chunked ? ReadChunks(&answer) : ReadBytes(length, &answer)) answer.status = status;
  return answer;
}

bool HttpConnection::Send(std::string_view head, std::string_view body) {
  iovec parts[2] = {{const_cast<char*>(head.data()), head.size()}, {const_cast<char*>(body.data()), body.size()}};
  size_t left = head.size() + body.size();
  while (left > 0) {
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    const ssize_t sent = sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    left -= static_cast<size_t>(sent);
    size_t skip = static_cast<size_t>(sent);
    for (auto& part : parts) {
      const size_t here = std::min(skip, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + here;
      part.iov_len -= here;
      skip -= here;
    }
  }
  return true;
}

bool HttpConnection::Fill() {
  if (begin_ < end_) return true;
  const ssize_t got = recv(socket_, buffer_.data(), buffer_.size(), 0);
  if (got <= 0) return false;
  begin_ = 0;
  end_ = static_cast<size_t>(got);
  return true;
}

bool HttpConnection::ReadLine(std::string* line) {
  line->clear();
  while (Fill()) {
    const auto* from = buffer_.data() + begin_;
    const auto* newline = static_cast<const char*>(memchr(from, '\n', end_ - begin_));
    if (newline == nullptr) {
      line->append(from, end_ - begin_);
      begin_ = end_;
      continue;
    }
    line->append(from, newline);
    begin_ += static_cast<size_t>(newline - from) + 1;
    if (!line->empty() && line->back() == '\r') line->pop_back();
    return true;
  }
  return false;
}

bool HttpConnection::ReadBytes(int64_t count, Answer* answer) {
  answer->body_bytes += count;
  while (count > 0) {
    if (!Fill()) return false;
    const size_t here = std::min(end_ - begin_, static_cast<size_t>(count));
    if (answer->beginning.size() < kBeginningBytes) {
      answer->beginning.append(buffer_.data() + begin_, std::min(here, kBeginningBytes - answer->beginning.size()));
    }
    begin_ += here;
    count -= static_cast<int64_t>(here);
  }
  return true;
}

bool HttpConnection::ReadChunks(Answer* answer) {
  std::string line;
  while (ReadLine(&line)) {
    const int64_t size = strtoll(line.c_str(), nullptr, 16);
    if (!ReadBytes(size, answer) || !ReadLine(&line)) return false;
    if (size == 0) return true;
  }
  return false;
}

}  // namespace gigapi::bench
