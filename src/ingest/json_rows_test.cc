#include "ingest/json_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/testing/parser_checks.h"

namespace gigapi {
namespace {

using testing::HasSubstr;

WriteBatch Parse(std::string_view body, const ParseOptions& options = ToTable(), const Schemas& schemas = {}) {
  return Checked(ParseJsonRows(body, options, schemas));
}

ColumnBatch Rows(std::string_view body, const ParseOptions& options = ToTable(), const Schemas& schemas = {}) {
  return OnlyTable(Parse(body, options, schemas));
}

std::string Reason(std::string_view body, const ParseOptions& options = ToTable(), const Schemas& schemas = {}) {
  SCOPED_TRACE(body);
  return FirstReason(Parse(body, options, schemas));
}

TEST(JsonRows, ReadsAnObjectALine) {
  const ColumnBatch rows = Rows(
      "{\"time\": 1633024800, \"host\": \"a\", \"cpu\": {\"user\": 1.5, \"of\": {\"system\": 2}}, \"ok\": true, \"gone\": "
      "null}\n"
      "\r\n"
      "{\"time\": 1633024801000, \"host\": \"b\", \"cpu\": {\"user\": 2, \"of\": {\"system\": 3}}, \"ok\": false, \"gone\": "
      "7}");
  ASSERT_EQ(rows.rows(), 2u);
  EXPECT_EQ(rows.time[0], 1'633'024'800'000'000'000);
  EXPECT_EQ(rows.time[1], 1'633'024'801'000'000'000) << "each time's own size tells its unit";
  EXPECT_EQ(rows.Find("host")->type, ColumnType::kTag);
  EXPECT_EQ(rows.Find("host")->TagValue(1), "b");
  EXPECT_EQ(rows.Find("cpu.user")->f64()[1], 2);
  EXPECT_EQ(rows.Find("cpu.of.system")->f64()[0], 2);
  EXPECT_EQ(rows.Find("cpu.of.system")->f64()[1], 3);
  EXPECT_EQ(rows.Find("ok")->bools[0], 1);
  EXPECT_FALSE(rows.Find("gone")->IsValid(0));
  EXPECT_EQ(rows.Find("gone")->f64()[1], 7);
}

TEST(JsonRows, ReadsAnArrayAndOneObjectOverSeveralLines) {
  const ColumnBatch array = Rows("\n [\n {\"v\": 1,\n \"time\": 5},\n {\"v\": 2, \"time\": 6} ]\n");
  ASSERT_EQ(array.rows(), 2u);
  EXPECT_EQ(array.time[1], 6'000'000'000);
  const ColumnBatch object = Rows("{\n  \"v\": 1,\n  \"time\": 5\n}\n");
  ASSERT_EQ(object.rows(), 1u);
  EXPECT_EQ(object.time[0], 5'000'000'000);
}

TEST(JsonRows, MembersMayComeAndGo) {
  const ColumnBatch rows = Rows(R"({"a": 1, "b": 2}
{"b": 3, "c": {"a": 4}}
{"c": {"b": 6, "a": 5}, "a": 7}
{"c": {"a": 8}, "b": {"x": 9}})");
  ASSERT_EQ(rows.rows(), 4u);
  const auto value = [&](const char* name, size_t row) {
    return rows.Find(name)->IsValid(row) ? rows.Find(name)->f64()[row] : -1;
  };
  EXPECT_EQ(value("a", 0), 1);
  EXPECT_EQ(value("a", 1), -1);
  EXPECT_EQ(value("a", 2), 7);
  EXPECT_EQ(value("b", 1), 3);
  EXPECT_EQ(value("c.a", 1), 4);
  EXPECT_EQ(value("c.a", 2), 5);
  EXPECT_EQ(value("c.b", 2), 6);
  EXPECT_EQ(value("c.a", 3), 8);
  EXPECT_EQ(value("b.x", 3), 9);
}

TEST(JsonRows, TypesOfNumbers) {
  const ColumnBatch rows =
      Rows(R"({"whole": 20, "id": 9007199254740993, "huge": 18446744073709551615, "big": 123456789012345678901234567890}
{"whole": 20.5, "id": 5, "huge": 1, "big": 1})");
  EXPECT_EQ(rows.Find("whole")->type, ColumnType::kFloat64);
  EXPECT_EQ(rows.Find("id")->type, ColumnType::kInt64);
  EXPECT_EQ(rows.Find("id")->i64()[0], 9007199254740993);
  EXPECT_EQ(rows.Find("huge")->type, ColumnType::kUInt64);
  EXPECT_EQ(rows.Find("huge")->u64()[0], UINT64_MAX);
  EXPECT_EQ(rows.Find("big")->f64()[0], 123456789012345678901234567890.0);
  Schemas schemas;
  schemas.tables["t"] = std::make_shared<const TableSchema>(std::vector<ColumnSchema>{{"i", ColumnType::kInt64}});
  EXPECT_EQ(Rows(R"({"i": 7}
{"i": 8.0})",
                 ToTable(), schemas)
                .Find("i")
                ->i64()[1],
            8);
  EXPECT_THAT(Reason(R"({"i": 7.5})", ToTable(), schemas), HasSubstr("type conflict"));
}

TEST(JsonRows, StringsAndArrays) {
  const std::string text(200, 'x');
  const ColumnBatch rows = Rows(
      "{\"name\": \"a\\u00e9\\n\", \"text\": \"short\", \"list\": [1, {\"a\": []}], \"k\\\"ey\": \"v\"}\n"
      "{\"name\": \"b\", \"text\": \"" +
      text + "\", \"list\": [], \"k\\\"ey\": \"w\"}");
  EXPECT_EQ(rows.Find("name")->TagValue(0), "a\u00e9\n");
  ASSERT_EQ(rows.Find("text")->type, ColumnType::kString);
  EXPECT_EQ(rows.Find("text")->strings[0], "short");
  EXPECT_EQ(rows.Find("text")->strings[1], text);
  EXPECT_EQ(rows.Find("list")->strings[0], "[1, {\"a\": []}]");
  EXPECT_EQ(rows.Find("k\"ey")->TagValue(1), "w");
}

TEST(JsonRows, TagsAreThoseThatAreNamed) {
  ParseOptions options = ToTable();
  options.tags = {"host"};
  const ColumnBatch rows = Rows(R"({"host": "a", "note": "b"})", options);
  EXPECT_EQ(rows.Find("host")->type, ColumnType::kTag);
  EXPECT_EQ(rows.Find("note")->type, ColumnType::kString);
}

TEST(JsonRows, TimesInTheirForms) {
  const auto time_of = [](std::string_view text) { return Rows("{\"v\": 1, \"time\": " + std::string(text) + "}").time[0]; };
  EXPECT_EQ(time_of("1633024800"), 1'633'024'800'000'000'000);
  EXPECT_EQ(time_of("1633024800123"), 1'633'024'800'123'000'000);
  EXPECT_EQ(time_of("1633024800.5"), 1'633'024'800'500'000'000);
  EXPECT_EQ(time_of("\"1633024800\""), 1'633'024'800'000'000'000);
  EXPECT_EQ(time_of("\"2021-09-30T18:00:00Z\""), 1'633'024'800'000'000'000);
  EXPECT_EQ(time_of("\"2021-09-30T20:00:00.123456789+02:00\""), 1'633'024'800'123'456'789);
  EXPECT_EQ(time_of("\"2021-09-30 18:00:00\""), 1'633'024'800'000'000'000);
  EXPECT_EQ(time_of("\"2021-09-30 12:30 -0530\""), 1'633'024'800'000'000'000);
  EXPECT_EQ(time_of("\"2021-09-30\""), 1'632'960'000'000'000'000);
  EXPECT_EQ(time_of("\"1969-12-31T23:59:59.5Z\""), -500'000'000);
  EXPECT_EQ(time_of("\"2000-02-29T00:00:00Z\""), 951'782'400'000'000'000);
  EXPECT_EQ(time_of("null"), kNow);
  for (const char* wrong :
       {"\"2021-13-01\"", "\"2021-02-29\"", "\"yesterday\"", "\"\"", "\"2021-09-30T25:00:00Z\"", "\"2021-09-30T18:00:00Zx\"",
        "\"2021-09-30T18:00:00+2\"", "true", "[1]", "1e300", "\"9999-01-01\""}) {
    EXPECT_NE(Reason("{\"v\": 1, \"time\": " + std::string(wrong) + "}"), "") << wrong;
  }
  ParseOptions options = ToTable();
  options.number_precision = Precision::kMillisecond;
  EXPECT_EQ(Rows(R"({"v": 1, "time": 5})", options).time[0], 5'000'000);
}

TEST(JsonRows, TheTimeHasSeveralNames) {
  EXPECT_EQ(Rows(R"({"timestamp": 5, "v": 1})").time[0], 5'000'000'000);
  EXPECT_EQ(Rows(R"({"@timestamp": "2021-09-30T18:00:00Z", "v": 1})").time[0], 1'633'024'800'000'000'000);
  const ColumnBatch both = Rows(R"({"timestamp": 5, "time": 6, "v": 1})");
  EXPECT_EQ(both.time[0], 6'000'000'000);
  EXPECT_EQ(both.Find("timestamp")->f64()[0], 5);
  EXPECT_EQ(Rows(R"({"v": 1})").time[0], kNow);
  ParseOptions options = ToTable();
  options.time_column = "meta.at";
  EXPECT_EQ(Rows(R"({"meta": {"at": 7, "x": 1}, "v": 1})", options).time[0], 7'000'000'000);
}

TEST(JsonRows, RowsNameTheirTables) {
  ParseOptions options = ToTable();
  options.table.clear();
  const WriteBatch batch = Parse(R"({"measurement": "cpu", "v": 1}
{"v": 2, "table": "mem"}
{"measurement": "cpu", "v": 3}
{"v": 4})",
                                 options);
  EXPECT_EQ(batch.accepted_rows, 3);
  ASSERT_EQ(batch.tables.size(), 2u);
  EXPECT_EQ(batch.tables[0].rows.rows(), 2u);
  EXPECT_EQ(batch.tables[0].rows.Find("measurement"), nullptr);
  EXPECT_EQ(batch.tables[1].table, "mem");
  EXPECT_EQ(batch.refused.at(0).line, 4);
  EXPECT_THAT(batch.refused.at(0).reason, HasSubstr("no table"));
}

TEST(JsonRows, KeepsTheGoodLines) {
  const WriteBatch batch = Parse(
      "{\"v\": 1}\n{\"v\": \"x\"}\nnot json\n{\"v\": 2\n{\"v\": 3} {\"v\": 4}\n[1]\n{\"v\": {\"a\": 1}, \"w\": "
      "nul}\n{}\n{\"v\": 5}\n");
  EXPECT_EQ(batch.accepted_rows, 2);
  ASSERT_EQ(batch.tables.size(), 1u);
  const ColumnBatch& rows = batch.tables[0].rows;
  ASSERT_EQ(rows.columns.size(), 1u) << "what a refused row began is taken back";
  EXPECT_EQ(rows.Find("v")->f64()[0], 1);
  EXPECT_EQ(rows.Find("v")->f64()[1], 5);
  std::vector<int64_t> lines;
  for (const RefusedLine& line : batch.refused) lines.push_back(line.line);
  EXPECT_THAT(lines, testing::ElementsAre(2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(batch.refused[0].reason, HasSubstr("type conflict"));
  EXPECT_EQ(batch.refused[0].original, "{\"v\": \"x\"}");
}

TEST(JsonRows, KeepsTheGoodElements) {
  const WriteBatch batch = Parse(R"([{"v": 1}, {"v": "x", "w": {"a": 1}}, 5, "s", {"v": 2, "x": [1, 2]}, {}, {"v": 3}])");
  EXPECT_EQ(batch.accepted_rows, 3);
  std::vector<int64_t> numbers;
  for (const RefusedLine& line : batch.refused) numbers.push_back(line.line);
  EXPECT_THAT(numbers, testing::ElementsAre(2, 3, 4, 6));
  EXPECT_EQ(batch.refused[0].original, R"({"v": "x", "w": {"a": 1}})");
}

TEST(JsonRows, RefusesWhatIsBrokenWhole) {
  EXPECT_THAT(Reason(""), HasSubstr("empty"));
  EXPECT_THAT(Reason(" \n "), HasSubstr("empty"));
  EXPECT_THAT(Reason(R"([{"v": 1}, {"v": 2})"), HasSubstr("not JSON"));
  EXPECT_THAT(Reason(R"([{"v": 1}] x)"), HasSubstr("not JSON"));
  EXPECT_THAT(Reason(R"([{"v": 1} {"v": 2}])"), HasSubstr("not JSON"));
  EXPECT_THAT(Reason("{\"v\": \"\xff\"}"), HasSubstr("not JSON"));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "{\"a\":";
  EXPECT_THAT(Reason(deep + "1" + std::string(100, '}')), HasSubstr("nested too deeply"));
  EXPECT_NE(Reason(std::string(1'000'000, '[')), "");
}

TEST(JsonRows, RefusesWhatUnfoldsTooFar) {
  ParseOptions options = ToTable();
  options.values_max = 1'000;
  std::string body;
  for (int i = 0; i < 200; ++i) body += "{\"v\": 1}\n";
  body += R"({"a": 1, "b": 1, "c": 1, "d": 1})";
  const WriteBatch batch = Parse(body, options);
  EXPECT_EQ(batch.accepted_rows, 200);
  EXPECT_THAT(batch.refused.at(0).reason, HasSubstr("more than 1000 values"));
  options.values_max = 300;
  const WriteBatch rows = Parse(body, options);
  EXPECT_EQ(rows.accepted_rows, 150);
  EXPECT_EQ(rows.refused_rows, 51);
}

TEST(JsonRows, AMemberMayBeBothTheTableAndAValue) {
  // The reader has room for each string of a document once: with the address sanitizer this shows that none is read twice.
  const std::string name = "2021-09-30T18:00:00." + std::string(170, '0');
  std::string body = "[";
  for (int row = 0; row < 20'000; ++row) {
    body.append(row == 0 ? "" : ",").append("{\"measurement\":\"").append(name).append("\",\"v\":1}");
  }
  ParseOptions options;
  options.time_column = "measurement";
  const WriteBatch batch = Parse(body + "]", options);
  ASSERT_EQ(batch.accepted_rows, 20'000);
  EXPECT_EQ(batch.tables[0].table, name);
  EXPECT_EQ(batch.tables[0].rows.min_time, batch.tables[0].rows.max_time);
}

TEST(JsonRows, TheTableMayHaveEscapes) {
  const WriteBatch batch =
      Parse("{\"measurement\": \"a\\u00e9 \\\"b\" , \"v\": 1}\n{\"v\": 2, \"measurement\": \"plain\"}", {});
  ASSERT_EQ(batch.tables.size(), 2u);
  EXPECT_EQ(batch.tables[0].table, "a\u00e9 \"b");
  EXPECT_EQ(batch.tables[1].table, "plain");
}

TEST(JsonRows, AMemberBehindVeryManyIsFound) {
  std::string row = "{";
  for (int i = 0; i < 10'000; ++i) row += "\"none\":null,";
  const ColumnBatch rows = Rows("[" + row + "\"v\":1}," + row + "\"v\":2}]");
  EXPECT_EQ(rows.Find("v")->f64()[1], 2);
}

TEST(JsonRows, WhichMemberIsTheTableMayChangeFromRowToRow) {
  const WriteBatch batch = Parse(
      "{\"measurement\":\"t\",\"v\":1}\n{\"measurement\":5,\"table\":\"t\",\"v\":2}\n{\"measurement\":\"t\",\"v\":3}", {});
  EXPECT_EQ(batch.refused_rows, 0);
  ASSERT_EQ(batch.tables.size(), 1u);
  const Column* const measurement = batch.tables[0].rows.Find("measurement");
  ASSERT_NE(measurement, nullptr);
  EXPECT_EQ(measurement->f64()[1], 5);
  EXPECT_FALSE(measurement->IsValid(2));
}

std::vector<int64_t> IntegersOf(const Column& column) { return {column.i64(), column.i64() + column.words.size()}; }

TEST(JsonRows, ALargeIntegerAfterSmallOnesStaysWhatItIs) {
  const ColumnBatch rows =
      Rows("{\"a\":1,\"b\":-5}\n{\"a\":9007199254740993,\"b\":18446744073709551615}\n{\"a\":-7,\"b\":2.0}");
  const Column* a = rows.Find("a");
  ASSERT_EQ(a->type, ColumnType::kInt64);
  EXPECT_THAT(IntegersOf(*a), testing::ElementsAre(1, 9'007'199'254'740'993, -7));
  EXPECT_EQ(rows.Find("b")->type, ColumnType::kFloat64) << "no integer type has both";

  const ColumnBatch large = Rows("{\"a\":3,\"b\":1}\n{\"b\":1}\n{\"a\":18446744073709551615,\"b\":1}");
  ASSERT_EQ(large.Find("a")->type, ColumnType::kUInt64);
  EXPECT_EQ(large.Find("a")->words[2], UINT64_MAX);
  EXPECT_FALSE(large.Find("a")->IsValid(1));
}

TEST(JsonRows, AFractionDoesNotAlterLargeIntegersThatAreThere) {
  const WriteBatch batch = Parse("{\"a\":1}\n{\"a\":9007199254740993}\n{\"a\":1.5}\n{\"a\":2}");
  EXPECT_EQ(batch.accepted_rows, 3);
  ASSERT_EQ(batch.refused_rows, 1);
  EXPECT_EQ(batch.refused[0].line, 3);
  EXPECT_THAT(IntegersOf(*batch.tables.at(0).rows.Find("a")), testing::ElementsAre(1, 9'007'199'254'740'993, 2));
  // One that all floats hold does not stand in its way.
  EXPECT_EQ(Rows("{\"a\":1}\n{\"a\":9007199254740994}\n{\"a\":1.5}").Find("a")->f64()[1], 9'007'199'254'740'994.0);
  // A column that has had a fraction is of floats.
  EXPECT_EQ(Rows("{\"a\":1.5}\n{\"a\":9007199254740993}").Find("a")->f64()[1], 9'007'199'254'740'992.0);
}

/// The same rows are taken when the table has the column, with the type that the first time has given it.
TEST(JsonRows, ARowThatNamesAFieldTwiceIsTakenAgain) {
  for (const std::string body : {"{\"a\":1.5,\"a\":2}\n{\"a\":18446744073709551615}",
                                 "{\"a\":1}\n{\"a\":11446744073709551615.5,\"a\":11446744073709551615}"}) {
    const WriteBatch batch = Parse(body);
    EXPECT_EQ(batch.accepted_rows, 2) << body;
    EXPECT_EQ(batch.tables.at(0).rows.Find("a")->type, ColumnType::kFloat64) << body;
  }
}

TEST(JsonRows, AFloatWithoutAFractionFitsAnUnsignedColumnUpToItsEnd) {
  const std::string body = "{\"a\":16893488147419103230.1}\n{\"a\":16893488147419103230}";
  Schemas schemas;
  for (const bool is_known : {false, true}) {
    const WriteBatch batch = Parse(body, ToTable(), schemas);
    EXPECT_EQ(batch.accepted_rows, 2) << is_known;
    const Column* a = batch.tables.at(0).rows.Find("a");
    ASSERT_EQ(a->type, ColumnType::kUInt64);
    EXPECT_EQ(a->words[0], 16'893'488'147'419'103'232u);
    schemas.tables["t"] = std::make_shared<const TableSchema>(std::vector<ColumnSchema>{{"a", ColumnType::kUInt64}});
  }
  EXPECT_THAT(Reason(R"({"a": -1.0})", ToTable(), schemas), HasSubstr("type conflict"));
  EXPECT_THAT(Reason(R"({"a": 1.9e19})", ToTable(), schemas), HasSubstr("type conflict"));
}

TEST(JsonRows, RefusedRowsDoNotMakeAColumnChangeForEver) {
  std::string body;
  for (int i = 0; i < 100'000; ++i) body += "{\"a\":1}\n";
  for (int i = 0; i < 100'000; ++i) body += i % 2 == 0 ? "{\"a\":9007199254740994,\"x\":}\n" : "{\"a\":1.5,\"x\":}\n";
  const WriteBatch batch = Parse(body);  // in hours, if each of them went through all values
  EXPECT_EQ(batch.accepted_rows, 100'000);
  EXPECT_EQ(batch.refused_rows, 100'000);
}

TEST(JsonRows, NothingIsLeftOfARefusedRowInAWideTable) {
  const WriteBatch batch = Parse("{\"a\":1,\"b\":1,\"c\":1}\n{\"b\":2,\"c\":true}\n{\"a\":3}\n");
  EXPECT_EQ(batch.accepted_rows, 2);
  EXPECT_FALSE(batch.tables.at(0).rows.Find("b")->IsValid(1));
}

TEST(JsonRows, ValuesDoNotCostWhatTheParameterHasOfTags) {
  std::string body;
  for (int i = 0; i < 100'000; ++i) body += "{\"s\":\"x\"}\n";
  const auto seconds = [&](int tags) {
    ParseOptions options = ToTable();
    for (int i = 0; i < tags; ++i) options.tags.push_back("t" + std::to_string(i));
    return CpuSecondsOf([&] { EXPECT_EQ(Parse(body, options).accepted_rows, 100'000); });
  };
  const double few = seconds(1), many = seconds(9'000);
  EXPECT_LT(many, 4 * few);
}

}  // namespace
}  // namespace gigapi
