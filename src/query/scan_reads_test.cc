// What EXPLAIN ANALYZE tells of a scan over files in a store.
#include <gmock/gmock.h>

#include <regex>

#include "query/testing/lake_fixture.h"

namespace gigapi {
namespace {

constexpr int64_t kHourNs = 3'600'000'000'000;

std::vector<TestRow> RowsOfHour(int64_t hour) {
  std::vector<TestRow> rows;
  for (int64_t i = 0; i < 20'000; ++i) {
    rows.push_back({hour * kHourNs + i * 1000, "h" + std::to_string(i % 7), static_cast<double>(i * 7919 % 10'007), i});
  }
  return rows;
}

/// The plan with what was read, as JSON.
std::string Analyze(LakeFixture* lake, const std::string& sql) {
  return lake->Query("EXPLAIN (ANALYZE, FORMAT json) " + sql);
}

/// The value of `name` in the plan's only scan of the lake; -1: it is not there.
int64_t Figure(const std::string& plan, const std::string& name) {
  std::smatch match;
  if (!std::regex_search(plan, match, std::regex("\"" + name + "\": \"([0-9]+)"))) return -1;
  return std::stoll(match[1]);
}

TEST(ScanReads, ColdScanCountsRequestsAndWarmOneNone) {
  LakeFixture lake;
  lake.AddStoredFile("db", "cpu", RowsOfHour(0));
  lake.AddStoredFile("db", "cpu", RowsOfHour(1));
  const std::string sql = "SELECT sum(value) FROM cpu WHERE time >= TIMESTAMP '1970-01-01 01:00:00'";
  const std::string cold = Analyze(&lake, sql);
  EXPECT_EQ(Figure(cold, "Read"), 1) << cold;
  EXPECT_EQ(Figure(cold, "Files Opened"), 1) << cold;
  EXPECT_GT(Figure(cold, "Store Requests"), 0) << cold;
  EXPECT_GT(Figure(cold, "Bytes Fetched"), 0) << cold;
  EXPECT_THAT(cold, testing::HasSubstr("1/2"));  // files left by the filter

  const std::string warm = Analyze(&lake, sql);
  EXPECT_EQ(Figure(warm, "Store Requests"), 0) << warm;
  EXPECT_EQ(Figure(warm, "Bytes Fetched"), 0) << warm;

  lake.Restart();  // DuckDB's memory is empty, the cache is not
  const std::string cached = Analyze(&lake, sql);
  EXPECT_EQ(Figure(cached, "Store Requests"), 0) << cached;
  EXPECT_EQ(Figure(cached, "Bytes Fetched"), 0) << cached;
  EXPECT_GT(Figure(cached, "Bytes from Memory Cache"), 0) << cached;
  EXPECT_GT(Figure(cached, "Bytes from Disk Cache"), 0) << cached;
}

/// Columns share blocks of the cache: none drives another out.
TEST(ScanReads, QueriesThatAlternateBetweenColumnsFetchEachOnce) {
  LakeFixture lake;
  lake.AddStoredFile("db", "cpu", RowsOfHour(0));
  const std::vector<std::string> queries = {"SELECT sum(value) FROM cpu", "SELECT count(DISTINCT host) FROM cpu",
                                            "SELECT sum(value) FROM cpu WHERE host = 'h1'", "SELECT sum(number) FROM cpu"};
  for (const std::string& sql : queries) EXPECT_GE(Figure(Analyze(&lake, sql), "Store Requests"), 0);
  for (const std::string& sql : queries) {
    lake.Restart();
    const std::string again = Analyze(&lake, sql);
    EXPECT_EQ(Figure(again, "Store Requests"), 0) << again;
    EXPECT_EQ(Figure(again, "Bytes Fetched"), 0) << again;
  }
}

TEST(ScanReads, FilesOnALocalDiskTellNothingOfStores) {
  LakeFixture lake;
  lake.AddFile("db", "cpu", RowsOfHour(0));
  const std::string plan = Analyze(&lake, "SELECT sum(value) FROM cpu");
  EXPECT_EQ(Figure(plan, "Read"), 1) << plan;
  EXPECT_EQ(Figure(plan, "Store Requests"), -1) << plan;
}

}  // namespace
}  // namespace gigapi
