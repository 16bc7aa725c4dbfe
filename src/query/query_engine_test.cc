#include "query/query_engine.h"

#include <arrow/api.h>
#include <gmock/gmock.h>

#include "query/testing/lake_fixture.h"

namespace gigapi {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(QueryEngine, SelectsConstants) {
  LakeFixture lake;
  EXPECT_EQ(lake.Query("SELECT 1 AS one, 'x' AS text"), "1|x\n");
}

TEST(QueryEngine, ReadsFilesAndBufferedRowsTogether) {
  LakeFixture lake;
  lake.AddFile("db", "cpu", {{1000, "a", 1.5}, {2000, "b", 2.5}});
  lake.AddBuffered("db", "cpu", {{3000, "a", 3.5}});
  EXPECT_EQ(lake.Query("SELECT time, host, value FROM cpu ORDER BY time"),
            "1970-01-01 00:00:00.000001000|a|1.5\n1970-01-01 00:00:00.000002000|b|2.5\n1970-01-01 00:00:00.000003000|a|3.5\n");
  EXPECT_EQ(lake.Query("SELECT count(*), min(time), max(time), sum(value) FROM db.cpu"),
            "3|1970-01-01 00:00:00.000001000|1970-01-01 00:00:00.000003000|7.5\n");
}

}  // namespace
}  // namespace gigapi
