// Bodies that a handler takes while they arrive.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "server/http/body_pipe.h"
#include "server/http/http_server.h"
#include "server/testing/raw_client.h"

namespace gigapi::http {
namespace {

using ::testing::HasSubstr;

constexpr size_t kMegabyte = 1 << 20;

/// Lets a test hold a handler back.
class Gate {
 public:
  void Open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void Await() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

class StreamedBodyTest : public ::testing::Test {
 protected:
  StreamedBodyTest() {
    Serve("/count", [this](Exchange* exchange) { Count(exchange); });
    Serve("/gated", [this](Exchange* exchange) {
      gate_.Await();
      Count(exchange);
    });
    Serve("/early", [](Exchange* exchange) {
      (void)exchange->body_reader()->Next();
      exchange->Respond({400, {}, "enough"});
    });
    Serve("/silent", [](Exchange*) {});
    router_.Add("POST", "/echo", [](ExchangePtr exchange) {
      exchange->Respond({200, {}, std::string(exchange->request().body)});
    });
    options_.decide = [this](Request* request) { return router_.Decide(request); };
  }

  void Serve(std::string_view path, std::function<void(Exchange*)> work) {
    router_.AddStreamed("POST", path, [this, work = std::move(work)](ExchangePtr exchange) {
      pool_.Submit([work, exchange] { work(exchange.get()); });
    });
  }

  /// Answers how many bytes came and a sum of them, or why they ended.
  void Count(Exchange* exchange) {
    size_t bytes = 0, sum = 0;
    while (true) {
      const Result<std::string_view> piece = exchange->body_reader()->Next();
      if (!piece.ok()) {
        std::lock_guard lock(mutex_);
        failure_ = piece.status();
        failed_.notify_all();
        return exchange->Respond({400, {}, piece.status().message()});
      }
      if (piece->empty()) break;
      bytes += piece->size();
      for (const char c : *piece) sum += static_cast<unsigned char>(c);
    }
    exchange->Respond({200, {}, std::to_string(bytes) + " " + std::to_string(sum)});
  }

  static std::string CountOf(const std::string& body) {
    size_t sum = 0;
    for (const char c : body) sum += static_cast<unsigned char>(c);
    return std::to_string(body.size()) + " " + std::to_string(sum);
  }

  Status AwaitFailure() {
    std::unique_lock lock(mutex_);
    failed_.wait_for(lock, std::chrono::seconds(10), [this] { return !failure_.ok(); });
    return failure_;
  }

