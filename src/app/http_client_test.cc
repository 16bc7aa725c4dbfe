#include "app/http_client.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/thread.h"

namespace gigapi {
namespace {

using testing::HasSubstr;

/// Accepts one connection, reads up to the end of a request's body, sends what it was told to and closes.
class OneAnswer {
 public:
  OneAnswer(std::string answer, size_t body_bytes) : answer_(std::move(answer)), body_bytes_(body_bytes) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = StartThread("answer", [this] { Serve(); });
  }
  ~OneAnswer() {
    if (thread_.joinable()) thread_.join();
    close(listener_);
  }

  int port() const { return port_; }
  /// What was asked; to be called after the client has its answer.
  const std::string& request() {
    thread_.join();
    return request_;
  }

 private:
  void Serve() {
    const int connection = accept(listener_, nullptr, nullptr);
    char piece[4096];
    size_t end = std::string::npos;
    while (end == std::string::npos || request_.size() < end + 4 + body_bytes_) {
      const ssize_t got = recv(connection, piece, sizeof(piece), 0);
      if (got <= 0) break;
      request_.append(piece, got);
      end = request_.find("\r\n\r\n");
    }
    for (const char c : answer_) {
      if (send(connection, &c, 1, MSG_NOSIGNAL) != 1) break;
    }
    close(connection);
  }

  std::string answer_;
  size_t body_bytes_;
  std::string request_;
  int listener_ = -1;
  int port_ = 0;
  std::jthread thread_;
};

Result<std::string> Ask(const std::string& answer, std::string* request = nullptr) {
  OneAnswer server(answer, 4);
  HttpClient client({.host = "127.0.0.1", .port = server.port(), .username = "me", .password = "pw"});
  auto got = client.Fetch({.target = "/query?db=x", .content_type = "text/plain", .body = "body"});
  if (request != nullptr) *request = server.request();
  return got;
}

TEST(HttpClientTest, SendsARequestAndReadsABodyOfKnownLength) {
  std::string request;
  EXPECT_EQ(Ask("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", &request).ValueOrDie(), "hello");
  EXPECT_THAT(request, testing::StartsWith("POST /query?db=x HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("Content-Length: 4\r\n"));
  EXPECT_THAT(request, HasSubstr("Authorization: Basic bWU6cHc=\r\n"));
  EXPECT_THAT(request, testing::EndsWith("\r\n\r\nbody"));
}

TEST(HttpClientTest, ReadsChunksAndBodiesThatEndWithTheConnection) {
  EXPECT_EQ(Ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: v\r\n\r\n")
                .ValueOrDie(),
            "abc0123456789");
  EXPECT_EQ(Ask("HTTP/1.0 200 OK\r\n\r\nto the end").ValueOrDie(), "to the end");
  EXPECT_EQ(Ask("HTTP/1.1 204 No Content\r\n\r\n").ValueOrDie(), "");
}

TEST(HttpClientTest, FailuresCarryTheAnswer) {
  const auto refused = Ask("HTTP/1.1 400 Bad Request\r\nContent-Length: 13\r\n\r\n{\"error\":\"x\"}").status();
  EXPECT_THAT(refused.message(), HasSubstr("400: x"));
  EXPECT_FALSE(Ask("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").ok());
  EXPECT_FALSE(Ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc").ok());
  EXPECT_FALSE(Ask("SSH-2.0-x\r\n").ok());
  EXPECT_FALSE(Ask("").ok());
}

TEST(HttpClientTest, AddressesOfServers) {
  const auto plain = ParseHttpAddress("http://localhost:7971/").ValueOrDie();
  EXPECT_EQ(plain.host, "localhost");
  EXPECT_EQ(plain.port, 7971);
  const auto full = ParseHttpAddress("http://me:p:w@[::1]:80").ValueOrDie();
  EXPECT_EQ(full.host, "::1");
  EXPECT_EQ(full.username, "me");
  EXPECT_EQ(full.password, "p:w");
  EXPECT_EQ(ParseHttpAddress("host").ValueOrDie().port, 80);
  const auto secure = ParseHttpAddress("https://me:pw@db.example").ValueOrDie();
  EXPECT_TRUE(secure.tls);
  EXPECT_EQ(secure.port, 443);
  EXPECT_EQ(ParseHttpAddress("https://db.example:7971/x").ValueOrDie().port, 7971);
  for (const auto* bad : {"", "http://", "https://", "host:0", "host:x", "http://[::1"})
    EXPECT_FALSE(ParseHttpAddress(bad).ok()) << bad;
  const auto slash = ParseHttpAddress("http://me:pass/word@db.example:7971");
  EXPECT_EQ(slash.status().message().find("pass"), std::string::npos) << slash.status().message();
}

}  // namespace
}  // namespace gigapi
