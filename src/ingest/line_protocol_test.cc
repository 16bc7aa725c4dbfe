#include "ingest/line_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "ingest/number_scanner.h"
#include "ingest/testing/parser_checks.h"

namespace gigapi {
namespace {

WriteBatch Parse(std::string_view body, ParseOptions options = {}, const Schemas& schemas = {}) {
  return Checked(ParseLineProtocol(body, options, schemas));
}

/// The batch's one table.
const ColumnBatch& Only(const WriteBatch& batch) {
  EXPECT_EQ(batch.tables.size(), 1u);
  return batch.tables.at(0).rows;
}

std::string Reason(std::string_view body, ParseOptions options = {}) {
  const WriteBatch batch = Parse(body, options);
  EXPECT_EQ(batch.refused.size(), 1u) << body;
  EXPECT_EQ(batch.accepted_rows, 0) << body;
  return batch.refused.empty() ? "" : batch.refused[0].reason;
}

TEST(LineProtocol, ReadsTagsFieldsAndTime) {
  const WriteBatch batch = Parse("weather,location=us-midwest,season=summer temperature=82,wet=true 1465839830100400200\n");
  EXPECT_EQ(batch.accepted_rows, 1);
  EXPECT_EQ(batch.tables[0].table, "weather");
  const ColumnBatch& rows = Only(batch);
  EXPECT_EQ(rows.time[0], 1465839830100400200);
  EXPECT_EQ(rows.min_time, rows.max_time);
  EXPECT_EQ(rows.Find("location")->type, ColumnType::kTag);
  EXPECT_EQ(rows.Find("location")->TagValue(0), "us-midwest");
  EXPECT_EQ(rows.Find("season")->TagValue(0), "summer");
  EXPECT_EQ(rows.Find("temperature")->f64()[0], 82);
  EXPECT_EQ(rows.Find("wet")->bools[0], 1);
}

TEST(LineProtocol, ReadsEveryTypeOfField) {
  const WriteBatch batch = Parse(
      "m f=1.5,g=-1e-3,h=.5,i=-9223372036854775808i,u=18446744073709551615u,s=\"a, \\\"b\\\" \\\\ c\\d\",t=t,e=1E+2,p=+3 1");
  ASSERT_EQ(batch.refused_rows, 0) << batch.refused[0].reason;
  const ColumnBatch& rows = Only(batch);
  EXPECT_EQ(rows.Find("f")->f64()[0], 1.5);
  EXPECT_EQ(rows.Find("g")->f64()[0], -1e-3);
  EXPECT_EQ(rows.Find("h")->f64()[0], .5);
  EXPECT_EQ(rows.Find("e")->f64()[0], 100);
  EXPECT_EQ(rows.Find("p")->f64()[0], 3);
  EXPECT_EQ(rows.Find("i")->i64()[0], INT64_MIN);
  EXPECT_EQ(rows.Find("u")->u64()[0], UINT64_MAX);
  EXPECT_EQ(rows.Find("s")->strings[0], "a, \"b\" \\ c\\d");
  EXPECT_EQ(rows.Find("t")->bools[0], 1);
}

TEST(LineProtocol, KnowsEverySpellingOfBooleans) {
  for (const char* text : {"t", "T", "true", "True", "TRUE"}) {
    EXPECT_EQ(Only(Parse(std::string("m v=") + text)).Find("v")->bools[0], 1) << text;
  }
  for (const char* text : {"f", "F", "false", "False", "FALSE"}) {
    EXPECT_EQ(Only(Parse(std::string("m v=") + text)).Find("v")->bools[0], 0) << text;
  }
  EXPECT_EQ(Reason("m v=tRUE"), "invalid boolean");
}

TEST(LineProtocol, UnescapesNamesAndTagValues) {
  const WriteBatch batch = Parse("my\\ m\\,x,t\\ a\\=g=v\\ 1\\,2\\=3 f\\ 1\\,\\=2=1 5");
  ASSERT_EQ(batch.refused_rows, 0) << batch.refused[0].reason;
  EXPECT_EQ(batch.tables[0].table, "my m,x");
  EXPECT_EQ(Only(batch).Find("t a=g")->TagValue(0), "v 1,2=3");
  EXPECT_EQ(Only(batch).Find("f 1,=2")->f64()[0], 1);
}

TEST(LineProtocol, KeepsBackslashesThatEscapeNothing) {
  const WriteBatch batch = Parse("m,p=C:\\dir\\x v=1");
  EXPECT_EQ(Only(batch).Find("p")->TagValue(0), "C:\\dir\\x");
}

TEST(LineProtocol, StringsMayHoldNewlinesAndDelimiters) {
  const WriteBatch batch = Parse("m v=\"a\nb,c=d e\" 1\nm v=\"x\" 2\n");
  ASSERT_EQ(batch.accepted_rows, 2);
  EXPECT_EQ(Only(batch).Find("v")->strings[0], "a\nb,c=d e");
  EXPECT_EQ(Only(batch).Find("v")->strings[1], "x");
}

TEST(LineProtocol, SkipsCommentsBlankLinesAndCarriageReturns) {
  const WriteBatch batch = Parse("# a comment\r\n\r\n  m v=1 1\r\n#m v=2 2\nm v=3 3");
  EXPECT_EQ(batch.accepted_rows, 2);
  EXPECT_EQ(batch.refused_rows, 0);
}

TEST(LineProtocol, ScalesTimestamps) {
  const auto time = [](Precision precision, const char* text) {
    return Only(Parse(std::string("m v=1 ") + text, {.precision = precision})).time[0];
  };
  EXPECT_EQ(time(Precision::kMicrosecond, "-1"), -1000);
  EXPECT_EQ(time(Precision::kMillisecond, "2"), 2'000'000);
  EXPECT_EQ(time(Precision::kSecond, "3"), 3'000'000'000);
  EXPECT_EQ(time(Precision::kMinute, "1"), 60'000'000'000);
  EXPECT_EQ(time(Precision::kHour, "1"), 3'600'000'000'000);
  EXPECT_EQ(time(Precision::kAuto, "1700000000"), 1'700'000'000'000'000'000);
  EXPECT_EQ(time(Precision::kAuto, "1700000000000"), 1'700'000'000'000'000'000);
  EXPECT_EQ(time(Precision::kAuto, "1700000000000000"), 1'700'000'000'000'000'000);
  EXPECT_EQ(time(Precision::kAuto, "1700000000000000000"), 1'700'000'000'000'000'000);
  EXPECT_EQ(Reason("m v=1 9223372036854775807", {.precision = Precision::kSecond}), "bad timestamp");
}

TEST(LineProtocol, LinesWithoutTimestampGetNow) {
  EXPECT_EQ(Only(Parse("m v=1\n", {.now_ns = 77})).time[0], 77);
  EXPECT_EQ(Only(Parse("m v=1 \r\n", {.precision = Precision::kSecond, .now_ns = 77})).time[0], 77);
}

TEST(LineProtocol, RefusesBadLinesWithReasonAndKeepsTheOthers) {
  const WriteBatch batch = Parse("m v=1 1\ngarbage\nm v=\"x 2\nm v=3 3\nm,=a v=1\n");
  EXPECT_EQ(batch.accepted_rows, 2);
  ASSERT_EQ(batch.refused_rows, 3);
  EXPECT_EQ(batch.refused[0].line, 2);
  EXPECT_EQ(batch.refused[0].reason, "missing fields");
  EXPECT_EQ(batch.refused[0].original, "garbage");
  EXPECT_EQ(batch.refused[1].line, 3);
  EXPECT_EQ(batch.refused[1].reason, "unbalanced quotes");
  EXPECT_EQ(batch.refused[2].line, 5);
  EXPECT_EQ(batch.refused[2].reason, "missing tag key");
}

TEST(LineProtocol, NamesWhatIsWrong) {
  EXPECT_EQ(Reason("m"), "missing fields");
  EXPECT_EQ(Reason(",t=1 v=1"), "missing measurement");
  EXPECT_EQ(Reason("m,t v=1"), "missing tag value");
  EXPECT_EQ(Reason("m,t= v=1"), "missing tag value");
  EXPECT_EQ(Reason("m, v=1"), "missing tag key");
  EXPECT_EQ(Reason("m,a=1,a=2 v=1"), "duplicate tags");
  EXPECT_EQ(Reason("m v"), "missing field value");
  EXPECT_EQ(Reason("m v="), "missing field value");
  EXPECT_EQ(Reason("m =1"), "missing field key");
  EXPECT_EQ(Reason("m v=1x"), "invalid field format");
  EXPECT_EQ(Reason("m v=abc"), "invalid field value");
  EXPECT_EQ(Reason("m v=9223372036854775808i"), "invalid number");
  EXPECT_EQ(Reason("m v=-1u"), "invalid number");
  EXPECT_EQ(Reason("m v=1e999"), "invalid number");
  EXPECT_EQ(Reason("m v=NaN"), "invalid field value");
  EXPECT_EQ(Reason("m v=-inf"), "invalid number");
  EXPECT_EQ(Reason("m v=1 12x"), "bad timestamp");
  EXPECT_EQ(Reason("m v=1 1 1"), "bad timestamp");
  EXPECT_THAT(Reason("m time=1"), testing::HasSubstr("timestamp"));
  EXPECT_THAT(Reason("m,time=1 v=1"), testing::HasSubstr("timestamp"));
  EXPECT_THAT(Reason("m,a=1 a=1"), testing::HasSubstr("type tag"));
  EXPECT_THAT(Reason(std::string("m\0x v=1", 7)), testing::HasSubstr("control character"));
  EXPECT_THAT(Reason("m\xff v=1"), testing::HasSubstr("UTF-8"));
  EXPECT_THAT(Reason("m a=1,A=2"), testing::HasSubstr("case"));
}

TEST(LineProtocol, MissingValuesAreNull) {
  const WriteBatch batch = Parse("m,h=a x=1 1\nm y=2i 2\nm,h=b x=3,y=4i 3\nm,h=a s=\"q\" 4\n");
  const ColumnBatch& rows = Only(batch);
  ASSERT_EQ(rows.rows(), 4u);
  const Column& x = *rows.Find("x");
  EXPECT_THAT(std::vector<uint8_t>(x.valid.begin(), x.valid.end()), testing::ElementsAre(1, 0, 1, 0));
  const Column& h = *rows.Find("h");
  EXPECT_THAT(std::vector<uint8_t>(h.valid.begin(), h.valid.end()), testing::ElementsAre(1, 0, 1, 1));
  EXPECT_EQ(h.TagValue(3), "a");
  EXPECT_EQ(rows.Find("y")->i64()[2], 4);
  EXPECT_EQ(rows.Find("s")->strings[3], "q");
}

TEST(LineProtocol, OfARepeatedFieldTheLastValueCounts) { EXPECT_EQ(Only(Parse("m v=1,v=2 1\n")).Find("v")->f64()[0], 2); }

TEST(LineProtocol, ARefusedLineLeavesNoTrace) {
  const WriteBatch batch = Parse("m,a=1 v=1 1\nm,a=2,b=1 v=2,w=3,x=bad 2\nm,a=2,b=1 v=5,w=\"s\" 3\nm,a=1 v=1 4\n");
  ASSERT_EQ(batch.accepted_rows, 3);
  const ColumnBatch& rows = Only(batch);
  EXPECT_EQ(rows.Find("x"), nullptr);
  EXPECT_EQ(rows.Find("w")->type, ColumnType::kString);
  EXPECT_EQ(rows.Find("v")->f64()[1], 5);
  EXPECT_EQ(rows.Find("b")->TagValue(1), "1");
}

TEST(LineProtocol, FollowsTheSchemaOfTheTable) {
  Schemas schemas;
  schemas.tables["m"] = std::make_shared<TableSchema>(
      std::vector<ColumnSchema>{{"f", ColumnType::kFloat64}, {"i", ColumnType::kInt64}, {"t", ColumnType::kTag}});
  const WriteBatch batch = Parse("m f=1i 1\nm i=1.5 2\nm t=\"x\" 3\nm,f=a i=1i 4\nm F=1 5\nm f=2u,i=3i 6\n", {}, schemas);
  EXPECT_EQ(batch.accepted_rows, 2);
  EXPECT_EQ(batch.refused_rows, 4);
  EXPECT_EQ(batch.refused[0].reason,
            "field type conflict: input field \"i\" on measurement \"m\" is type float, already exists as type integer");
  EXPECT_EQ(Only(batch).Find("f")->type, ColumnType::kFloat64);
  EXPECT_EQ(Only(batch).Find("f")->f64()[1], 2);
}

TEST(LineProtocol, WidensIntegersWithinABody) {
  const WriteBatch batch = Parse("m v=1.5 1\nm v=2i 2\nm w=1i 3\nm w=1.5 4\n");
  EXPECT_EQ(batch.accepted_rows, 3);
  EXPECT_EQ(Only(batch).Find("v")->f64()[1], 2);
}

TEST(LineProtocol, LimitsColumnsAndLines) {
  EXPECT_EQ(Parse("m a=1,b=2,c=3 1\nm a=1 2\n", {.columns_per_table_max = 2}).accepted_rows, 1);
  EXPECT_EQ(Reason("m a=\"0123456789\" 1", {.line_bytes_max = 10}), "line is too long");
}

TEST(LineProtocol, LimitsWhatFewBytesUnfoldTo) {
  std::string body;
  for (int i = 0; i < 100; ++i) body += "m v=1 " + std::to_string(i) + "\n";
  const size_t rows_end = body.size();
  body += "m v=1";
  for (int i = 0; i < 50; ++i) body += ",f" + std::to_string(i) + "=1";
  body += " 100\nm v=1 101\nm,t=a,u=b v=1 102\n";
  // 100 rows of one field and the time are 200 values; the wide line would make 5,252 of them.
  const WriteBatch batch = Parse(body, {.values_max = 450});
  EXPECT_EQ(batch.accepted_rows, 102);
  ASSERT_EQ(batch.refused.size(), 1u);
  EXPECT_EQ(batch.refused[0].reason, "more than 450 values in one request; send it in parts");
  EXPECT_EQ(Only(batch).columns.size(), 3u) << "nothing of the wide line stays";
  EXPECT_EQ(Parse(body.substr(0, rows_end), {.values_max = 100}).accepted_rows, 50);
  EXPECT_EQ(Parse(body).accepted_rows, 103);
}

TEST(LineProtocol, ManySeriesAndTables) {
  std::string body;
  for (int i = 0; i < 5000; ++i) {
    body += "t" + std::to_string(i % 40) + ",host=h" + std::to_string(i) + " v=" + std::to_string(i) + "i " +
            std::to_string(i) + "\n";
  }
  const WriteBatch batch = Parse(body);
  EXPECT_EQ(batch.accepted_rows, 5000);
  ASSERT_EQ(batch.tables.size(), 40u);
  const ColumnBatch& rows = batch.tables[7].rows;
  for (size_t row = 0; row < rows.rows(); ++row) {
    EXPECT_EQ(rows.Find("host")->TagValue(row), "h" + std::to_string(rows.Find("v")->i64()[row]));
  }
}

std::string ValueText(const Column& column, size_t row) {
  if (!column.IsValid(row)) return "NULL";
  switch (column.type) {
    case ColumnType::kTag: return std::string(column.TagValue(row));
    case ColumnType::kString: return std::string(column.strings[row]);
    case ColumnType::kBool: return column.bools[row] ? "true" : "false";
    default: return std::to_string(column.words[row]);
  }
}

std::string Text(const WriteBatch& batch) {
  std::string text;
  for (const TableRows& table : batch.tables) {
    for (size_t row = 0; row < table.rows.rows(); ++row) {
      text += table.table + " at " + std::to_string(table.rows.time[row]);
      for (const Column& column : table.rows.columns) text += ' ' + column.name + '=' + ValueText(column, row);
      text += '\n';
    }
  }
  for (const RefusedLine& line : batch.refused) text += std::to_string(line.line) + ": " + line.reason + '\n';
  return text;
}

/// A line that is mostly as usual, now and then different from the others, or wrong, in one place.
std::string RandomLine(std::mt19937* random) {
  const auto one_of = [&](std::initializer_list<const char*> texts) {
    return std::string(*(texts.begin() + (*random)() % texts.size()));
  };
  const auto rarely = [&](const char* usual, std::initializer_list<const char*> others) {
    return (*random)() % 25 != 0 ? std::string(usual) : one_of(others);
  };
  std::string line = rarely("", {" ", "# a comment,with \"delimiters\" \n", "\n", "\t"});
  line += rarely("cpu", {"mem", "c\\ pu", "c\"pu", "", "\xff"}) +
          rarely(",host=", {",", ",=", ",h\\,ost=", " host=", ",host=x,host="});
  line += one_of({"a", "bb", "ccc"}) + rarely(",rack=12", {"", ",rack=", ",rack=1=2", ",rack=1\\ 2", ",", ",rack=a\xc3"});
  line += rarely(" ", {"  ", ",", ""});
  line += rarely("load=", {"busy=", "", "=", "load", "l\\=oad="});
  line += one_of({"1", "2.5", "-3.25", "100000.125", "12345678.5", "0.000001"});
  line += rarely("", {"i", "u", "e3", "x", "."});
  line += rarely(",", {" ", ",,", "\n", ""}) + rarely("count=", {"count\\ =", "load=", "note=\"a, b\n\\\"c\",count="});
  line += one_of({"1i", "-20i", "9223372036854775807i"}) + rarely(",ok=", {",yes="}) + one_of({"t", "false", "TRUE"});
  line += rarely(" ", {"  ", "", ","}) + one_of({"1700000000000000000", "-5", "17"}) + rarely("", {" ", "x", " 5", ".5"});
  return line;
}

// The usual line is read by its delimiters, which are found beforehand; one that ends in \r\n is read step by step.
TEST(LineProtocol, BothWaysOfReadingALineAgree) {
  std::mt19937 random(7);
  int64_t accepted = 0, refused = 0;
  for (int round = 0; round < 300; ++round) {
    std::string body, other;
    for (int i = 0; i < 400; ++i) {
      const std::string line = RandomLine(&random);
      body += line + '\n';
      other += line + "\r\n";
    }
    const WriteBatch batch = Parse(body);
    ASSERT_EQ(Text(batch), Text(Parse(other)));
    accepted += batch.accepted_rows;
    refused += batch.refused_rows;
  }
  EXPECT_GT(accepted, 50'000);
  EXPECT_GT(refused, 10'000);
}

TEST(NumberScanner, AgreesWithStrtod) {
  for (const char* text :
       {"0", "-0", "1", "12.345", "0.1", "123456789.123456789", "9007199254740993", "1e22", "1e-22",
        "179769313486231570000000000000000000000", "4.9e-324", "12345678901234567890.5", "0.000000000000000000000001"}) {
    ScannedNumber number;
    const char* const end = text + strlen(text);
    ASSERT_EQ(ScanNumber(text, end, &number), end) << text;
    EXPECT_EQ(number.f64, strtod(text, nullptr)) << text;
  }
}

TEST(LineProtocol, AQuoteInATagDoesNotReachTheNextLine) {
  // In measurement and tags a quote is a character as any other.
  const WriteBatch batch = Parse("m,t=\"a v=x\nm,t=\"a v=1\nm\\ \\ ,t\\ =\"b\\  v=x\nm,t=c\" v=2\n");
  EXPECT_EQ(batch.accepted_rows, 2);
  ASSERT_EQ(batch.refused.size(), 2u);
  EXPECT_EQ(batch.refused[0].line, 1);
  EXPECT_EQ(batch.refused[1].line, 3);
}

TEST(LineProtocol, AMeasurementThatIsWrittenAsAnotherIsNamedIsNotThatOne) {
  const WriteBatch batch = Parse("a\\\\,b v=1\na\\,b v=2\n");
  ASSERT_EQ(batch.tables.size(), 2u);
  EXPECT_EQ(batch.tables[0].table, "a\\,b");
  EXPECT_EQ(batch.tables[1].table, "a,b");
}

TEST(LineProtocol, NothingIsLeftOfARefusedLineInAWideTable) {
  const WriteBatch batch = Parse("m,t=a,u=b x=1,y=1,z=1 1\nm,t=c,u=d y=2,z=bad 2\nm,u=e x=3 3\nm,t=a,u=b x=4,y=4,z=4 4\n");
  EXPECT_EQ(batch.accepted_rows, 3);
  EXPECT_EQ(batch.refused_rows, 1);
  const ColumnBatch& rows = batch.tables.at(0).rows;
  EXPECT_FALSE(rows.Find("y")->IsValid(1));
  EXPECT_FALSE(rows.Find("z")->IsValid(1));
  EXPECT_FALSE(rows.Find("t")->IsValid(1));
  EXPECT_EQ(rows.Find("u")->TagValue(1), "e");
  EXPECT_EQ(rows.Find("t")->TagValue(2), "a");
  EXPECT_EQ(rows.Find("z")->f64()[2], 4);
}

TEST(LineProtocol, LinesThatAreRefusedTakeTurnsWithOthers) {
  // Each combination of a good, a refused and a good line, of series that are new, known, or differ in their tags.
  const std::string series[] = {"m", "m,a=1", "m,b=1", "m,a=1,b=2", "m,a=2,b=2,c=3", "n,a=1"};
  const std::string fields[] = {" x=1", " y=2", " x=1,y=2", " y=2,x=1", " x=1,z=2"};
  for (const std::string& first : series) {
    for (const std::string& second : series) {
      for (const std::string& one : fields) {
        for (const std::string& other : fields) {
          const std::string good = first + one + " 1\n", bad = second + other + ",x=bad 2\n", last = second + other + " 3\n";
          const WriteBatch with = Parse(good + bad + last + good + bad + last), without = Parse(good + last + good + last);
          ASSERT_EQ(with.accepted_rows, 4) << good << bad << last;
          ASSERT_EQ(with.tables.size(), without.tables.size());
          for (size_t i = 0; i < with.tables.size(); ++i) {
            const ColumnBatch &a = with.tables[i].rows, &b = without.tables[i].rows;
            ASSERT_EQ(a.columns.size(), b.columns.size()) << good << bad << last;
            for (const Column& column : b.columns) {
              const Column* const same = a.Find(column.name);
              ASSERT_NE(same, nullptr);
              for (size_t row = 0; row < b.rows(); ++row) {
                ASSERT_EQ(same->IsValid(row), column.IsValid(row)) << column.name << row << good << bad << last;
                if (!column.IsValid(row)) continue;
                if (column.type == ColumnType::kTag) ASSERT_EQ(same->TagValue(row), column.TagValue(row));
                else ASSERT_EQ(same->f64()[row], column.f64()[row]);
              }
            }
          }
        }
      }
    }
  }
}

TEST(LineProtocol, ShortRefusedLinesDoNotCostWhatTheTableHasOfColumns) {
  std::string refused;
  for (int i = 0; i < 200'000; ++i) refused += "m f0=\n";
  const auto seconds = [&](int columns) {
    std::string body = "m f0=1";
    for (int i = 1; i < columns; ++i) body += ",f" + std::to_string(i) + "=1";
    body += " 1\n" + refused;
    return CpuSecondsOf([&] { EXPECT_EQ(Parse(body).refused_rows, 200'000); });
  };
  const double narrow = seconds(1), wide = seconds(900);
  EXPECT_LT(wide, 4 * narrow) << "it was twenty times as much";
}

TEST(LineProtocol, LimitsTheTablesOfABody) {
  std::string body;
  for (int i = 0; i < 2'000; ++i) body += "m" + std::to_string(i) + " v=1 1\n";
  EXPECT_EQ(Parse(body).tables.size(), 2'000u);
  const WriteBatch batch = Parse(body + "m1 v=1 2\n", {.values_max = 10'000});
  EXPECT_EQ(batch.tables.size(), 1'039u);
  EXPECT_EQ(batch.accepted_rows, 1'040);
  EXPECT_THAT(batch.refused.at(0).reason, testing::HasSubstr("too many tables"));
}

}  // namespace
}  // namespace gigapi