  void Start() {
    auto server = HttpServer::Start(options_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  ~StreamedBodyTest() override {
    gate_.Open();
    if (server_ != nullptr) server_->Stop(2'000);
    pool_.Stop();
  }
  int port() const { return server_->port(); }

  Router router_;
  Gate gate_;
  std::mutex mutex_;
  std::condition_variable failed_;
  Status failure_;
  WorkerPool pool_{"test-pool", 2, 8};
  HttpServerOptions options_;
  std::unique_ptr<HttpServer> server_;
};

std::string SomeBytes(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 977);
  return bytes;
}

std::string Chunked(const std::string& body, size_t chunk_bytes) {
  std::string chunked;
  for (size_t begin = 0; begin < body.size(); begin += chunk_bytes) {
    const std::string piece = body.substr(begin, chunk_bytes);
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    chunked += size + piece + "\r\n";
  }
  return chunked + "0\r\n\r\n";
}

TEST_F(StreamedBodyTest, ComesWholeInBothFramings) {
  Start();
  RawClient client(port());
  for (const size_t size : {size_t{0}, size_t{1}, BodyPipe::kPieceBytes, 5 * kMegabyte + 3}) {
    const std::string body = SomeBytes(size);
    EXPECT_EQ(client.Post("/count", body).body, CountOf(body));
    client.Send("POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + Chunked(body, 100'003));
    EXPECT_EQ(client.Read().body, CountOf(body));
  }
  EXPECT_EQ(client.Post("/echo", "other routes take bodies whole").status, 200);
}

TEST_F(StreamedBodyTest, RequestsSentAheadKeepTheirOrder) {
  Start();
  RawClient client(port());
  client.Send(
      "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
      "POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n"
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nf");
  EXPECT_EQ(client.Read().body, CountOf("abc"));
  EXPECT_EQ(client.Read().body, CountOf("de"));
  EXPECT_EQ(client.Read().body, "f");
}

TEST_F(StreamedBodyTest, IsNotReadAheadOfItsHandler) {
  Start();
  RawClient client(port());
  const std::string body = SomeBytes(64 * kMegabyte);
  std::thread sender([&] {
    client.Send("POST /gated HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
    client.Send(body);
  });
  // What the server takes while nobody asks stays the same once it is full.
  int64_t before = -1, now = 0;
  for (int i = 0; i < 100 && (now == 0 || now != before); ++i) {
    before = now;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    now = server_->stats().received_bytes_total;
  }
  EXPECT_LE(now, BodyPipe::kBytesMax + 2 * static_cast<int64_t>(kMegabyte));
  EXPECT_EQ(server_->inflight_body_bytes(), BodyPipe::kBytesMax);
  gate_.Open();
  sender.join();
  EXPECT_EQ(client.Read().body, CountOf(body));
}

TEST_F(StreamedBodyTest, TellsItsHandlerThatTheClientIsGone) {
  Start();
  RawClient client(port());
  client.Send("POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf of it");
  client.Close();
  EXPECT_EQ(KindOf(AwaitFailure()), ErrorKind::kCancelled);
}

TEST_F(StreamedBodyTest, ABodyThatStopsIsCutAfterItsTime) {
  options_.request_timeout_ms = 100;
  Start();
  RawClient client(port());
  client.Send("POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf of it");
  EXPECT_EQ(KindOf(AwaitFailure()), ErrorKind::kCancelled);
  EXPECT_TRUE(client.AtEnd());
  EXPECT_EQ(server_->stats().refused_total[static_cast<size_t>(Refusal::kTimeout)], 1);
}

TEST_F(StreamedBodyTest, BrokenChunksAreAnsweredByTheHandler) {
  Start();
  RawClient client(port());
  client.Send("POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n");
  const RawResponse response = client.Read();
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("bad chunk size"));
  EXPECT_EQ(response.Header("Connection"), "close");
}

TEST_F(StreamedBodyTest, AnAnswerMayComeBeforeTheEnd) {
  Start();
  {
    RawClient client(port());
    client.Send("POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n" +
                std::string(BodyPipe::kPieceBytes, 'x'));
    const RawResponse response = client.Read();
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(response.body, "enough");
    EXPECT_EQ(response.Header("Connection"), "close");
  }
  RawClient client(port());
  client.Send("POST /silent HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n");
  EXPECT_EQ(client.Read().status, 500) << "a handler that lets go";
}

TEST_F(StreamedBodyTest, HasALimitOfItsOwn) {
  options_.streamed_body_bytes_max = 1'000;
  options_.body_bytes_max = 10;
  Start();
  RawClient client(port());
  EXPECT_EQ(client.Post("/count", std::string(1'000, 'x')).status, 200);
  EXPECT_EQ(client.Post("/count", std::string(1'001, 'x')).status, 413);
  RawClient chunked(port());
  chunked.Send("POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
               Chunked(std::string(1'001, 'x'), 100));
  EXPECT_THAT(chunked.Read().body, HasSubstr("larger than 1000 bytes"));
}

TEST_F(StreamedBodyTest, IsInvitedByContinue) {
  Start();
  RawClient client(port());
  client.Send("POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  while (server_->stats().sent_bytes_total < static_cast<int64_t>(kContinue.size())) std::this_thread::yield();
  client.Send("abc");
  const std::string answer = client.ReadToEnd();
  EXPECT_THAT(answer, ::testing::StartsWith(std::string(kContinue) + "HTTP/1.1 200 OK"));
  EXPECT_THAT(answer, ::testing::EndsWith(CountOf("abc")));
}

TEST_F(StreamedBodyTest, WaitsForRoomInTheBudget) {
  options_.inflight_body_bytes_max = BodyPipe::kBytesMax;
  options_.body_wait_ms_max = 50;
  Start();
  RawClient first(port()), second(port());
  first.Send("POST /gated HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  while (server_->inflight_body_bytes() == 0) std::this_thread::yield();
  EXPECT_EQ(second.Post("/count", "abc").status, 503);
  gate_.Open();
  EXPECT_EQ(first.Read().status, 200);
}

}  // namespace
}  // namespace gigapi::http
