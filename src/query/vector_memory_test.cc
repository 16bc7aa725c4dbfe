#include "query/vector_memory.h"

#include <gtest/gtest.h>

#include <string>

#include "query/testing/lake_fixture.h"

namespace gigapi {
namespace {

TEST(VectorMemory, OfOneValueIsLimited) {
  QueryOptions options;
  options.memory_limit = "40MB";
  LakeFixture lake(options);
  lake.AddBuffered("db", "cpu", {{1, "x", 1.0, 30'000'000}});
  for (const std::string sql : {
           "SELECT len(range(30000000))",
           "SELECT len(range(number)) FROM cpu",
           "SELECT len(repeat('x', 60000000))",
           "SELECT len(repeat(host, number * 2)) FROM cpu",
           "SELECT range(3000000000)",
           "SELECT repeat('x', 3000000000)",
           "SELECT list_sum(generate_series(1, number)) FROM cpu",
           "SELECT unnest(range(number)) AS n FROM cpu ORDER BY n LIMIT 1",
           "SELECT len(list(lpad(host, 1000, 'y') || range)) FROM cpu, range(60000)",
       }) {
    const Status status = lake.Fails(sql);
    EXPECT_EQ(KindOf(status), ErrorKind::kOverloaded) << sql << ": " << status.message();
    EXPECT_EQ(lake.Query("SELECT 1"), "1\n");
  }
  // What fits is there, also what is too large to be computed while the query is planned.
  EXPECT_EQ(lake.Query("SELECT len(range(1000000)), list_sum(range(1000000)), len(repeat('x', 9000000))"),
            "1000000|499999500000|9000000\n");
  // A list of 8 MB is given back as it is.
  EXPECT_TRUE(lake.Run("SELECT range(number // 30) AS l FROM cpu").ok());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(lake.Query("SELECT median(range) FROM range(1000001)"), "500000\n");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(lake.Query("SELECT len(range(1000000))"), "1000000\n");
}

TEST(VectorMemory, ListsMayBeArgumentsOfTableFunctions) {
  LakeFixture lake;
  EXPECT_EQ(lake.Query("SELECT count(*) FROM unnest(range(3000000))"), "3000000\n");
  EXPECT_EQ(lake.Query("SELECT length('" + std::string(6'000'000, 'x') + "')"), "6000000\n");
}

}  // namespace
}  // namespace gigapi
