#include "server/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "server/testing/raw_client.h"

namespace gigapi::http {
namespace {

using ::testing::HasSubstr;

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    router_.Add("POST", "/echo", [](ExchangePtr exchange) {
      exchange->Respond({200, {{"Content-Type", "text/plain"}}, std::string(exchange->request().body)});
    });
    router_.Add("GET", "/hello/{name}", [](ExchangePtr exchange) {
      exchange->Respond({200, {}, "hello " + std::string(exchange->request().PathParam("name"))});
    });
    router_.Add("POST", "/held", [this](ExchangePtr exchange) {
      std::lock_guard lock(mutex_);
      held_.push_back(std::move(exchange));
      changed_.notify_all();
    });
    router_.Add("GET", "/dropped", [](ExchangePtr) {});
    router_.Add("GET", "/thrown", [](ExchangePtr) { throw std::runtime_error("oops"); });
    router_.Add("GET", "/without-memory", [](ExchangePtr) { throw std::bad_alloc(); });
    router_.Add("GET", "/stream", [](ExchangePtr exchange) {
      class Source final : public BodySource {
       public:
        Result<std::string> Next(std::string) override {
          return ++calls_ > 3 ? std::string() : "piece" + std::to_string(calls_) + " ";
        }

       private:
        int calls_ = 0;
      };
      exchange->RespondStream(200, {}, std::make_unique<Source>());
    });
    router_.Add("GET", "/broken", [](ExchangePtr exchange) {
      class Source final : public BodySource {
       public:
        Result<std::string> Next(std::string) override {
          if (begun_) return Error(ErrorKind::kInternal, "broken");
          begun_ = true;
          return std::string("begun");
        }

       private:
        bool begun_ = false;
      };
      exchange->RespondStream(200, {}, std::make_unique<Source>());
    });
    options_.decide = [this](Request* request) { return router_.Decide(request); };
    options_.stream_pool = &pool_;
  }

  void Start() {
    auto server = HttpServer::Start(options_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  ~HttpServerTest() override {
    held_.clear();
    if (server_ != nullptr) server_->Stop(2'000);
    pool_.Stop();
  }
  int port() const { return server_->port(); }

  ExchangePtr WaitForHeld() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [this] { return !held_.empty(); });
    if (held_.empty()) return nullptr;
    ExchangePtr exchange = held_.back();
    held_.pop_back();
    return exchange;
  }

  Router router_;
  WorkerPool pool_{"test-pool", 2, 8};
  HttpServerOptions options_;
  std::unique_ptr<HttpServer> server_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ExchangePtr> held_;
};

TEST_F(HttpServerTest, ABodyThatThereIsNoMemoryForIsRefusedAndItsPlaceGivenBack) {
  options_.body_bytes_max = options_.inflight_body_bytes_max = int64_t{1} << 60;
  Start();
  for (int i = 0; i < 3; ++i) {
    RawClient client(port());
    client.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1125899906842624\r\n\r\n");
    const RawResponse refusal = client.Read();
    EXPECT_EQ(refusal.status, 503);
    EXPECT_EQ(refusal.Header("Retry-After"), "1");
    EXPECT_THAT(refusal.body, HasSubstr("not enough memory"));
    EXPECT_EQ(server_->inflight_body_bytes(), 0);
  }
  RawClient next(port());
  EXPECT_EQ(next.Post("/echo", "x").body, "x");
}

TEST_F(HttpServerTest, AHandlerWithoutMemoryAnswersThatItMayBeTriedAgain) {
  Start();
  RawClient client(port());
  EXPECT_EQ(client.Get("/without-memory").status, 503);
  EXPECT_EQ(client.Get("/hello/x").body, "hello x");
}

TEST_F(HttpServerTest, WorkThatThrowsLeavesThePoolAtWork) {
  router_.Add("GET", "/thrown-in-pool",
              [this](ExchangePtr exchange) { pool_.Submit([exchange] { throw std::runtime_error("oops"); }); });
  Start();
  RawClient client(port());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(client.Get("/thrown-in-pool").status, 500);  // more than it has threads
  EXPECT_EQ(client.Get("/hello/x").body, "hello x");
}

TEST_F(HttpServerTest, KeepsAConnectionForManyRequests) {
  Start();
  RawClient client(port());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.Post("/echo", "body" + std::to_string(i)).body, "body" + std::to_string(i));
  EXPECT_EQ(client.Get("/hello/a%20b").body, "hello a b");
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Start();
  RawClient client(port());
  std::string requests;
  for (int i = 0; i < 50; ++i) {
    requests += "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n" + std::to_string(10 + i);
  }
  client.Send(requests);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.Read().body, std::to_string(10 + i));
}

TEST_F(HttpServerTest, ReadsARequestThatComesByteByByte) {
  Start();
  RawClient client(port());
  for (const char c : std::string("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
                                  "chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n")) {
    client.Send({&c, 1});
  }
  EXPECT_EQ(client.Read().body, "abcde");
  EXPECT_EQ(client.Get("/hello/x").body, "hello x");
}

