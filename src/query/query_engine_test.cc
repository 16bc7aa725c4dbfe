#include "query/query_engine.h"

#include <arrow/api.h>
#include <gmock/gmock.h>

#include <thread>

#include "base/clock.h"
#include "query/testing/lake_fixture.h"

namespace gigapi {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int64_t kHour = kNanosPerHour;

TEST(QueryEngine, ReadsFilesAndBufferedRowsTogether) {
  LakeFixture lake;
  lake.AddFile("db", "cpu", {{1000, "a", 1.5}, {2000, "b", 2.5}});
  lake.AddBuffered("db", "cpu", {{3000, "a", 3.5}});
  EXPECT_EQ(
      lake.Query("SELECT time, host, value FROM cpu ORDER BY time"),
      "1970-01-01 00:00:00.000001000|a|1.5\n1970-01-01 00:00:00.000002000|b|2.5\n1970-01-01 00:00:00.000003000|a|3.5\n");
  EXPECT_EQ(lake.Query("SELECT count(*), min(time), max(time), sum(value) FROM db.cpu"),
            "3|1970-01-01 00:00:00.000001000|1970-01-01 00:00:00.000003000|7.5\n");
}

TEST(QueryEngine, ReadsFilesWhoseTimeIsMarkedAsUtc) {
  LakeFixture lake;
  TableSnapshot table{.database = "db", .table = "cpu", .schema = TestSchema(), .files = {}, .memory = {}};
  table.files = {lake.WriteFile({{1'000'000, "a", 1.5}, {2'000'000, "b", 2.5}}, LakeFixture::FileShape::kUtcTime)};
  lake.lake().Put(table);
  EXPECT_EQ(lake.Query("SELECT time, host FROM cpu WHERE time > '1970-01-01T00:00:00.001Z'"),
            "1970-01-01 00:00:00.002000000|b\n");
}

TEST(QueryEngine, FindsNamesExactlyFirstThenIgnoringCase) {
  LakeFixture lake;
  lake.AddBuffered("db", "cpu", {{1, "small", 1.0}});
  lake.AddBuffered("db", "CPU", {{1, "large", 1.0}});
  lake.AddBuffered("Other", "Mem", {{1, "other", 1.0}});
  EXPECT_EQ(lake.Query("SELECT host FROM cpu"), "small\n");
  EXPECT_EQ(lake.Query("SELECT host FROM CPU"), "large\n");
  EXPECT_EQ(lake.Query("SELECT host FROM other.mem"), "other\n");
  EXPECT_EQ(lake.Query("SELECT host FROM mem", "OTHER"), "other\n");
  EXPECT_EQ(lake.Query("SELECT HOST, Value FROM cpu"), "small|1\n");
}

TEST(QueryEngine, QuotesAnyName) {
  LakeFixture lake;
  lake.AddBuffered("my-db.x", "we\"ird table/é", {{1, "a", 1.0}});
  EXPECT_EQ(lake.Query("SELECT host FROM \"my-db.x\".\"we\"\"ird table/é\""), "a\n");
  EXPECT_EQ(lake.Query("SHOW TABLES FROM \"my-db.x\""), "we\"ird table/é\n");
}

TEST(QueryEngine, JoinsAcrossDatabases) {
  LakeFixture lake;
  lake.AddFile("a", "cpu", {{1, "x", 1.0}, {2, "y", 2.0}});
  lake.AddBuffered("b", "cpu", {{1, "x", 10.0}});
  EXPECT_EQ(lake.Query("SELECT p.host, p.value + q.value FROM a.cpu p JOIN b.cpu q USING (host)", ""), "x|11\n");
}

TEST(QueryEngine, DatabasesMayHaveTheNamesOfDuckDbsOwn) {
  LakeFixture lake;
  for (const std::string name : {"memory", "lake", "main"}) {
    lake.AddBuffered(name, "cpu", {{1, name, 1.0}});
    EXPECT_EQ(lake.Query("SELECT host FROM cpu", name), name + "\n");
    EXPECT_EQ(lake.Query("SELECT host FROM " + name + ".cpu", ""), name + "\n");
  }
}

TEST(QueryEngine, ShowsTheLakeAlone) {
  LakeFixture lake;
  lake.AddBuffered("db", "cpu", {{1, "a", 1.0}});
  lake.AddBuffered("db", "mem", {{1, "a", 1.0}});
  lake.AddBuffered("other", "disk", {{1, "a", 1.0}});
  EXPECT_EQ(lake.Query("SHOW DATABASES"), "db\nother\n");
  EXPECT_EQ((*lake.Run("SHOW DATABASES"))->schema()->field(0)->name(), "database_name");
  EXPECT_EQ(lake.Query("SHOW TABLES"), "cpu\nmem\n");
  EXPECT_EQ((*lake.Run("SHOW TABLES"))->schema()->field(0)->name(), "table_name");
  EXPECT_EQ(lake.Query("SHOW TABLES FROM other"), "disk\n");
  EXPECT_EQ(lake.Query("DESCRIBE cpu"),
            "time|TIMESTAMP_NS|YES|NULL|NULL|NULL\nhost|VARCHAR|YES|NULL|NULL|NULL\nvalue|DOUBLE|YES|NULL|NULL|NULL\n"
            "number|BIGINT|YES|NULL|NULL|NULL\n");
  EXPECT_EQ(lake.Query("SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL"),
            "db|cpu\ndb|mem\nother|disk\n");
  EXPECT_EQ(lake.Query("SELECT schema_name FROM information_schema.schemata ORDER BY ALL"), "db\nother\n");
  EXPECT_EQ(lake.Query("SELECT count(DISTINCT table_name) FROM information_schema.columns"), "3\n");
  EXPECT_EQ(lake.Query("SELECT count(*) FROM information_schema.columns c WHERE c.table_name = 'cpu'"), "4\n");
}

TEST(QueryEngine, WorksOnAnEmptyLakeAndWithoutADatabase) {
  LakeFixture lake;
  EXPECT_EQ(lake.Query("SELECT 1", ""), "1\n");
  EXPECT_EQ(lake.Query("SELECT 1", "nosuch"), "1\n");
  EXPECT_EQ(lake.Query("SHOW DATABASES", ""), "");
  EXPECT_EQ(lake.Query("SHOW TABLES", "nosuch"), "");
  EXPECT_THAT(lake.Fails("SELECT * FROM cpu", "").message(), HasSubstr("cpu"));
}

TEST(QueryEngine, ErrorsShowThePosition) {
  LakeFixture lake;
  lake.AddBuffered("db", "cpu", {{1, "a", 1.0}});
  for (const std::string sql : {"SELECT nosuch FROM cpu", "SELECT * FROM nosuch", "SELEC 1", "SELECT * FROM cpu WHERE",
                                "SELECT nosuch(value) FROM cpu", "SELECT 'x'::INT + value FROM cpu"}) {
    const Status status = lake.Fails(sql);
    const bool names_missing_table = sql == "SELECT * FROM nosuch";
    EXPECT_EQ(KindOf(status), names_missing_table ? ErrorKind::kNotFound : ErrorKind::kInvalidArgument) << sql;
    EXPECT_THAT(status.message(), HasSubstr("LINE 1: ")) << sql;
    EXPECT_THAT(status.message(), HasSubstr("^")) << sql;
  }
  EXPECT_THAT(lake.Fails("SELECT 1,\n  nosuch FROM cpu").message(), HasSubstr("LINE 2: "));
  EXPECT_THAT(lake.Fails("SELECT * FROM cpus").message(), HasSubstr("Did you mean \"cpu\""));
  EXPECT_THAT(lake.Fails("SELECT * FROM sequences").message(), Not(HasSubstr("Did you mean \"pg_")));
}

TEST(QueryEngine, ErrorsNeverShowAPath) {
  LakeFixture lake;
  TableSnapshot table{.database = "db", .table = "cpu", .schema = TestSchema(), .files = {}, .memory = {}};
  table.files = {lake.MissingFile(0, 10, 2)};
  lake.lake().Put(table);
  const Status status = lake.Fails("SELECT sum(value) FROM cpu");
  EXPECT_EQ(KindOf(status), ErrorKind::kInternal);
  EXPECT_THAT(status.message(), Not(HasSubstr(lake.directory())));
  EXPECT_EQ(lake.Query("SELECT 1"), "1\n");  // and the engine goes on
}

TEST(QueryEngine, TakesParameters) {
  LakeFixture lake;
  lake.AddFile("db", "cpu", {{1000, "a", 1.5}, {2000, "b", 2.5}});
  EXPECT_EQ(lake.Query("SELECT value FROM cpu WHERE host = $1", "db", {arrow::MakeScalar("b")}), "2.5\n");
  EXPECT_EQ(lake.Query("SELECT value FROM cpu WHERE time > $1", "db", {arrow::MakeScalar(int64_t{1500})}), "2.5\n");
  EXPECT_EQ(lake.Query("SELECT $1, $2, $3", "db", {arrow::MakeScalar(1.5), arrow::MakeScalar(true), nullptr}),
            "1.5|true|NULL\n");
  EXPECT_EQ(lake.Query("SELECT value FROM cpu WHERE time > ?", "db",
                       {std::make_shared<arrow::TimestampScalar>(1500, arrow::timestamp(arrow::TimeUnit::NANO))}),
            "2.5\n");
  EXPECT_EQ(lake.Query("SELECT value FROM cpu WHERE time > $1", "db", {arrow::MakeScalar("1970-01-01T00:00:00.000001500Z")}),
            "2.5\n");
  EXPECT_EQ(KindOf(lake.Fails("SELECT $1")), ErrorKind::kInvalidArgument);
}

TEST(QueryEngine, ResultsHavePlainArrowTypes) {
  LakeFixture lake;
  lake.AddFile("db", "cpu", {{1000, "a", 1.5, 3}});
  const auto table = *lake.Run(
      "SELECT *, true AS b, number::UBIGINT AS u, sum(number) OVER () AS s, '{}'::JSON AS j, now() AS n "
      "FROM cpu");
  EXPECT_EQ(table->schema()->ToString(),
            "time: timestamp[ns]\nhost: string\nvalue: double\nnumber: int64\nb: bool\nu: uint64\ns: decimal128(38, 0)\n"
            "j: string\nn: timestamp[us, tz=UTC]");
  EXPECT_EQ((*lake.Run("SELECT * FROM cpu WHERE false"))->schema()->num_fields(), 4);
}

TEST(QueryEngine, StreamsTheFirstRowsEarlyAndTheRestInLargeBatches) {
  LakeFixture lake;
  auto stream =
      *lake.engine().Execute({.sql = "SELECT range AS i FROM range(300000)", .database = "", .parameters = {}}, {});
  std::vector<int64_t> sizes;
  while (auto batch = *stream->Next()) sizes.push_back(batch->num_rows());
  ASSERT_GE(sizes.size(), 3u);
  EXPECT_LE(sizes[0], 2048);
  EXPECT_GE(sizes[1], 64 * 1024);
}

TEST(QueryEngine, LimitsRows) {
  QueryOptions options;
  options.max_rows = 1000;
  LakeFixture lake(options);
  EXPECT_TRUE(lake.Run("SELECT * FROM range(1000)").ok());
  EXPECT_EQ(KindOf(lake.Fails("SELECT * FROM range(1001)")), ErrorKind::kTooLarge);
}

TEST(QueryEngine, LimitsMemory) {
  QueryOptions options;
  options.memory_limit = "40MB";
  LakeFixture lake(options);
  const Status status = lake.Fails("SELECT range, random()::VARCHAR || range AS r FROM range(4000000) ORDER BY r");
  EXPECT_EQ(KindOf(status), ErrorKind::kOverloaded) << status.message();
  EXPECT_EQ(lake.Query("SELECT 1"), "1\n");
}

constexpr const char* kEndless = "SELECT count(*) FROM range(1000000000000) a WHERE a.range % 7 = 3";

TEST(QueryEngine, LimitsTime) {
  QueryOptions options;
  options.timeout_ms = 400;
  LakeFixture lake(options);
  EXPECT_EQ(KindOf(lake.Fails(kEndless)), ErrorKind::kTimeout);
  EXPECT_EQ(lake.Query("SELECT 1"), "1\n");
}

TEST(QueryEngine, CancelsBeforeItStarts) {
  LakeFixture lake;
  QueryCancel cancel;
  cancel.Cancel();
  const auto stream = lake.engine().Execute({.sql = kEndless, .database = "", .parameters = {}}, cancel);
  EXPECT_EQ(KindOf(stream.status()), ErrorKind::kCancelled);
}

TEST(QueryEngine, CancelsWhileItRuns) {
  LakeFixture lake;
  QueryCancel cancel;
  std::thread canceller([&] {
    while (lake.engine().metrics().running == 0) std::this_thread::yield();
    cancel.Cancel();
  });
  const auto stream = lake.engine().Execute({.sql = kEndless, .database = "", .parameters = {}}, cancel);
  canceller.join();
  EXPECT_EQ(KindOf(stream.status()), ErrorKind::kCancelled);
  EXPECT_EQ(lake.engine().metrics().running, 0);
  EXPECT_EQ(lake.Query("SELECT 1"), "1\n");
}

TEST(QueryEngine, CancelsBetweenBatches) {
  LakeFixture lake;
  QueryCancel cancel;
  auto stream = *lake.engine().Execute({.sql = "SELECT * FROM range(100000000)", .database = "", .parameters = {}}, cancel);
  ASSERT_TRUE(stream->Next().ok());
  cancel.Cancel();
  EXPECT_EQ(KindOf(stream->Next().status()), ErrorKind::kCancelled);
  EXPECT_EQ(lake.Query("SELECT 1"), "1\n");
}

TEST(QueryEngine, AnAbandonedStreamEnds) {
  LakeFixture lake;
  for (const char* sql :
       {"SELECT * FROM range(1000000000000)", "SELECT * FROM range(1000000000000) a WHERE a.range % 1000 = 3"}) {
    auto stream = *lake.engine().Execute({.sql = sql, .database = "", .parameters = {}}, {});
    ASSERT_TRUE(stream->Next().ok());
    stream.reset();
    EXPECT_EQ(lake.engine().metrics().running, 0);
    EXPECT_EQ(lake.Query("SELECT 1"), "1\n");
  }
}

TEST(QueryEngine, QueuesAndRefusesWhenTooManyRun) {
  QueryOptions options;
  options.max_concurrent = 1;
  options.max_queued = 1;
  options.queue_timeout_ms = 60'000;
  LakeFixture lake(options);
  auto running = *lake.engine().Execute({.sql = "SELECT * FROM range(10000000)", .database = "", .parameters = {}}, {});
  std::thread queued([&] { EXPECT_EQ(lake.Query("SELECT 2"), "2\n"); });
  while (lake.engine().metrics().queued == 0) std::this_thread::yield();
  EXPECT_EQ(KindOf(lake.Fails("SELECT 3")), ErrorKind::kUnavailable);
  running.reset();
  queued.join();
  EXPECT_EQ(lake.Query("SELECT 4"), "4\n");
}

TEST(QueryEngine, RefusesAfterWaitingTooLong) {
  QueryOptions options;
  options.max_concurrent = 1;
  options.queue_timeout_ms = 1;
  LakeFixture lake(options);
  auto running = *lake.engine().Execute({.sql = "SELECT * FROM range(10000000)", .database = "", .parameters = {}}, {});
  EXPECT_EQ(KindOf(lake.Fails("SELECT 3")), ErrorKind::kUnavailable);
}

TEST(QueryEngine, AStreamThatEndedFreesItsSlot) {
  QueryOptions options;
  options.max_concurrent = 1;
  options.queue_timeout_ms = 1;
  LakeFixture lake(options);
  auto stream = *lake.engine().Execute({.sql = "SELECT 1", .database = "", .parameters = {}}, {});
  while (*stream->Next() != nullptr) {
  }
  EXPECT_EQ(lake.Query("SELECT 2"), "2\n");
}

TEST(QueryEngine, CountsFromTheCatalogAlone) {
  LakeFixture lake;
  TableSnapshot table{.database = "db", .table = "cpu", .schema = TestSchema(), .files = {}, .memory = {}};
  for (int64_t hour = 0; hour < 100; ++hour) {
    table.files.push_back(lake.MissingFile(hour * kHour, (hour + 1) * kHour - 1, 7));
  }
  lake.lake().Put(table);
  EXPECT_EQ(lake.Query("SELECT count(*), min(time), max(time) FROM cpu"),
            "700|1970-01-01 00:00:00.000000000|1970-01-05 03:59:59.999999999\n");
  EXPECT_EQ(lake.Query("SELECT count(*) FROM cpu WHERE time >= '1970-01-02' AND time < '1970-01-03'"), "168\n");
  EXPECT_EQ(lake.Query("SELECT count(*) FROM cpu WHERE time < '1969-01-01'"), "0\n");
  EXPECT_EQ(lake.Query("SELECT * FROM cpu WHERE time > now() - INTERVAL '1 hour'"), "");
}

TEST(QueryEngine, HoursAreFoundAmongManyFiles) {
  LakeFixture lake;
  TableSnapshot table{.database = "db", .table = "cpu", .schema = TestSchema(), .files = {}, .memory = {}};
  for (int64_t hour = -50; hour < 50; ++hour) {
    for (int64_t i = 0; i < 20; ++i)
      table.files.push_back(lake.MissingFile(hour * kHour + i, (hour + 1) * kHour - 20 + i, 1));
  }
  table.memory.push_back(TestPart({TestChunk({{3 * kHour, "a", 1.0}})}));
  lake.lake().Put(table);
  const auto expect = [&](const std::string& where, int files) {
    EXPECT_THAT(lake.Query("EXPLAIN SELECT value FROM cpu WHERE " + where), HasSubstr(" " + std::to_string(files) + "/2000"))
        << where;
  };
  expect("time >= '1970-01-01 03:00:00' AND time < '1970-01-01 04:00:00'", 20);
  expect("time = '1970-01-01 03:59:59.999999999'", 1);
  expect("time = '1970-01-01 03:59:59.999999998'", 2);
  expect("time < '1969-12-29 23:00:00'", 20);
  expect("time >= '1970-01-03 01:00:00'", 20);
  expect("time BETWEEN '1969-12-31 23:30:00' AND '1970-01-01 00:30:00'", 40);
  expect("time > '1971-01-01'", 0);
  EXPECT_EQ(lake.Query("SELECT count(*) FROM cpu WHERE time >= '1970-01-01 03:00:00' AND time < '1970-01-01 04:00:00'"),
            "21\n");
}

TEST(QueryEngine, TimeComparisonsOfEveryKindPrune) {
  LakeFixture lake;
  for (int64_t hour = 0; hour < 24; ++hour)
    lake.AddFile("db", "cpu", {{hour * kHour, "a", 1.0}, {hour * kHour + 1, "b", 2.0}});
  const auto expect = [&](const std::string& where, int files, int rows) {
    EXPECT_EQ(lake.Query("SELECT count(*) FROM cpu t WHERE " + where), std::to_string(rows) + "\n") << where;
    EXPECT_THAT(lake.Query("EXPLAIN SELECT value FROM cpu t WHERE " + where),
                HasSubstr("Scanning Files: " + std::to_string(files) + "/24"))
        << where;
  };
  expect("time >= '1970-01-01 20:00:00'", 4, 8);
  expect("time >= '1970-01-01T20:00:00Z'", 4, 8);
  expect("time >= TIMESTAMP '1970-01-01 20:00:00'", 4, 8);
  expect("time >= TIMESTAMPTZ '1970-01-01 20:00:00+00'", 4, 8);
  expect("time >= TIMESTAMPTZ '1970-01-01 22:00:00+02'", 4, 8);
  expect("time >= epoch_ns(TIMESTAMP '1970-01-01 20:00:00')", 4, 8);
  expect("time >= epoch_ns('1970-01-01T20:00:00'::TIMESTAMP)", 4, 8);
  expect("time >= " + std::to_string(20 * kHour), 4, 8);
  expect("time >= 20 * 3600 * 1000000000::BIGINT", 4, 8);
  expect("time > " + std::to_string(20 * kHour), 4, 7);
  expect("time >= DATE '1970-01-01'", 24, 48);
  expect("time < DATE '1970-01-01' + 1", 24, 48);
  expect("time < '1970-01-01 02:00:00'::TIMESTAMP_S", 2, 4);
  expect("time < now() - INTERVAL '1 hour'", 24, 48);
  expect("t.time < TIMESTAMPTZ '1970-01-01 01:00:00+00'", 1, 2);
  expect("\"time\" < TIMESTAMPTZ '1970-01-01 01:00:00+00'", 1, 2);
  expect("TIMESTAMPTZ '1970-01-01 01:00:00+00' > time", 1, 2);
  expect("time BETWEEN TIMESTAMPTZ '1970-01-01 01:00:00+00' AND TIMESTAMPTZ '1970-01-01 02:00:00+00'", 2, 3);
  expect("time BETWEEN '1970-01-01 01:00:00' AND '1970-01-01 02:00:00'", 2, 3);
  expect("time BETWEEN " + std::to_string(kHour) + " AND " + std::to_string(2 * kHour), 2, 3);
  expect("t.time BETWEEN epoch_ns(TIMESTAMP '1970-01-01 01:00:00') AND epoch_ns(TIMESTAMP '1970-01-01 02:00:00')", 2, 3);
  expect("time IN (0, 1, " + std::to_string(3 * kHour) + ")", 2, 3);
  expect("time = " + std::to_string(3 * kHour), 1, 1);
  expect("time IN (TIMESTAMPTZ '1970-01-01 03:00:00+00', TIMESTAMPTZ '1970-01-01 04:00:00+00')", 2, 2);
  expect("time < TIMESTAMP '9999-12-31'", 24, 48);
  expect("time > TIMESTAMPTZ '0001-01-01 00:00:00+00'", 24, 48);
  expect("time >= '1970-01-01 20:00:00' OR time < '1970-01-01 01:00:00'", 5, 10);
  expect("time >= date_trunc('day', TIMESTAMPTZ '1970-01-01 20:00:00+00')", 24, 48);
  expect("time >= to_timestamp(72000)", 4, 8);
  expect("time >= make_timestamp(72000000000)", 4, 8);
}

TEST(QueryEngine, OtherColumnsCalledTimeStayWhatTheyAre) {
  LakeFixture lake;
  EXPECT_EQ(lake.Query("SELECT time FROM (SELECT unnest([1, 2, 3]) AS time) WHERE time > 1 AND time IN (1 + 1)"), "2\n");
  EXPECT_EQ(lake.Query("SELECT time FROM (SELECT unnest(['a', 'b']) AS time) WHERE time > 'a' || ''"), "b\n");
  EXPECT_EQ(lake.Query("SELECT time FROM (SELECT unnest([DATE '2020-01-01', DATE '2021-01-01']) AS time) "
                       "WHERE time > DATE '2020-01-01' + 1"),
            "2021-01-01\n");
}

TEST(QueryEngine, ComparesAggregatesOfTime) {
  LakeFixture lake;
  lake.AddFile("db", "cpu", {{0, "a", 1.0}, {2 * kHour, "b", 2.0}});
  EXPECT_EQ(lake.Query("SELECT host FROM cpu GROUP BY host HAVING max(time) > TIMESTAMPTZ '1970-01-01 01:00:00+00'"), "b\n");
  EXPECT_EQ(lake.Query("SELECT host FROM cpu WHERE time = (SELECT max(time) FROM cpu)"), "b\n");
  EXPECT_EQ(lake.Query("SELECT host, max(time) AS last_seen FROM cpu GROUP BY host HAVING last_seen < to_timestamp(3600)"),
            "a|1970-01-01 00:00:00.000000000\n");
  EXPECT_EQ(lake.Query("SELECT t FROM (SELECT time AS t FROM cpu) WHERE t < now() - INTERVAL '1 hour' AND "
                       "t BETWEEN to_timestamp(1) AND now()"),
            "1970-01-01 02:00:00.000000000\n");
  EXPECT_EQ(lake.Query("SELECT d FROM (SELECT DATE '2020-01-01' AS d) WHERE d < now() AND d > to_timestamp(0)"),
            "2020-01-01\n");
  EXPECT_EQ(lake.Query("SELECT n FROM (SELECT 5 AS n) WHERE n < epoch_ns(now())"), "5\n");
}

TEST(QueryEngine, TagsPruneFiles) {
  LakeFixture lake;
  lake.AddFile("db", "cpu", {{0, "a-very-long-host-name-1", 1.0}, {1, "a-very-long-host-name-2", 2.0}});
  lake.AddFile("db", "cpu", {{0, "a-very-long-host-name-8", 100.0, 7}, {1, "a-very-long-host-name-9", 200.0, 9}});
  const auto expect = [&](const std::string& where, int files) {
    EXPECT_THAT(lake.Query("EXPLAIN SELECT time FROM cpu WHERE " + where),
                HasSubstr("Scanning Files: " + std::to_string(files) + "/2"))
        << where;
  };
  expect("host = 'a-very-long-host-name-8'", 1);
  expect("host = 'a-very-long-host-name-7'", 0);
  expect("host IN ('a-very-long-host-name-1', 'a-very-long-host-name-9')", 2);
  expect("value > 50", 1);
  expect("number = 8", 1);
  expect("value > 50 AND host < 'a-very-long-host-name-3'", 0);
}

TEST(QueryEngine, PlansOverAHundredThousandFilesQuickly) {
  LakeFixture lake;
  TableSnapshot table{.database = "db", .table = "cpu", .schema = TestSchema(), .files = {}, .memory = {}};
  for (int64_t i = 0; i < 100'000; ++i) table.files.push_back(lake.MissingFile(i * kHour, (i + 1) * kHour - 1, 1));
  table.files.push_back(lake.WriteFile({{200'000 * kHour, "last", 1.0}}));
  lake.lake().Put(table);
  EXPECT_EQ(lake.Query("SELECT count(*) FROM cpu"), "100001\n");
  EXPECT_EQ(lake.Query("SELECT host FROM cpu WHERE time >= " + std::to_string(150'000 * kHour)), "last\n");
  EXPECT_EQ(lake.Query("SELECT host FROM cpu ORDER BY time DESC LIMIT 1"), "last\n") << "only the newest is opened";
}

TEST(QueryEngine, FilesWithoutAValueAreNotOpened) {
  LakeFixture lake;
  TableSnapshot table{.database = "db", .table = "cpu", .schema = TestSchema(), .files = {}, .memory = {}};
  for (int64_t i = 0; i < 3; ++i) table.files.push_back(lake.MissingFile(i * kHour, (i + 1) * kHour - 1, 1));
  table.files.push_back(lake.WriteFile({{200 * kHour, "last", 1.0}}));
  lake.lake().Put(table);
  EXPECT_EQ(lake.Query("SELECT host FROM cpu WHERE value IS NOT NULL"), "last\n");
  EXPECT_EQ(lake.Query("SELECT host FROM cpu WHERE value IS NOT NULL AND host IS NOT NULL AND value < 5"), "last\n");
}

TEST(DateBin, CountsFromItsOrigin) {
  LakeFixture lake;
  const auto expect = [&](const std::string& call, const std::string& bin) {
    EXPECT_EQ(lake.Query("SELECT " + call), bin + "\n") << call;
  };
  expect("date_bin('15 minutes', TIMESTAMP_NS '2025-04-10 14:37:01.123456789')", "2025-04-10 14:30:00.000000000");
  expect("date_bin(INTERVAL '15 minutes', TIMESTAMP '2025-04-10 14:37:01')", "2025-04-10 14:30:00.000000");
  expect("date_bin(INTERVAL '1 day', TIMESTAMPTZ '2025-04-10 14:37:01+00')", "2025-04-10 00:00:00.000000Z");
  expect("date_bin(INTERVAL '1 hour', TIMESTAMP '2025-04-10 14:37:01', TIMESTAMP '2001-01-01 00:40:00')",
         "2025-04-10 13:40:00.000000");
  expect("date_bin(INTERVAL '1 hour', TIMESTAMP '1969-12-31 23:10:00')", "1969-12-31 23:00:00.000000");
  expect("date_bin(INTERVAL '1 week', TIMESTAMP '2025-04-10 14:37:01')", "2025-04-10 00:00:00.000000");
  expect("date_bin(INTERVAL '1 month', TIMESTAMP '2025-04-10 14:37:01')", "2025-04-01 00:00:00.000000");
  expect("date_bin(INTERVAL '3 months', TIMESTAMP '2025-06-30 14:37:01')", "2025-04-01 00:00:00.000000");
  expect("date_bin(INTERVAL '1 year', TIMESTAMP '1968-06-30 14:37:01')", "1968-01-01 00:00:00.000000");
  expect("date_bin(INTERVAL '1 month', TIMESTAMP '2025-04-10', TIMESTAMP '2000-01-15')", "2025-03-15 00:00:00.000000");
  expect("date_bin(NULL, TIMESTAMP '2025-04-10')", "NULL");
  EXPECT_EQ(KindOf(lake.Fails("SELECT date_bin(INTERVAL '0 seconds', TIMESTAMP '2025-04-10')")),
            ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(lake.Fails("SELECT date_bin(INTERVAL '-1 hour', TIMESTAMP '2025-04-10')")), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(lake.Fails("SELECT date_bin(INTERVAL '1 month 1 day', TIMESTAMP '2025-04-10')")),
            ErrorKind::kInvalidArgument);
}

TEST(QueryEngine, FunctionsOfTimeTakeNanoseconds) {
  LakeFixture lake;
  lake.AddFile("db", "cpu", {{90 * 60 * kNanosPerSecond + 5, "a", 1.0}});
  EXPECT_EQ(
      lake.Query("SELECT date_bin('1 hour', time), date_trunc('hour', time)::TIMESTAMP_NS, "
                 "time_bucket(INTERVAL '1 hour', time)::TIMESTAMP_NS, epoch_ns(time), extract(minute FROM time), "
                 "strftime(time, '%H:%M') FROM cpu"),
      "1970-01-01 01:00:00.000000000|1970-01-01 01:00:00.000000000|1970-01-01 01:00:00.000000000|5400000000005|30|01:30\n");
}

// Every snapshot holds the same rows, which lie elsewhere each time.
TEST(QueryEngine, AnswersStayRightWhileTheFilesAreSwapped) {
  LakeFixture lake;
  std::vector<TestRow> rows;
  for (int64_t i = 0; i < 6000; ++i) rows.push_back({i * 1000 + 1, "h" + std::to_string(i % 9), static_cast<double>(i), i});
  std::vector<TableSnapshot> forms;
  for (const size_t cut : {0, 1000, 3500, 6000}) {
    TableSnapshot table{.database = "db", .table = "cpu", .schema = TestSchema(), .files = {}, .memory = {}};
    const std::vector<TestRow> in_files(rows.begin(), rows.begin() + cut), buffered(rows.begin() + cut, rows.end());
    for (size_t begin = 0; begin < cut; begin += 500) {
      table.files.push_back(lake.WriteFile({in_files.begin() + begin, in_files.begin() + std::min(begin + 500, cut)}));
    }
    if (!buffered.empty()) table.memory.push_back(TestPart({TestChunk(buffered)}));
    forms.push_back(std::move(table));
  }
  lake.lake().Put(forms[0]);
  std::atomic<bool> done{false};
  std::thread swapper([&] {
    for (size_t i = 0; !done; ++i) {
      lake.lake().Put(forms[i % forms.size()]);
      std::this_thread::yield();
    }
  });
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"SELECT count(*), sum(number) FROM cpu", "6000|17997000\n"},
      {"SELECT count(*), sum(a.number - b.number) FROM cpu a JOIN cpu b USING (time)", "6000|0\n"},
      {"SELECT number, value FROM cpu ORDER BY time DESC LIMIT 2 OFFSET 2500", "3499|3499\n3498|3498\n"},
      {"SELECT (SELECT count(*) FROM cpu) - (SELECT count(number) FROM cpu WHERE time > 0)", "0\n"},
      {"SELECT count(*) FROM (FROM cpu UNION FROM cpu)", "6000\n"},
  };
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 4; ++reader) {
    readers.emplace_back([&, reader] {
      for (int i = 0; i < 40; ++i) {
        const auto& [sql, answer] = expected[static_cast<size_t>(i + reader) % expected.size()];
        EXPECT_EQ(lake.Query(sql), answer) << sql;
      }
    });
  }
  for (auto& reader : readers) reader.join();
  done = true;
  swapper.join();
}

TEST(QueryEngine, SeesColumnsThatAppearWhileItRuns) {
  LakeFixture lake;
  lake.AddBuffered("db", "cpu", {{1, "a", 1.0}});
  EXPECT_EQ(lake.Query("SELECT * FROM cpu"), "1970-01-01 00:00:00.000000001|a|1|NULL\n");
  TableSnapshot grown{.database = "db",
                      .table = "cpu",
                      .schema = TestSchema()->With({{"more", ColumnType::kBool}}),
                      .files = {},
                      .memory = {TestPart({TestChunk({{1, "a", 1.0}})})}};
  lake.lake().Put(grown);
  EXPECT_EQ(lake.Query("SELECT * FROM cpu"), "1970-01-01 00:00:00.000000001|a|1|NULL|NULL\n");
}

TEST(QueryEngine, WhereARowLiesIsNoColumn) {
  LakeFixture lake;
  lake.AddFile("db", "cpu", {{0, "a", 1.0}, {1000, "b", 2.0}});
  for (const std::string name : {"file_index", "file_row_number", "filename", "rowid"}) {
    EXPECT_THAT(lake.Query("SELECT " + name + " FROM cpu"), testing::HasSubstr("not found")) << name;
  }
}

// Nothing that parses may end in an internal error: DuckDB closes the whole instance after one.
TEST(QueryEngine, OddStatementsAreAnsweredOrRefused) {
  LakeFixture lake;
  lake.AddFile("db", "cpu", {{0, "a", 1.0}, {1000, "b", 2.0}});
  lake.AddBuffered("db", "cpu", {{2000, "c", 3.0}, {3000, std::nullopt, std::nullopt}});
  for (const std::string sql : {
           "SELECT rowid FROM cpu",
           "SELECT file_row_number, file_index FROM cpu",
           "SELECT filename FROM cpu",
           "SELECT file_row_number FROM cpu WHERE file_row_number = 1",
           "SELECT * FROM cpu WHERE file_index = 1",
           "SELECT * FROM cpu USING SAMPLE 3 ROWS",
           "SELECT count(*) FROM cpu TABLESAMPLE reservoir(2)",
           "SELECT * FROM cpu USING SAMPLE 50% (bernoulli)",
           "SELECT * FROM cpu AT (VERSION => 1)",
           "SELECT count(*) FROM lake.cpu",
           "SELECT * FROM pragma_table_info('cpu')",
           "SELECT count(*) FROM duckdb_columns()",
           "SELECT * FROM duckdb_constraints()",
           "SELECT * FROM duckdb_tables()",
           "SELECT count(*) FROM pg_catalog.pg_attribute",
           "SELECT lake_time(1, 2)",
           "SELECT lake_time(time, 'x') FROM cpu",
           "SELECT lake_time()",
           "SELECT lake_time(NULL, NULL)",
           "SELECT count(*) FROM cpu WHERE time > (SELECT now())",
           "SELECT count(*) FROM cpu WHERE time = ANY(SELECT time FROM cpu)",
           "SELECT count(*) FROM cpu WHERE (time, host) IN ((TIMESTAMP '1970-01-01', 'a'))",
           "SELECT * FROM cpu POSITIONAL JOIN cpu c",
           "SELECT * FROM cpu LIMIT 0",
           "SELECT * FROM cpu OFFSET 100",
           "SELECT * FROM cpu ORDER BY random() LIMIT 1",
           "SELECT count(*) FROM cpu WHERE time > NULL",
           "SELECT count(*) FROM cpu WHERE time > 99999999999999999999999",
           "SELECT count(*) FROM cpu WHERE time > 'yesterday'",
           "SELECT count(*) FROM cpu WHERE time > [1]",
           "SELECT count(*) FROM cpu WHERE time > true",
           "SELECT count(*) FROM cpu WHERE time > INTERVAL 1 DAY",
           "SELECT count(*) FROM cpu WHERE time IN (NULL, 1, now())",
           "SELECT count(*) FROM cpu WHERE time BETWEEN NULL AND now()",
           "SELECT date_bin(NULL, NULL)",
           "SELECT date_bin(INTERVAL '1 hour', 'infinity'::TIMESTAMP)",
           "SELECT date_bin('1000000 years', TIMESTAMP '2025-01-01')",
           "SELECT date_bin('1 second', make_timestamp_ns(-9223372036854775806))",
           "SUMMARIZE cpu",
           "SUMMARIZE SELECT 1",
           "EXPLAIN (FORMAT json) SELECT * FROM cpu",
           "EXPLAIN ANALYZE SELECT * FROM cpu ORDER BY time LIMIT 1",
           "SELECT * FROM cpu WHERE false",
           "SELECT * FROM cpu a, cpu b, cpu c WHERE a.time = b.time AND b.host = c.host",
           "SELECT unnest(list(time)) FROM cpu",
           "SELECT * FROM (SHOW ALL TABLES)",
           "SELECT * FROM cpu GROUP BY ALL",
           "WITH RECURSIVE r AS (SELECT min(time) AS time FROM cpu UNION ALL SELECT time + INTERVAL 1 HOUR FROM r WHERE "
           "time < TIMESTAMP '1970-01-01 05:00:00') SELECT count(*) FROM r",
       }) {
    const auto result = lake.Run(sql);
    if (!result.ok()) {
      EXPECT_NE(KindOf(result.status()), ErrorKind::kInternal) << sql << result.status().message();
    }
  }
  EXPECT_EQ(lake.Query("SELECT count(*) FROM cpu"), "4\n");
}

TEST(QueryEngine, CountsWhatItDoes) {
  LakeFixture lake;
  lake.Query("SELECT 1");
  lake.Query("SELEC");
  const QueryMetrics metrics = lake.engine().metrics();
  EXPECT_EQ(metrics.started_total, 2);
  EXPECT_EQ(metrics.failed_total, 1);
  EXPECT_EQ(metrics.running, 0);
}

}  // namespace
}  // namespace gigapi
