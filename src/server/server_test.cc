#include "server/server.h"

#include <arrow/builder.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libdeflate.h>

#include <chrono>
#include <condition_variable>
#include <optional>
#include <thread>

#include "server/testing/fake_lake.h"
#include "server/testing/fake_query_engine.h"
#include "server/testing/raw_client.h"

namespace gigapi {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<arrow::RecordBatch> Numbers(int64_t begin, int64_t count) {
  arrow::Int64Builder builder;
  for (int64_t i = begin; i < begin + count; ++i) EXPECT_TRUE(builder.Append(i).ok());
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("n", arrow::int64())}), count, {*builder.Finish()});
}

Result<std::unique_ptr<QueryStream>> OneRow(const QueryRequest&, QueryCancel) {
  const auto batch = Numbers(40, 1);
  return std::make_unique<ListStream>(batch->schema(), std::vector{batch});
}

class ServerTest : public ::testing::Test {
 protected:
  void Start(FakeQueryEngine::Answer answer = OneRow) {
    options_.host = "127.0.0.1";
    options_.port = 0;
    options_.io_threads = 2;
    options_.query_threads = 2;
    options_.drain_timeout_ms = 2'000;
    engine_.emplace(std::move(answer));
    server_ = Server::Make(options_, &lake_, &*engine_);
    const Status listens = server_->Listen();
    ASSERT_TRUE(listens.ok()) << listens;
  }
  int port() const { return server_->port(); }

  ServerOptions options_;
  FakeLake lake_;
  std::optional<FakeQueryEngine> engine_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, EveryWriteRouteKeepsRowsInTheRightDatabase) {
  Start();
  RawClient client(port());
  const std::string line = "cpu,host=a value=1 1000000000\n";
  EXPECT_EQ(client.Post("/write?db=one", line).status, 204);
  EXPECT_EQ(client.Post("/two/write", line).status, 204);
  EXPECT_EQ(client.Post("/gigapi/write/three", line).status, 204);
  EXPECT_EQ(client.Post("/gigapi/write?db=four", line).status, 204);
  EXPECT_EQ(client.Post("/gigapi/insert?db=five", line).status, 204);
  EXPECT_EQ(client.Post("/api/v2/write?org=o&bucket=six&precision=ns", line).status, 204);
  EXPECT_EQ(client.Post("/api/v3/write_lp?db=seven&precision=nanosecond&no_sync=true", line).status, 204);
  EXPECT_EQ(client.Post("/write", line).status, 204);
  for (const char* database : {"one", "two", "three", "four", "five", "six", "seven", "mydb"}) {
    EXPECT_EQ(lake_.rows(database, "cpu"), 1) << database;
  }
  EXPECT_EQ(client.Post("/api/v2/write?org=o", line).status, 400);
  EXPECT_EQ(client.Post("/api/v3/write_lp", line).status, 400);
}

TEST_F(ServerTest, PrecisionScalesTimesAndAnUnknownOneIsRefused) {
  Start();
  RawClient client(port());
  EXPECT_EQ(client.Post("/write?db=d&precision=ms", "cpu v=1 1500\n").status, 204);
  const WriteBatch batch = lake_.TakeLastBatch();
  ASSERT_EQ(batch.tables.size(), 1u);
  EXPECT_EQ(batch.tables[0].rows.time[0], 1'500'000'000);
  const RawResponse refused = client.Post("/write?db=d&precision=fortnight", "cpu v=1 1500\n");
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, HasSubstr("{\"error\":"));
}

TEST_F(ServerTest, PartialWritesSayWhatWasKeptInEachDialect) {
  Start();
  RawClient client(port());
  const std::string body = "cpu v=1 1\ngarbage\ncpu v=2 2\n";
  RawResponse response = client.Post("/write?db=d", body);
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body,
              HasSubstr(R"({"error":"partial write: unable to parse 'garbage': missing fields dropped=1","written":2)"));
  EXPECT_EQ(lake_.rows("d", "cpu"), 2);

  response = client.Post("/api/v2/write?bucket=d", body);
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr(R"({"code":"invalid","message":"partial write: unable to parse 'garbage')"));

  response = client.Post("/api/v3/write_lp?db=d", body);
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(
      response.body,
      HasSubstr(
          R"("error":"partial write of line protocol occurred","data":[{"error_message":"missing fields","line_number":2,"original_line":"garbage"}])"));
  EXPECT_EQ(lake_.rows("d", "cpu"), 6);

  response = client.Post("/api/v3/write_lp?db=d&accept_partial=false", body);
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("parsing failed for write_lp endpoint"));
  EXPECT_THAT(response.body, HasSubstr(R"("written":0,"dropped":3})"));
  EXPECT_EQ(lake_.rows("d", "cpu"), 6) << "nothing may be kept";

  response = client.Post("/write?db=d", "garbage\n");
  EXPECT_THAT(response.body, HasSubstr(R"({"error":"unable to parse 'garbage': missing fields")"));

  response = client.Post("/write?db=d", std::string_view("gar\0b\x1bge\n", 8));
  EXPECT_EQ(response.Header("X-Influxdb-Error"), "unable to parse 'gar b ge': missing fields");
}

