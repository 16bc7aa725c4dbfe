#include "query/large_limit.h"

#include <gmock/gmock.h>

#include "query/testing/lake_fixture.h"

namespace gigapi {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Plan(LakeFixture* lake, const std::string& sql) { return lake->Query("EXPLAIN " + sql); }

TEST(LargeLimit, ReadsTheTableOnceWhereAllRowsReadAreKept) {
  LakeFixture lake;
  lake.AddFile("db", "cpu", {{0, "a", 1.0}, {1, "b", 2.0}});
  for (const char* sql : {
           "SELECT * FROM cpu LIMIT 1000000",
           "SELECT host, value FROM cpu WHERE value > 1 LIMIT 20000",
           "SELECT count(*) FROM (SELECT * FROM cpu LIMIT 100000) x",
       }) {
    EXPECT_THAT(Plan(&lake, sql), Not(HasSubstr("JOIN"))) << sql;
  }
  EXPECT_EQ(lake.Query("SELECT value FROM cpu LIMIT 1000000"), "1\n2\n");
}

TEST(LargeLimit, LeavesLateMaterializationWhereFewRowsReadAreKept) {
  LakeFixture lake;
  lake.AddFile("db", "cpu", {{0, "a", 1.0}, {1, "b", 2.0}});
  EXPECT_THAT(Plan(&lake, "SELECT * FROM cpu ORDER BY value LIMIT 10"), HasSubstr("JOIN"));
  EXPECT_THAT(Plan(&lake, "SELECT * FROM cpu LIMIT 10000 OFFSET 900000"), HasSubstr("JOIN"));
}

}  // namespace
}  // namespace gigapi