TEST_F(HttpServerTest, ReadsLargeBodiesInBothFramings) {
  Start();
  RawClient client(port());
  std::string body(5 << 20, 'x');
  for (size_t i = 0; i < body.size(); i += 97) body[i] = static_cast<char>('a' + i % 26);
  EXPECT_TRUE(client.Post("/echo", body).body == body);
  std::string chunked = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (size_t begin = 0; begin < body.size(); begin += 300'000) {
    const std::string piece = body.substr(begin, 300'000);
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    chunked += size + piece + "\r\n";
  }
  client.Send(chunked + "0\r\n\r\n");
  EXPECT_TRUE(client.Read().body == body);
  EXPECT_EQ(server_->inflight_body_bytes(), 0);
}

TEST_F(HttpServerTest, RefusesWhatCouldBeReadInTwoWays) {
  Start();
  const char* const requests[] = {
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\nabc",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\nabc",
      "POST /echo HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\nContent-Length: 3\r\n\r\nabc",
      "POST /echo HTTP/1.1\r\nHost: x\r\nX: a\nContent-Length: 3\r\n\r\nabc",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n",
      "GET /hello/x HTTP/1.1\r\n\r\n",
      "GET /hello/x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET /hello/%00 HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET  /hello/x HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /hello/x HTTP/2.0\r\nHost: x\r\n\r\n",
      "nonsense\r\n\r\n",
  };
  for (const char* request : requests) {
    RawClient client(port());
    client.Send(request);
    EXPECT_EQ(client.Read().status, 400) << request;
    EXPECT_TRUE(client.AtEnd()) << request;
  }
  RawClient client(port());
  client.Send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n");
  EXPECT_THAT(client.Read().status, ::testing::AnyOf(400, 501));
}

TEST_F(HttpServerTest, AnswersUnknownPathsAndMethods) {
  Start();
  RawClient client(port());
  EXPECT_EQ(client.Get("/nowhere").status, 404);
  const RawResponse refused = client.Get("/echo");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.Header("Allow"), "POST, OPTIONS");
  client.Send("OPTIONS /echo HTTP/1.1\r\nHost: x\r\n\r\n");
  const RawResponse preflight = client.Read();
  EXPECT_EQ(preflight.status, 200);
  EXPECT_EQ(preflight.Header("Access-Control-Allow-Methods"), "POST, OPTIONS");
  EXPECT_EQ(client.Post("/nowhere", "a small body is skipped").status, 404);
  EXPECT_EQ(client.Get("/hello/x").status, 200) << "the connection goes on";
}

TEST_F(HttpServerTest, HeadHasNoBody) {
  Start();
  RawClient client(port());
  client.Send("HEAD /hello/x HTTP/1.1\r\nHost: x\r\n\r\nGET /hello/y HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.Read(true).Header("Content-Length"), "7");
  EXPECT_EQ(client.Read().body, "hello y");
}

TEST_F(HttpServerTest, Http10ClosesUnlessAskedToStay) {
  Start();
  {
    RawClient client(port());
    client.Send("GET /hello/x HTTP/1.0\r\n\r\n");
    EXPECT_EQ(client.Read().body, "hello x");
    EXPECT_TRUE(client.AtEnd());
  }
  RawClient client(port());
  client.Send("GET /hello/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(client.Read().Header("Connection"), "keep-alive");
  client.Send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), ::testing::EndsWith("\r\n\r\npiece1 piece2 piece3 "));
}

TEST_F(HttpServerTest, SendsContinueOnlyWhenTheBodyIsWanted) {
  options_.body_bytes_max = 1'000;
  Start();
  RawClient client(port());
  client.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  std::this_thread::yield();
  client.Send("abc");
  EXPECT_EQ(client.Read().body, "abc");
  client.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(client.ReadToEnd(), ::testing::StartsWith("HTTP/1.1 413"));
}

