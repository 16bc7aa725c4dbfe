#include "server/api/influx/select_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "server/api/influx/influxql_parser.h"
#include "server/api/influx/series_rows.h"
#include "server/api/influx/series_writer.h"

namespace gigapi::influx {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNow = 1'700'000'000'000'000'000;

const TableSchema& Schema() {
  static const TableSchema schema(
      {{"host", ColumnType::kTag}, {"v", ColumnType::kFloat64}, {"n", ColumnType::kInt64}, {"s", ColumnType::kString}});
  return schema;
}

Result<std::optional<SelectPlan>> Plan(const std::string& text) {
  SelectContext context{"db", "m", &Schema(), kNow, {}};
  context.match = [](const std::vector<std::string>& names, const std::string& pattern) -> Result<std::vector<std::string>> {
    std::vector<std::string> matching;
    for (const std::string& name : names) {
      if (std::regex_search(name, std::regex(pattern))) matching.push_back(name);
    }
    return matching;
  };
  const auto statements = ParseInfluxQl(text).ValueOrDie();
  return PlanSelect(statements[0], context);
}

std::string Sql(const std::string& text) {
  const auto plan = Plan(text).ValueOrDie();
  return plan->sql + plan->order;
}

TEST(SelectPlan, RawRows) {
  EXPECT_EQ(Sql("SELECT v FROM m"),
            R"(SELECT epoch_ns("time"), "v" FROM "db"."m" WHERE true AND ("v" IS NOT NULL) ORDER BY "time")");
  EXPECT_EQ(
      Sql("SELECT v, host FROM m WHERE host = 'a' AND n > 2 ORDER BY time DESC LIMIT 3 OFFSET 1"),
      R"(SELECT epoch_ns("time"), "v", "host" FROM "db"."m" WHERE (("host" = 'a') AND ("n" > 2)) AND ("v" IS NOT NULL) )"
      R"(ORDER BY "time" DESC LIMIT 4)");
  EXPECT_EQ(Sql("SELECT v FROM m GROUP BY host LIMIT 3"),
            R"(SELECT coalesce("host", ''), epoch_ns("time"), "v" FROM "db"."m" WHERE true AND ("v" IS NOT NULL) )"
            R"(ORDER BY 1, "time")");
}

TEST(SelectPlan, Aggregates) {
  EXPECT_EQ(
      Sql("SELECT mean(v), sum(n) FROM m WHERE time >= 10s GROUP BY host"),
      R"(SELECT coalesce("host", ''), CAST(10000000000 AS BIGINT), avg("v"), CAST(sum("n") AS BIGINT) FROM "db"."m" )"
      R"(WHERE ("time" >= 10000000000) AND ("v" IS NOT NULL OR "n" IS NOT NULL) GROUP BY 1 HAVING count(*) > 0 ORDER BY 1, 2)");
  EXPECT_THAT(
      Sql("SELECT count(v) FROM m GROUP BY time(1m, -10s)"),
      HasSubstr(R"(epoch_ns("time") - ((epoch_ns("time") - 50000000000) % 60000000000 + 60000000000) % 60000000000)"));
  EXPECT_THAT(Sql("SELECT last(v), host FROM m"),
              HasSubstr(R"(epoch_ns(max("time")), arg_max("v", "time"), arg_max_null("host", "time"))"));
  EXPECT_THAT(Sql("SELECT distinct(n) FROM m"), HasSubstr("GROUP BY 2 HAVING count(*) > 0 ORDER BY 1, 2"));
}

TEST(SelectPlan, IntervalsEndNowAndBeginWhereTheConditionDoes) {
  const auto plan = *Plan("SELECT mean(v) FROM m WHERE time > now() - 90s GROUP BY time(1m)").ValueOrDie();
  EXPECT_EQ(plan.last_ns, kNow / 60'000'000'000 * 60'000'000'000);
  EXPECT_EQ(plan.first_ns, (kNow - 90'000'000'000) / 60'000'000'000 * 60'000'000'000);
  EXPECT_EQ(plan.fill, Fill::kNull);
}

TEST(SelectPlan, NothingToAnswer) {
  EXPECT_FALSE(Plan("SELECT host FROM m").ValueOrDie().has_value());
  EXPECT_FALSE(Plan("SELECT mean(nothing) FROM m").ValueOrDie().has_value());
  EXPECT_FALSE(Plan("SELECT mean(host) FROM m").ValueOrDie().has_value());
}

TEST(SelectPlan, Refusals) {
  const auto refusal = [](const std::string& text) { return Plan(text).status().message(); };
  EXPECT_EQ(refusal("SELECT holt_winters(mean(v), 1, 1) FROM m"), "holt_winters() is not supported");
  EXPECT_EQ(refusal("SELECT top(v, 3), mean(v) FROM m"), "selector function top() cannot be combined with other functions");
  EXPECT_EQ(refusal("SELECT top(v, 0) FROM m"), "limit (0) in top function must be at least 1");
  EXPECT_EQ(refusal("SELECT bottom(v, n, 2) FROM m"), "only tags are allowed between field and limit of bottom()");
  EXPECT_EQ(refusal("SELECT top(s, 1) FROM m"), "unsupported top iterator type: string");
  EXPECT_EQ(refusal("SELECT integral(v), mean(v) FROM m"), "integral() with other functions or fields is not supported");
  EXPECT_EQ(refusal("SELECT mean(s) FROM m"), "unsupported mean iterator type: string");
  EXPECT_EQ(refusal("SELECT percentile(v) FROM m"), "invalid number of arguments for percentile, expected 2, got 1");
  EXPECT_EQ(refusal("SELECT mean(v + 1) FROM m"), "expected field argument in mean()");
  EXPECT_EQ(refusal("SELECT distinct(v), mean(v) FROM m"),
            "aggregate function distinct() cannot be combined with other functions or fields");
  EXPECT_EQ(refusal("SELECT moving_average(v, 0) FROM m"), "second argument to moving_average must be a positive integer");
  EXPECT_EQ(refusal("SELECT v FROM m WHERE time > 'yesterday'"), "invalid timestamp string: yesterday");
}

/// The rows that come of some, as JSON.
std::string Answer(const std::string& text, const std::vector<std::pair<std::string, SeriesRow>>& rows) {
  auto plan = *Plan(text).ValueOrDie();
  OutputBuffer out;
  SeriesWriter writer({1'000'000'000, 0}, &out);
  SeriesBudget budget;
  SeriesRows series(&plan, "m", &budget, &writer);
  writer.BeginStatement(0);
  for (const auto& [host, row] : rows) series.Push({host}, row);
  series.Finish();
  writer.EndStatement("", "");
  return out.Take();
}

TEST(SeriesRows, EachSeriesIsFilledToBothEnds) {
  constexpr int64_t kSecond = 1'000'000'000;
  const auto at = [](int64_t seconds, double v) { return SeriesRow{seconds * kSecond, {v}}; };
  EXPECT_EQ(Answer("SELECT mean(v) FROM m WHERE time >= 0s AND time < 40s GROUP BY time(10s), host fill(linear)",
                   {{"a", at(10, 1)}, {"a", at(30, 3)}, {"b", at(0, 5)}}),
            R"({"statement_id":0,"series":[{"name":"m","tags":{"host":"a"},"columns":["time","mean"],)"
            R"("values":[[0,null],[10,1],[20,2],[30,3]]},{"name":"m","tags":{"host":"b"},"columns":["time","mean"],)"
            R"("values":[[0,5],[10,null],[20,null],[30,null]]}]})");
  EXPECT_THAT(Answer("SELECT mean(v) FROM m WHERE time >= 0s AND time < 40s GROUP BY time(10s), host fill(previous) "
                     "ORDER BY time DESC LIMIT 2",
                     {{"a", at(20, 1)}}),
              HasSubstr(R"("values":[[30,null],[20,1]])"));
}

}  // namespace
}  // namespace gigapi::influx
