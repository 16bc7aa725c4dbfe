// Many more writers than cores, and a disk that cannot keep up: a whole server on a real lake over a disk that is slow on
// purpose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/testing/fault_file_system.h"
#include "lake/lake.h"
#include "server/server.h"
#include "server/testing/fake_query_engine.h"
#include "server/testing/raw_client.h"

namespace gigapi {
namespace {

constexpr int kWriters = 20;
constexpr int kRowsPerBody = 2'000;
constexpr int64_t kBufferBytesMax = 1 << 20;
constexpr int64_t kInFlightBytesMax = 512 << 10;

int64_t CountRows(Lake* lake) {
  int64_t rows = 0;
  const LakeSnapshotPtr snapshot = lake->Snapshot();
  const auto database = snapshot->databases.find("db");
  if (database == snapshot->databases.end() || !database->second.contains("m")) return 0;
  const TableSnapshot& table = *database->second.at("m");
  for (const DataFilePtr& file : table.files) rows += file->rows;
  for (const MemoryPartPtr& part : table.memory) rows += part->rows;
  return rows;
}

std::string Body(int writer, int request) {
  std::string body;
  for (int row = 0; row < kRowsPerBody; ++row) {
    body += "m,w=" + std::to_string(writer) + " v=" + std::to_string(row) + " " +
            std::to_string(1'700'000'000'000'000'000 + request * 10'000 + row) + "\n";
  }
  return body;
}

struct Outcome {
  std::atomic<int64_t> acknowledged{0};  // requests
  std::atomic<int64_t> refused{0};
  std::atomic<int64_t> other{0};
};

void WriteMany(int port, int writer, int requests, Outcome* outcome) {
  for (int request = 0; request < requests; ++request) {
    RawClient client(port);  // a refusal may close the connection
    const RawResponse response = client.Post("/write?db=db", Body(writer, request));
    if (response.status == 204) ++outcome->acknowledged;
    else if ((response.status == 503 || response.status == 429) && !response.Header("Retry-After").empty())
      ++outcome->refused;
    else ++outcome->other;
  }
}

TEST(Overload, WritersAreRefusedMemoryStaysBoundedAndNothingAcknowledgedIsLost) {
  FaultFileSystem disk;
  LakeOptions lake_options;
  lake_options.root = "/data";
  lake_options.flush_interval_ms = 20;
  lake_options.flush_partition_bytes = kBufferBytesMax / 4;
  lake_options.buffer_bytes_max = kBufferBytesMax;
  lake_options.buffer_wait_ms_max = 50;
  lake_options.wal_segment_bytes = 1 << 20;
  auto lake = *Lake::Open(lake_options, &disk);
  FakeQueryEngine engine([](const QueryRequest&, QueryCancel) { return Error(ErrorKind::kUnsupported, "no queries here"); });
  ServerOptions options;
  options.host = "127.0.0.1";
  options.port = 0;
  options.io_threads = 2;
  options.inflight_body_bytes_max = kInFlightBytesMax;
  options.body_wait_ms_max = 50;
  auto server = Server::Make(options, lake.get(), &engine);
  ASSERT_TRUE(server->Listen().ok());

  disk.SetSyncDelay(std::chrono::milliseconds(40));
  Outcome outcome;
  std::atomic<bool> stop{false};
  std::atomic<int64_t> buffered_bytes_peak{0};
  std::jthread watcher([&] {
    while (!stop) {
      buffered_bytes_peak = std::max(buffered_bytes_peak.load(), lake->metrics().buffered_bytes);
      std::this_thread::yield();
    }
  });
  {
    std::vector<std::jthread> writers;
    for (int i = 0; i < kWriters; ++i) writers.emplace_back([&, i] { WriteMany(server->port(), i, 12, &outcome); });
  }
  stop = true;
  watcher.join();
  EXPECT_EQ(outcome.other, 0);
  EXPECT_GT(outcome.acknowledged, 0);
  EXPECT_GT(outcome.refused, 0) << "the disk was too fast for this test to mean anything";
  EXPECT_LE(buffered_bytes_peak, kBufferBytesMax);
  EXPECT_EQ(CountRows(lake.get()), outcome.acknowledged * kRowsPerBody);
  auto crashed = disk.Crash();

  // It recovers by itself once the disk does.
  disk.SetSyncDelay(std::chrono::milliseconds(0));
  int status = 503;
  for (int attempt = 0; attempt < 1'000 && status == 503; ++attempt) {
    status = RawClient(server->port()).Post("/write?db=db", Body(99, 99)).status;
  }
  EXPECT_EQ(status, 204);
  EXPECT_EQ(CountRows(lake.get()), (outcome.acknowledged + 1) * kRowsPerBody);
  server.reset();
  lake.reset();

  lake = *Lake::Open(lake_options, crashed.get());
  EXPECT_EQ(CountRows(lake.get()), outcome.acknowledged * kRowsPerBody) << "acknowledged, and lost by a crash";
  lake.reset();
}

}  // namespace
}  // namespace gigapi