TEST_F(HttpServerTest, LimitsHeadersAndBodies) {
  options_.header_bytes_max = 4'000;
  options_.body_bytes_max = 100'000;
  Start();
  {
    RawClient client(port());
    EXPECT_EQ(client.Get("/hello/x", "X: " + std::string(5'000, 'a') + "\r\n").status, 431);
    EXPECT_TRUE(client.AtEnd());
  }
  {
    RawClient client(port());
    EXPECT_EQ(client.Post("/echo", std::string(2'000'000, 'a')).status, 413) << "read although the client is still sending";
  }
  RawClient client(port());
  std::string chunked = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 40; ++i) chunked += "1388\r\n" + std::string(5'000, 'a') + "\r\n";
  client.Send(chunked + "0\r\n\r\n");
  EXPECT_EQ(client.Read().status, 413);
}

TEST_F(HttpServerTest, StreamsPieces) {
  Start();
  RawClient client(port());
  const RawResponse response = client.Get("/stream");
  EXPECT_EQ(response.Header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(response.body, "piece1 piece2 piece3 ");
  EXPECT_EQ(client.Get("/hello/x").body, "hello x");
}

TEST_F(HttpServerTest, CutsABrokenStream) {
  Start();
  RawClient client(port());
  client.Send("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string bytes = client.ReadToEnd();
  EXPECT_THAT(bytes, HasSubstr("begun"));
  EXPECT_EQ(bytes.find("\r\n0\r\n"), std::string::npos) << "a proper end would make the client believe the answer";
}

TEST_F(HttpServerTest, AnswersForHandlersThatDoNot) {
  Start();
  RawClient client(port());
  EXPECT_EQ(client.Get("/dropped").status, 500);
  EXPECT_EQ(client.Get("/thrown").status, 500);
}

TEST_F(HttpServerTest, AnswersFromAnotherThreadMuchLater) {
  Start();
  RawClient client(port());
  client.Send("POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
  const ExchangePtr exchange = WaitForHeld();
  ASSERT_NE(exchange, nullptr);
  EXPECT_EQ(exchange->request().body, "body");
  exchange->Respond({200, {}, "late"});
  exchange->Respond({200, {}, "twice is ignored"});
  EXPECT_EQ(client.Read().body, "late");
}

TEST_F(HttpServerTest, TellsWhenTheClientGoesAway) {
  Start();
  auto client = std::make_unique<RawClient>(port());
  client->Send("POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody");
  const ExchangePtr exchange = WaitForHeld();
  ASSERT_NE(exchange, nullptr);
  bool gone = false;
  exchange->OnDisconnect([&] {
    std::lock_guard lock(mutex_);
    gone = true;
    changed_.notify_all();
  });
  client.reset();
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(10), [&] { return gone; }));
  lock.unlock();
  exchange->Respond({});
}

TEST_F(HttpServerTest, WaitsForRoomForABodyAndThenGivesUp) {
  options_.inflight_body_bytes_max = 1'000;
  options_.body_wait_ms_max = 100;
  Start();
  RawClient first(port());
  first.Send("POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 800\r\n\r\n" + std::string(800, 'a'));
  ExchangePtr exchange = WaitForHeld();
  ASSERT_NE(exchange, nullptr);
  {
    RawClient second(port());
    const RawResponse refused = second.Post("/echo", std::string(500, 'b'));
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.Header("Retry-After"), "1");
  }
  RawClient third(port());
  EXPECT_EQ(third.Post("/echo", "small ones still fit").status, 200);
  exchange->Respond({});
  exchange.reset();
  EXPECT_EQ(first.Read().status, 200);
  EXPECT_EQ(third.Post("/echo", std::string(900, 'b')).status, 200);
}

TEST_F(HttpServerTest, ClosesIdleAndSlowConnections) {
  options_.idle_timeout_ms = 100;
  options_.request_timeout_ms = 100;
  Start();
  RawClient idle(port()), slow_head(port()), slow_body(port());
  slow_head.Send("GET /hello");
  slow_body.Send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_TRUE(idle.AtEnd());
  EXPECT_TRUE(slow_head.AtEnd());
  EXPECT_TRUE(slow_body.AtEnd());
}

TEST_F(HttpServerTest, RefusesConnectionsOverTheLimit) {
  options_.connections_max = 1;
  Start();
  RawClient first(port());
  EXPECT_EQ(first.Get("/hello/x").status, 200);
  RawClient second(port());
  EXPECT_EQ(second.Read().status, 503);
  EXPECT_EQ(first.Get("/hello/x").status, 200);
}

TEST_F(HttpServerTest, StopClosesIdleConnectionsAndFinishesAnswers) {
  Start();
  RawClient idle(port()), busy(port());
  EXPECT_EQ(idle.Get("/hello/x").status, 200);
  busy.Send("POST /held HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
  ExchangePtr exchange = WaitForHeld();
  ASSERT_NE(exchange, nullptr);
  std::jthread stopper([this] { server_->Stop(10'000); });
  EXPECT_TRUE(idle.AtEnd());
  exchange->Respond({200, {}, "done"});
  exchange.reset();
  const RawResponse response = busy.Read();
  EXPECT_EQ(response.body, "done");
  EXPECT_EQ(response.Header("Connection"), "close");
  EXPECT_TRUE(busy.AtEnd());
}

TEST_F(HttpServerTest, StopCutsWhatDoesNotEnd) {
  Start();
  RawClient client(port());
  const std::string request = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\npart";
  client.Send(request);
  while (server_->stats().received_bytes_total < static_cast<int64_t>(request.size())) std::this_thread::yield();
  server_->Stop(10);
  EXPECT_TRUE(client.AtEnd());
}

}  // namespace
}  // namespace gigapi::http