TEST_F(ServerTest, ATypeConflictIsRetriedAgainstTheNewSchema) {
  Start();
  lake_.FailNext(Error(ErrorKind::kConflict, "schema changed"));
  lake_.FailNext(Error(ErrorKind::kConflict, "schema changed"));
  RawClient client(port());
  EXPECT_EQ(client.Post("/write?db=d", "cpu v=1 1\n").status, 204);
  EXPECT_EQ(lake_.rows("d", "cpu"), 1);
}

TEST_F(ServerTest, FailuresOfTheLakeHaveTheirStatus) {
  Start();
  RawClient client(port());
  lake_.FailNext(Error(ErrorKind::kOverloaded, "the buffer is full"));
  RawResponse response = client.Post("/write?db=d", "cpu v=1 1\n");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.Header("Retry-After"), "1");
  lake_.FailNext(Status::IOError("/secret/path: No space left"));
  response = client.Post("/api/v2/write?bucket=d", "cpu v=1 1\n");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, ::testing::Not(HasSubstr("secret")));
}

TEST_F(ServerTest, CompressedBodiesAreRead) {
  options_.body_bytes_max = 1 << 20;
  Start();
  RawClient client(port());
  const auto gzip = [](const std::string& text) {
    libdeflate_compressor* compressor = libdeflate_alloc_compressor(6);
    std::string out(libdeflate_gzip_compress_bound(compressor, text.size()), '\0');
    out.resize(libdeflate_gzip_compress(compressor, text.data(), text.size(), out.data(), out.size()));
    libdeflate_free_compressor(compressor);
    return out;
  };
  EXPECT_EQ(client.Post("/write?db=d", gzip("cpu v=1 1\ncpu v=2 2\n"), "Content-Encoding: gzip\r\n").status, 204);
  EXPECT_EQ(lake_.rows("d", "cpu"), 2);
  lake_.FailNext(Error(ErrorKind::kConflict, "schema changed"));
  EXPECT_EQ(client.Post("/write?db=d", gzip("cpu v=3 3\n"), "Content-Encoding: gzip\r\n").status, 204);
  EXPECT_EQ(lake_.rows("d", "cpu"), 3) << "read anew";
  EXPECT_EQ(client.Post("/write?db=d", gzip(std::string(2 << 20, ' ')), "Content-Encoding: gzip\r\n").status, 413);
  EXPECT_EQ(client.Post("/write?db=d", "x", "Content-Encoding: br\r\n").status, 415);
  EXPECT_EQ(client.Post("/write?db=d", "nonsense", "Content-Encoding: gzip\r\n").status, 400);
}

TEST_F(ServerTest, QueriesAnswerInGigapisForm) {
  Start();
  RawClient client(port());
  RawResponse response = client.Post("/query?db=d", R"({"query": "SELECT 1"})");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "{\"results\":[{\"n\":\"40\"}]}\n");
  EXPECT_EQ(client.Post("/query?db=d&format=csv", "SELECT 1").body, "n\r\n40\r\n");
  EXPECT_EQ(client.Get("/query?q=SELECT+1&format=ndjson").body, "{\"n\":\"40\"}\n");
  const auto requests = engine_->requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].database, "d");
  EXPECT_EQ(requests[2].database, "mydb");
  EXPECT_EQ(requests[2].sql, "SELECT 1");
  EXPECT_EQ(client.Get("/query").status, 405);
  EXPECT_EQ(client.Post("/query", R"({"query": 7})").status, 400);
  EXPECT_THAT(client.Post("/query", "{}").body, HasSubstr("Missing query parameter"));
  EXPECT_THAT(client.Post("/query?format=xml", "SELECT 1").body, HasSubstr("Unsupported format: xml"));
}

