#include "server/api/influx/influxql_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/api/influx/influxql_condition.h"
#include "server/api/influx/v1_query.h"

namespace gigapi::influx {
namespace {

using Kind = Statement::Kind;
using ::testing::HasSubstr;

Statement One(std::string_view text) {
  auto statements = ParseInfluxQl(text);
  EXPECT_TRUE(statements.ok()) << text << ": " << statements.status();
  if (!statements.ok() || statements->size() != 1) return {};
  return std::move((*statements)[0]);
}
std::string Failure(std::string_view text) { return ParseInfluxQl(text).status().message(); }

TEST(InfluxQl, ReadsCreateAndDrop) {
  EXPECT_EQ(One("CREATE DATABASE telegraf").name, "telegraf");
  EXPECT_EQ(One(" create  database \"my db\" ; ").name, "my db");
  EXPECT_EQ(One(R"(CREATE DATABASE "a\"b\\")").name, "a\"b\\");
  EXPECT_EQ(One("CREATE DATABASE x WITH DURATION 1d REPLICATION 1 SHARD DURATION 1h NAME \"n\"").name, "x");
  EXPECT_EQ(One("CREATE DATABASE x WITH DURATION INF").kind, Kind::kCreateDatabase);
  EXPECT_EQ(One("DROP DATABASE x").kind, Kind::kDropDatabase);
  EXPECT_EQ(One("DROP MEASUREMENT \"database\"").name, "database");
  EXPECT_TRUE(One("DROP MEASUREMENT x").Changes());
  EXPECT_FALSE(One("SHOW DATABASES").Changes());
}

TEST(InfluxQl, ErrorsAreThoseOfInfluxDb) {
  EXPECT_EQ(Failure("CREATE DATABASE"), "found EOF, expected identifier at line 1, char 17");
  EXPECT_EQ(Failure("CREATE DATABASE \"x\" y"), "found y, expected ;, EOF at line 1, char 21");
  EXPECT_EQ(
      Failure("blah blah"),
      "found blah, expected SELECT, DELETE, SHOW, CREATE, DROP, EXPLAIN, GRANT, REVOKE, ALTER, SET, KILL at line 1, char 1");
  EXPECT_EQ(Failure("SHOW\n TAG foo"), "found foo, expected KEYS, VALUES at line 2, char 6");
  EXPECT_EQ(Failure("SHOW TAG VALUES FROM cpu"), "found EOF, expected WITH at line 1, char 26");
  for (const char* text :
       {"CREATE DATABASE \"x", "DROP DATABASE 'x'", "SHOW TAG VALUES WITH KEY =~ x", "CREATE DATABASE x WITH",
        "DROP MEASUREMENT database", "SHOW MEASUREMENTS LIMIT x", "SHOW SERIES WHERE (a = 1", "\xff"}) {
    EXPECT_EQ(KindOf(ParseInfluxQl(text).status()), ErrorKind::kInvalidArgument) << text;
  }
  for (const char* text :
       {"DELETE FROM x", "DROP SERIES FROM x", "SHOW USERS", "CREATE USER x", "SHOW FIELD KEYS WHERE a = 'b'"}) {
    EXPECT_EQ(KindOf(ParseInfluxQl(text).status()), ErrorKind::kUnsupported) << text;
  }
}

TEST(InfluxQl, ReadsShow) {
  EXPECT_EQ(One("show databases;").kind, Kind::kShowDatabases);
  EXPECT_EQ(One("SHOW RETENTION POLICIES ON \"x\"").database, "x");
  const Statement measurements = One("SHOW MEASUREMENTS ON db WITH MEASUREMENT =~ /^c\\/pu/ LIMIT 10 OFFSET 3");
  EXPECT_EQ(measurements.database, "db");
  EXPECT_EQ(measurements.with->op, NameMatch::Operator::kMatches);
  EXPECT_EQ(measurements.with->names[0], "^c/pu");
  EXPECT_EQ(measurements.limit, 10);
  EXPECT_EQ(measurements.offset, 3);
  const Statement fields = One("SHOW FIELD KEYS FROM cpu, \"db\".\"autogen\".\"m 2\", db..x, /re.*/");
  ASSERT_EQ(fields.sources.size(), 4u);
  EXPECT_EQ(fields.sources[0].name, "cpu");
  EXPECT_EQ(fields.sources[1].database, "db");
  EXPECT_EQ(fields.sources[1].retention_policy, "autogen");
  EXPECT_EQ(fields.sources[1].name, "m 2");
  EXPECT_EQ(fields.sources[2].database, "db");
  EXPECT_EQ(fields.sources[2].name, "x");
  EXPECT_TRUE(fields.sources[3].is_regex);
  EXPECT_EQ(One("SHOW TAG KEYS").kind, Kind::kShowTagKeys);
  EXPECT_EQ(One("SHOW TAG VALUES WITH KEY IN (host, \"the region\")").with->names,
            (std::vector<std::string>{"host", "the region"}));
  EXPECT_EQ(One("SHOW TAG VALUES FROM cpu WITH KEY != \"host\"").with->op, NameMatch::Operator::kNotEqual);
}

TEST(InfluxQl, ReadsSeveralStatementsAndKeepsTheirText) {
  const auto statements = ParseInfluxQl(
      "SHOW DATABASES -- all of them\n; CREATE DATABASE \"x\" ;; SELECT mean(v) FROM cpu WHERE t = ';'; DROP MEASUREMENT m");
  ASSERT_TRUE(statements.ok()) << statements.status();
  ASSERT_EQ(statements->size(), 4u);
  EXPECT_EQ((*statements)[1].text, "CREATE DATABASE \"x\"");
  EXPECT_EQ((*statements)[2].kind, Kind::kSelect);
  EXPECT_EQ((*statements)[3].name, "m");
  EXPECT_TRUE(ParseInfluxQl(" ; ;")->empty());
}

TEST(InfluxQl, Durations) {
  EXPECT_EQ(ParseInfluxDuration("1h30m").ValueOr(-1), 5'400'000'000'000);
  EXPECT_EQ(ParseInfluxDuration("2w").ValueOr(-1), 14 * 86'400'000'000'000);
  EXPECT_EQ(ParseInfluxDuration("10u").ValueOr(-1), 10'000);
  EXPECT_FALSE(ParseInfluxDuration("10parsecs").ok());
  EXPECT_FALSE(ParseInfluxDuration("99999999w").ok());
}

std::string Sql(const std::string& condition) {
  const TableSchema schema({{"host", ColumnType::kTag}, {"v", ColumnType::kFloat64}, {"s", ColumnType::kString}});
  const Statement statement = One("SHOW SERIES WHERE " + condition);
  if (statement.condition == nullptr) return "(none)";
  const auto sql = ConditionToSql(*statement.condition, schema, 1'000'000'000'000);
  return sql.ok() ? *sql : sql.status().message();
}

TEST(InfluxQlCondition, BecomesSql) {
  EXPECT_EQ(Sql("host = 'it\\'s'"), "(\"host\" = 'it''s')");
  EXPECT_EQ(Sql("host = ''"), "(coalesce(\"host\", '') = '')");
  EXPECT_EQ(Sql("host = 5"), "false");
  EXPECT_EQ(Sql("\"host\" !~ /^a'/ AND v >= 1.5 OR nowhere = ''"),
            "((NOT regexp_matches(CAST(coalesce(\"host\", '') AS VARCHAR), '^a''') AND (\"v\" >= 1.5)) OR ('' = ''))");
  EXPECT_EQ(Sql("time > now() - 10s"), "(\"time\" > 990000000000)");
  EXPECT_EQ(Sql("time <= '2025-01-01T00:00:00Z'"), "(\"time\" <= 1735689600000000000)");
  EXPECT_THAT(Sql("time > host"), HasSubstr("invalid operation"));
  EXPECT_THAT(Sql("host"), HasSubstr("invalid condition"));
  EXPECT_THAT(Sql("time =~ /x/"), HasSubstr("regular expression"));
}

TEST(InfluxQlCondition, DeepNestingEndsInAnError) {
  std::string text = "SHOW SERIES WHERE ";
  for (int i = 0; i < 100'000; ++i) text += '(';
  EXPECT_THAT(Failure(text), HasSubstr("nested too deeply"));
  text = "SHOW SERIES WHERE a = 1";
  for (int i = 0; i < 100'000; ++i) text += " OR a = 1";
  EXPECT_THAT(Failure(text), HasSubstr("nested too deeply"));
}

TEST(V1Query, TellsInfluxQlFromSql) {
  http::Request request;
  for (const char* text :
       {"SHOW DATABASES", "show measurements", "CREATE DATABASE x", "drop measurement \"m\"", "SHOW TAG VALUES"}) {
    EXPECT_TRUE(MeansInfluxQl(request, text)) << text;
  }
  for (const char* text :
       {"SELECT 1", "SHOW TABLES", "SHOW ALL TABLES", "DESCRIBE t", "WITH x AS (SELECT 1) FROM x", "EXPLAIN SELECT 1", ""}) {
    EXPECT_FALSE(MeansInfluxQl(request, text)) << text;
  }
  request.headers.emplace_back("Accept", "application/x-msgpack");
  EXPECT_TRUE(MeansInfluxQl(request, "SELECT * FROM cpu"));
  request.headers.clear();
  request.query = {{"epoch", "ns"}};
  EXPECT_TRUE(MeansInfluxQl(request, "SELECT * FROM cpu"));
}

}  // namespace
}  // namespace gigapi::influx
