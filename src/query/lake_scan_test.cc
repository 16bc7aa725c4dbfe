// The lake's answers against those of a plain DuckDB table with the same rows, over every way in which rows can lie: in
// files, in memory, in both; sorted and late; with files that lack a column.
#include <gmock/gmock.h>
#include <duckdb.hpp>

#include <cmath>
#include <limits>
#include <random>

#include "base/clock.h"
#include "query/testing/lake_fixture.h"

namespace gigapi {
namespace {

enum class Layout {
  kFiles,
  kMemory,
  kBoth
};

constexpr size_t kRows = 12'000;
constexpr int kHours = 6;

/// Rows over some hours in random order; every time occurs once.
std::vector<TestRow> RandomRows(uint32_t seed) {
  std::mt19937_64 random(seed);
  std::vector<TestRow> rows(kRows);
  for (size_t i = 0; i < kRows; ++i) {
    TestRow& row = rows[i];
    row.time = static_cast<int64_t>(i) * (kHours * kNanosPerHour / static_cast<int64_t>(kRows)) + 7;
    if (random() % 20 != 0) row.host = "host-with-a-long-name-" + std::to_string(random() % 40);
    if (random() % 20 != 0) row.value = static_cast<double>(random() % 1000) / 8 - 50;
    if (random() % 50 == 0) row.value = std::numeric_limits<double>::quiet_NaN();
    if (random() % 20 != 0) row.number = static_cast<int64_t>(random() % 5000) - 2500;
  }
  std::shuffle(rows.begin(), rows.end(), random);
  return rows;
}

/// Puts rows where the layout says. In files, the first two hours lack the column `number`, as if it came later, and the
/// next has `value` as integers, as if it was widened later: rows lose what such a file cannot hold.
void Fill(LakeFixture* lake, Layout layout, std::vector<TestRow>* rows) {
  using FileShape = LakeFixture::FileShape;
  std::mt19937 random(7);
  TableSnapshot table{.database = "db", .table = "cpu", .schema = TestSchema(), .files = {}, .memory = {}};
  for (int hour = 0; hour < kHours; ++hour) {
    std::vector<TestRow> in_file[2], in_memory;
    for (TestRow& row : *rows) {
      if (PartitionKey::Of(row.time).hour != hour) continue;
      const bool to_file = layout == Layout::kFiles || (layout == Layout::kBoth && random() % 3 != 0);
      if (!to_file) {
        in_memory.push_back(row);
        continue;
      }
      if (hour < 2) row.number.reset();
      if (hour == 2 && row.value)
        row.value = std::isnan(*row.value) ? 0 : static_cast<double>(static_cast<int64_t>(*row.value));
      in_file[random() % 2].push_back(row);  // two files that overlap: late rows
    }
    for (int f = 0; f < 2; ++f) {
      std::sort(in_file[f].begin(), in_file[f].end(),
                [](const TestRow& a, const TestRow& b) { return std::tie(a.host, a.time) < std::tie(b.host, b.time); });
      const FileShape shape = hour < 2    ? FileShape::kWithoutNumber
                              : hour == 2 ? FileShape::kIntegerValue
                                          : FileShape::kPlain;
      if (!in_file[f].empty()) table.files.push_back(lake->WriteFile(in_file[f], shape));
    }
    if (in_memory.empty()) continue;
    std::vector<ColumnBatchPtr> chunks;
    for (size_t begin = 0; begin < in_memory.size(); begin += 700) {
      const size_t end = std::min(begin + 700, in_memory.size());
      chunks.push_back(TestChunk({in_memory.begin() + begin, in_memory.begin() + end}));
    }
    table.memory.push_back(TestPart(std::move(chunks)));
  }
  lake->lake().Put(std::move(table));
}

/// The same rows in a table of DuckDB's own.
class Reference {
 public:
  explicit Reference(const std::vector<TestRow>& rows) : connection_(db_) {
    connection_.Query("CREATE TABLE cpu (time TIMESTAMP_NS, host VARCHAR, value DOUBLE, number BIGINT)");
    connection_.Query("SET TimeZone = 'UTC'");
    duckdb::Appender appender(connection_, "cpu");
    for (const TestRow& row : rows) {
      appender.BeginRow();
      appender.Append(duckdb::Value::TIMESTAMPNS(duckdb::timestamp_ns_t(row.time)));
      appender.Append(row.host ? duckdb::Value(*row.host) : duckdb::Value());
      appender.Append(row.value ? duckdb::Value::DOUBLE(*row.value) : duckdb::Value());
      appender.Append(row.number ? duckdb::Value::BIGINT(*row.number) : duckdb::Value());
      appender.EndRow();
    }
    appender.Close();
  }