TEST_F(ServerTest, AQueryThatFailsBeforeTheFirstByteIsA400) {
  Start([](const QueryRequest&, QueryCancel) -> Result<std::unique_ptr<QueryStream>> {
    return Error(ErrorKind::kInvalidArgument, "syntax error at \"x\"");
  });
  RawClient client(port());
  const RawResponse response = client.Post("/query", "x");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body, "{\"error\":\"syntax error at \\\"x\\\"\"}\n");
}

TEST_F(ServerTest, ALongResultIsStreamed) {
  constexpr int64_t kBatches = 300, kRows = 2'048;
  Start([](const QueryRequest&, QueryCancel) -> Result<std::unique_ptr<QueryStream>> {
    std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
    for (int64_t i = 0; i < kBatches; ++i) batches.push_back(Numbers(i * kRows, kRows));
    return std::make_unique<ListStream>(batches[0]->schema(), batches);
  });
  RawClient client(port());
  const RawResponse response = client.Post("/query?format=ndjson", "SELECT n");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(std::count(response.body.begin(), response.body.end(), '\n'), kBatches * kRows);
  EXPECT_THAT(response.body, ::testing::EndsWith("{\"n\":\"614399\"}\n"));
  // HTTP/1.0 knows no chunks: the end of the connection ends the body.
  client.Send("POST /query?format=ndjson HTTP/1.0\r\nContent-Length: 8\r\n\r\nSELECT n");
  const std::string whole = client.ReadToEnd();
  EXPECT_EQ(whole.find("chunked"), std::string::npos);
  EXPECT_THAT(whole, ::testing::EndsWith("{\"n\":\"614399\"}\n"));
}

/// Blocks until its query is cancelled.
class EndlessStream final : public QueryStream {
 public:
  explicit EndlessStream(QueryCancel cancel) : cancel_(std::move(cancel)), batch_(Numbers(0, 10'000)) {
    schema_ = batch_->schema();
  }
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::shared_ptr<arrow::RecordBatch>> Next() override {
    if (cancel_.cancelled()) return Error(ErrorKind::kCancelled, "cancelled");
    return batch_;
  }

 private:
  QueryCancel cancel_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  std::shared_ptr<arrow::Schema> schema_;
};

TEST_F(ServerTest, AClientThatGoesAwayCancelsItsQuery) {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<QueryCancel> seen;
  options_.drain_timeout_ms = 60'000;  // Stop would wait that long for a query that is not cancelled
  Start([&](const QueryRequest&, QueryCancel cancel) -> Result<std::unique_ptr<QueryStream>> {
    std::lock_guard lock(mutex);
    seen = cancel;
    changed.notify_all();
    return std::make_unique<EndlessStream>(cancel);
  });
  {
    RawClient client(port());
    client.Send("POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nSELECT 1");
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(10), [&] { return seen.has_value(); }));
  }
  const auto begin = std::chrono::steady_clock::now();
  server_->Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  EXPECT_TRUE(seen->cancelled());
}

TEST_F(ServerTest, InfluxClientsCanConnect) {
  Start();
  RawClient client(port());
  RawResponse response = client.Get("/ping");
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.Header("X-Influxdb-Version"), "0.0.0");
  response = client.Post("/query", "q=CREATE+DATABASE+%22tele%22", "Content-Type: application/x-www-form-urlencoded\r\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "{\"results\":[{\"statement_id\":0}]}\n");
  EXPECT_THAT(client.Get("/query?q=SHOW+DATABASES").body, HasSubstr("[\"tele\"]"));
  EXPECT_EQ(client.Post("/query?q=DROP+NOTHING", "").status, 400);
}

TEST_F(ServerTest, CreateMakesADatabase) {
  Start();
  RawClient client(port());
  EXPECT_EQ(client.Post("/gigapi/create", R"({"db":"made","table":"t"})").status, 204);
  EXPECT_EQ(client.Post("/gigapi/create?db=also", "").status, 204);
  EXPECT_EQ(client.Post("/gigapi/create", "").status, 400);
  constexpr std::string_view kJson = "Content-Type: application/json\r\n";
  EXPECT_EQ(client.Post("/gigapi/create?db=also&table=t", R"({"table":"t","v":1})", kJson).status, 204);
  EXPECT_EQ(lake_.rows("also", "t"), 1) << "a row, not a table to be made";
  EXPECT_EQ(client.Post("/gigapi/create?db=..%2Fx", "").status, 400);
  const auto databases = lake_.Snapshot()->databases;
  EXPECT_TRUE(databases.contains("made") && databases.contains("also"));
}

