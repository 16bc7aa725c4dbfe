#include <arrow/api.h>
#include <gmock/gmock.h>

#include "query/query_engine.h"
#include "query/testing/lake_fixture.h"

namespace gigapi {
namespace {

using testing::HasSubstr;

Result<QueryDescription> Describe(LakeFixture& lake, QueryRequest request) {
  request.database = "db";
  return lake.engine().Describe(request, QueryCancel());
}

TEST(DescribeStatement, TellsTheColumnsOfAQuery) {
  LakeFixture lake;
  lake.AddBuffered("db", "cpu", {{1, "a", 1.5}});
  const auto description = Describe(lake, {.sql = "SELECT time, host, value, count(*) AS n FROM cpu GROUP BY ALL"});
  ASSERT_TRUE(description.ok()) << description.status();
  EXPECT_EQ(description->schema->ToString(), "time: timestamp[ns]\nhost: string\nvalue: double\nn: int64");
  EXPECT_EQ(description->parameters->num_fields(), 0);
  for (const char* sql : {"SHOW TABLES", "EXPLAIN SELECT * FROM cpu", "DESCRIBE cpu"}) {
    const auto other = Describe(lake, {.sql = sql});
    ASSERT_TRUE(other.ok()) << other.status();
    EXPECT_GT(other->schema->num_fields(), 0) << sql;
  }
}

TEST(DescribeStatement, TellsTheParametersInTheirOrder) {
  LakeFixture lake;
  lake.AddBuffered("db", "cpu", {{1, "a", 1.5}});
  const auto description = Describe(lake, {.sql = "SELECT host FROM cpu WHERE value > ? AND host = ? AND time > ?"});
  ASSERT_TRUE(description.ok()) << description.status();
  ASSERT_EQ(description->parameters->num_fields(), 3);
  EXPECT_EQ(description->parameters->field(0)->ToString(), "1: double");
  EXPECT_EQ(description->parameters->field(1)->ToString(), "2: string");
  EXPECT_EQ(description->schema->ToString(), "host: string");
}

TEST(DescribeStatement, LearnsTypesFromTheValuesOfParameters) {
  LakeFixture lake;
  lake.AddBuffered("db", "cpu", {{1, "a", 1.5}});
  const auto open = Describe(lake, {.sql = "SELECT ? AS x"});
  ASSERT_TRUE(open.ok()) << open.status();
  EXPECT_EQ(open->schema, nullptr);
  EXPECT_EQ(open->parameters->ToString(), "1: null");
  const auto known = Describe(lake, {.sql = "SELECT ? AS x", .parameters = {arrow::MakeScalar(int64_t{7})}});
  ASSERT_TRUE(known.ok()) << known.status();
  EXPECT_EQ(known->schema->ToString(), "x: int64");
}

TEST(DescribeStatement, TakesValuesByName) {
  LakeFixture lake;
  lake.AddBuffered("db", "cpu", {{1, "a", 1.5}, {2, "b", 2.5}});
  QueryRequest request{.sql = "SELECT host FROM cpu WHERE value > $least AND time < $end",
                       .named_parameters = {{"least", arrow::MakeScalar(2.0)}, {"end", arrow::MakeScalar(int64_t{100})}}};
  const auto description = Describe(lake, request);
  ASSERT_TRUE(description.ok()) << description.status();
  EXPECT_EQ(description->schema->ToString(), "host: string");
  request.database = "db";
  const auto stream = lake.engine().Execute(request, QueryCancel());
  ASSERT_TRUE(stream.ok()) << stream.status();
  const auto batch = (*stream)->Next();
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ((*batch)->num_rows(), 1);
}

TEST(DescribeStatement, RefusesWhatExecuteRefuses) {
  LakeFixture lake;
  for (const char* sql : {"SELECT nothing FROM cpu", "DROP TABLE cpu", "", "SELECT 1; SELECT 2"}) {
    const auto described = Describe(lake, {.sql = sql}).status();
    EXPECT_FALSE(described.ok());
    QueryRequest request{.sql = sql, .database = "db"};
    EXPECT_EQ(described.ToString(), lake.engine().Execute(request, QueryCancel()).status().ToString());
  }
}

}  // namespace
}  // namespace gigapi