  std::string Query(const std::string& sql) {
    auto result = connection_.Query(sql);
    if (result->HasError()) return result->GetError();
    std::string text;
    for (auto& row : *result) {
      for (duckdb::idx_t i = 0; i < result->ColumnCount(); ++i) {
        if (i > 0) text += '|';
        text += row.GetValue<duckdb::Value>(i).ToString();
      }
      text += '\n';
    }
    return text;
  }

 private:
  duckdb::DuckDB db_;
  duckdb::Connection connection_;
};

class LakeScan : public testing::TestWithParam<Layout> {
 protected:
  LakeScan() : rows_(RandomRows(42)) {
    Fill(&lake_, GetParam(), &rows_);
    reference_ = std::make_unique<Reference>(rows_);
  }

  /// Rows are turned to text by DuckDB on both sides, so that they print alike.
  void ExpectSame(const std::string& sql) {
    EXPECT_EQ(lake_.Query("SELECT x::VARCHAR FROM (" + sql + ") x"),
              reference_->Query("SELECT x::VARCHAR FROM (" + sql + ") x"))
        << sql;
  }
  std::string At(int64_t time) { return "make_timestamp_ns(" + std::to_string(time) + ")"; }

  LakeFixture lake_;
  std::vector<TestRow> rows_;
  std::unique_ptr<Reference> reference_;
  std::mt19937 random_{11};
};

TEST_P(LakeScan, Aggregates) {
  ExpectSame(
      "SELECT count(*), count(number), count(value), count(host), min(time), max(time), min(number), max(number), "
      "sum(number) FROM cpu");
  ExpectSame("SELECT count(*), min(time) FROM cpu");
  ExpectSame("SELECT min(number), max(number) FROM cpu");
  ExpectSame("SELECT min(value), max(value) FROM cpu");
  ExpectSame("SELECT min(host), max(host) FROM cpu");
  ExpectSame("SELECT host, count(*), sum(number) FROM cpu GROUP BY host ORDER BY host NULLS LAST");
  ExpectSame("SELECT date_trunc('hour', time) AS h, count(*), min(value), max(value) FROM cpu GROUP BY h ORDER BY h");
  ExpectSame("SELECT host, arg_max(number, time), max(time) FROM cpu GROUP BY host ORDER BY host");
}

TEST_P(LakeScan, AggregatesOfRangesOfTime) {
  for (int i = 0; i < 40; ++i) {
    // Whole hours too: those are answered from the catalog alone.
    const int64_t unit = i % 2 == 0 ? kNanosPerHour : 1;
    const int64_t a = static_cast<int64_t>(random_()) * 5'000 / unit % (kHours * kNanosPerHour / unit + 1) * unit;
    const int64_t b = static_cast<int64_t>(random_()) * 5'000 / unit % (kHours * kNanosPerHour / unit + 1) * unit;
    const std::string range = "time >= " + At(std::min(a, b)) + " AND time < " + At(std::max(a, b));
    ExpectSame("SELECT count(*), min(time), max(time) FROM cpu WHERE " + range);
    ExpectSame("SELECT count(*), min(number), max(number), sum(number) FROM cpu WHERE " + range);
    ExpectSame("SELECT count(*) FROM cpu WHERE NOT (" + range + ")");
  }
}

TEST_P(LakeScan, TopN) {
  for (const std::string order :
       {"time", "time DESC", "number, time", "number DESC NULLS LAST, time", "number NULLS FIRST, time",
        "host DESC NULLS FIRST, time", "value DESC, time", "value, time DESC"}) {
    for (const int limit : {1, 500}) {
      for (const int offset : {0, 999, 4001, 11'990}) {
        const std::string tail =
            " ORDER BY " + order + " LIMIT " + std::to_string(limit) + " OFFSET " + std::to_string(offset);
        ExpectSame("SELECT * FROM cpu" + tail);
        ExpectSame("SELECT time FROM cpu" + tail);
      }
    }
    ExpectSame("SELECT * FROM cpu WHERE number > 2000 ORDER BY " + order + " LIMIT 20 OFFSET 30");
    ExpectSame("SELECT host, value FROM cpu WHERE host LIKE '%-1%' ORDER BY " + order + " LIMIT 20 OFFSET 3");
    ExpectSame("SELECT * FROM cpu WHERE time > " + At(2 * kNanosPerHour + 5) + " ORDER BY " + order + " LIMIT 7");
  }
}

TEST_P(LakeScan, OffsetAlone) {
  ExpectSame("SELECT * FROM cpu ORDER BY time OFFSET 11000");
  ExpectSame("SELECT count(*) FROM (SELECT * FROM cpu LIMIT 5000 OFFSET 8000)");
  ExpectSame("SELECT count(*) FROM (SELECT * FROM cpu OFFSET 11999)");
}

TEST_P(LakeScan, FiltersOnEveryColumn) {
  for (const std::string filter : {"host = 'host-with-a-long-name-7'",
                                   "host IN ('host-with-a-long-name-7', 'host-with-a-long-name-8', 'none')",
                                   "host > 'host-with-a-long-name-35'",
                                   "host < 'host-with-a-long-name-1'",
                                   "host IS NULL",
                                   "host IS NOT NULL",
                                   "host <> 'host-with-a-long-name-7'",
                                   "host LIKE 'host-with-a-long-name-2%'",
                                   "host IS DISTINCT FROM NULL",
                                   "value > 70",
                                   "value < -49.5",
                                   "value = 'nan'::DOUBLE",
                                   "value > 74.8",
                                   "isnan(value)",
                                   "value IS NULL",
                                   "value BETWEEN 1 AND 2",
                                   "value > 2.5 AND value < 3.25",
                                   "value >= 2.5 AND value <= 3",
                                   "value = 2.5",
                                   "value <> 3",
                                   "value IN (2.5, 3.0)",
                                   "value < 1e300",
                                   "value > -1e300",
                                   "value > 'infinity'::DOUBLE",
                                   "value IN (1.0, 2.0, 'nan'::DOUBLE)",
                                   "number = 2499",
                                   "number > 2490",
                                   "number >= -2500",
                                   "number IS NULL",
                                   "number IS NOT NULL",
                                   "number = 17 OR number = 18",
                                   "number = 17 OR host IS NULL",
                                   "number IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)",
                                   "number > 0 AND number < 10 AND value > 0",
                                   "number % 7 = 0",
                                   "number + 1 > 2490",
                                   "coalesce(number, 0) = 0",
                                   "host = 'none'",
                                   "number > 1000000"}) {
    ExpectSame("SELECT count(*), sum(number), max(time) FROM cpu WHERE " + filter);
    ExpectSame("SELECT * FROM cpu WHERE " + filter + " ORDER BY time LIMIT 50");
  }
}

TEST_P(LakeScan, Joins) {
  ExpectSame("SELECT count(*), sum(a.number - b.number) FROM cpu a JOIN cpu b USING (time)");
  ExpectSame("SELECT count(*) FROM cpu a JOIN cpu b ON a.host = b.host AND a.number = b.number");
  ExpectSame("SELECT * FROM cpu WHERE time IN (SELECT max(time) FROM cpu GROUP BY host) ORDER BY time");
  ExpectSame("SELECT * FROM cpu WHERE (host, time) IN (SELECT host, min(time) FROM cpu GROUP BY host) ORDER BY time");
  ExpectSame("SELECT count(*) FROM cpu a WHERE NOT EXISTS (SELECT 1 FROM cpu b WHERE b.number = a.number + 1)");
  ExpectSame(
      "SELECT a.time, b.time FROM (SELECT * FROM cpu ORDER BY time LIMIT 50) a ASOF JOIN cpu b ON a.host = b.host AND "
      "a.time >= b.time ORDER BY 1");
}

TEST_P(LakeScan, Windows) {
  ExpectSame(
      "SELECT time, host, number, lag(number) OVER (PARTITION BY host ORDER BY time) FROM cpu ORDER BY time LIMIT 200");
  ExpectSame("SELECT * FROM cpu QUALIFY row_number() OVER (PARTITION BY host ORDER BY time DESC) = 1 ORDER BY time");
  ExpectSame("SELECT DISTINCT ON (host) host, time FROM cpu ORDER BY host, time DESC");
}

TEST_P(LakeScan, WholeTable) {
  ExpectSame("SELECT * FROM cpu ORDER BY time");
  ExpectSame("SELECT number FROM cpu ORDER BY time");
  ExpectSame("SELECT DISTINCT host FROM cpu ORDER BY host");
}

INSTANTIATE_TEST_SUITE_P(Layouts, LakeScan, testing::Values(Layout::kFiles, Layout::kMemory, Layout::kBoth),
                         [](const auto& info) {
                           return info.param == Layout::kFiles    ? std::string("Files")
                                  : info.param == Layout::kMemory ? std::string("Memory")
                                                                  : std::string("Both");
                         });

}  // namespace
}  // namespace gigapi
