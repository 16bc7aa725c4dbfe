// Queries that are stopped while nobody reads their rows.
#include <gmock/gmock.h>

#include <thread>

#include "query/testing/lake_fixture.h"

namespace gigapi {
namespace {

TEST(RunningQuery, AStoppedStreamThatNobodyReadsHoldsNothing) {
  QueryOptions options;
  options.max_concurrent = 1;
  options.timeout_ms = 50;
  LakeFixture lake(options);
  auto stream = *lake.engine().Execute({.sql = "SELECT * FROM range(1000000000)", .database = "", .parameters = {}}, {});
  ASSERT_TRUE(stream->Next().ok());
  while (lake.engine().metrics().running != 0) std::this_thread::yield();
  EXPECT_EQ(lake.Query("SELECT 1"), "1\n");
  EXPECT_EQ(KindOf(stream->Next().status()), ErrorKind::kTimeout);
  EXPECT_EQ(KindOf(stream->Next().status()), ErrorKind::kTimeout);
}

TEST(RunningQuery, ACancelledStreamThatNobodyReadsHoldsNothing) {
  LakeFixture lake;
  QueryCancel cancel;
  auto stream = *lake.engine().Execute({.sql = "SELECT * FROM range(1000000000)", .database = "", .parameters = {}}, cancel);
  ASSERT_TRUE(stream->Next().ok());
  cancel.Cancel();
  EXPECT_EQ(lake.engine().metrics().running, 0);
  EXPECT_EQ(KindOf(stream->Next().status()), ErrorKind::kCancelled);
}

}  // namespace
}  // namespace gigapi