TEST_F(ServerTest, StatusEndpoints) {
  options_.version = "1.2.3";
  Start();
  RawClient client(port());
  EXPECT_THAT(client.Get("/health").body, HasSubstr(R"("name":"GigAPI","status":"pass","version":"1.2.3")"));
  EXPECT_EQ(client.Get("/ready").body, "{\"status\":\"ready\"}\n");
  EXPECT_THAT(client.Get("/").body, HasSubstr("GigAPI"));
  client.Post("/write?db=d", "cpu v=1 1\n");
  const std::string metrics = client.Get("/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("\ngigapi_rows_written_total 1\n"));
  EXPECT_THAT(metrics, HasSubstr("gigapi_http_requests_total{route=\"/write\",status=\"2xx\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("process_cpu_seconds_total"));
  client.Send("HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n");
  const RawResponse head = client.Read(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_NE(head.Header("Content-Length"), "0");
}

TEST_F(ServerTest, ALakeThatTakesNoWriteIsNotHealthy) {
  options_.version = "1.2.3";
  Start();
  RawClient client(port());
  EXPECT_EQ(
      client.Get("/health").body,
      R"({"checks":[],"commit":"unknown","message":"Service is healthy","name":"GigAPI","status":"pass","version":"1.2.3"})"
      "\n");
  lake_.Break(Error(ErrorKind::kUnavailable, "the log has failed: no write until restart"));
  const RawResponse health = client.Get("/health");
  EXPECT_EQ(health.status, 503);
  EXPECT_EQ(health.body,
            R"({"checks":[{"name":"wal","status":"fail","message":"the log has failed: no write until restart"}],)"
            R"("commit":"unknown","message":"the log has failed: no write until restart","name":"GigAPI","status":"fail",)"
            R"("version":"1.2.3"})"
            "\n");
  const RawResponse ready = client.Get("/ready");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(ready.body, "{\"status\":\"not ready\",\"message\":\"the log has failed: no write until restart\"}\n");
  for (const char* path : {"/write?db=d", "/api/v2/write?bucket=d", "/api/v3/write_lp?db=d"}) {
    const RawResponse response = client.Post(path, "cpu v=1 1\n");
    EXPECT_EQ(response.status, 503) << path;
    EXPECT_THAT(response.body, HasSubstr("the log has failed: no write until restart")) << path;
  }
  EXPECT_EQ(client.Get("/query?q=SELECT+1").status, 200) << "reading goes on";
}

TEST_F(ServerTest, CredentialsGuardEverythingButPing) {
  options_.username = "ann";
  options_.password = "s3cret";
  Start();
  RawClient client(port());
  EXPECT_EQ(client.Get("/ping").status, 204);
  for (const char* path : {"/health", "/ready", "/metrics", "/", "/query?q=SELECT+1", "/no/such"}) {
    EXPECT_EQ(client.Get(path).status, 401) << path;
  }
  EXPECT_EQ(client.Post("/write?db=d", "cpu v=1 1\n").status, 401);
  EXPECT_EQ(lake_.rows("d", "cpu"), 0);
  EXPECT_EQ(client.Get("/health", "Authorization: Basic YW5uOnMzY3JldA==\r\n").status, 200);
  EXPECT_EQ(client.Get("/health", "Authorization: Basic YW5uOndyb25n\r\n").status, 401);
  EXPECT_EQ(client.Get("/health", "Authorization: Token ann:s3cret\r\n").status, 200);
  EXPECT_EQ(client.Post("/write?db=d&u=ann&p=s3cret", "cpu v=1 1\n").status, 204);
}

TEST_F(ServerTest, StopWaitsForAWriteUnderWay) {
  Start();
  lake_.Hold();
  RawClient client(port());
  client.Send("POST /write?db=d HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\ncpu v=1 1\n");
  while (lake_.held() == 0) std::this_thread::yield();
  std::jthread stopper([this] { server_->Stop(); });
  lake_.Release();
  const RawResponse response = client.Read();
  EXPECT_EQ(response.status, 204);
}

}  // namespace
}  // namespace gigapi
