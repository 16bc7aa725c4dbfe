#include "ingest/csv_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/testing/parser_checks.h"

namespace gigapi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

WriteBatch Parse(std::string_view body, const ParseOptions& options = ToTable(), const Schemas& schemas = {}) {
  return Checked(ParseCsvRows(body, options, schemas));
}

ColumnBatch Rows(std::string_view body, const ParseOptions& options = ToTable(), const Schemas& schemas = {}) {
  return OnlyTable(Parse(body, options, schemas));
}

std::string Reason(std::string_view body, const ParseOptions& options = ToTable(), const Schemas& schemas = {}) {
  SCOPED_TRACE(body);
  return FirstReason(Parse(body, options, schemas));
}

TEST(CsvRows, ReadsWhatTheHeaderNames) {
  const ColumnBatch rows = Rows(
      "time,host,usage,ok,note\r\n"
      "2021-09-30T18:00:00Z,a,1.5,true,\"x, \"\"y\"\"\nz\"\r\n"
      "\r\n"
      "1633024801,b,,false,\r\n");
  ASSERT_EQ(rows.rows(), 2u);
  EXPECT_EQ(rows.time[0], 1'633'024'800'000'000'000);
  EXPECT_EQ(rows.time[1], 1'633'024'801'000'000'000);
  EXPECT_EQ(rows.Find("host")->type, ColumnType::kTag);
  EXPECT_EQ(rows.Find("host")->TagValue(1), "b");
  EXPECT_EQ(rows.Find("usage")->f64()[0], 1.5);
  EXPECT_FALSE(rows.Find("usage")->IsValid(1));
  EXPECT_EQ(rows.Find("ok")->bools[0], 1);
  EXPECT_EQ(rows.Find("note")->TagValue(0), "x, \"y\"\nz");
  EXPECT_FALSE(rows.Find("note")->IsValid(1));
}

TEST(CsvRows, TypesAreToldByTheValues) {
  const ColumnBatch rows = Rows(
      "n,id,big,mixed,b,quoted,empty\n"
      "20,5,1,1,true,\"7\",\"\"\n"
      "20.5,9007199254740993,18446744073709551615,x,TRUE,8,y\n");
  EXPECT_EQ(rows.Find("n")->type, ColumnType::kFloat64);
  ASSERT_EQ(rows.Find("id")->type, ColumnType::kInt64);
  EXPECT_EQ(rows.Find("id")->i64()[1], 9007199254740993);
  ASSERT_EQ(rows.Find("big")->type, ColumnType::kUInt64);
  EXPECT_EQ(rows.Find("big")->u64()[1], UINT64_MAX);
  ASSERT_EQ(rows.Find("mixed")->type, ColumnType::kTag);
  EXPECT_EQ(rows.Find("mixed")->TagValue(0), "1");
  EXPECT_EQ(rows.Find("b")->type, ColumnType::kBool);
  EXPECT_EQ(rows.Find("quoted")->TagValue(1), "8");
  EXPECT_TRUE(rows.Find("empty")->IsValid(0));
  EXPECT_EQ(rows.Find("empty")->TagValue(0), "");
}

TEST(CsvRows, TypesAsAsked) {
  const std::string body = "at,host,n,u,f,b,s,x\n5,1,2,3,4,1,5,6\n";
  for (const char* types : {"time,tag,int,unsigned,float,bool,string,skip",
                            "s:string, at:time, host:tag,n:integer,u:uint,f:double,b:boolean,x:skip"}) {
    const ColumnBatch rows = Rows(body, ToTable(types));
    EXPECT_EQ(rows.time[0], 5'000'000'000);
    EXPECT_EQ(rows.Find("host")->TagValue(0), "1");
    EXPECT_EQ(rows.Find("n")->i64()[0], 2);
    EXPECT_EQ(rows.Find("u")->u64()[0], 3u);
    EXPECT_EQ(rows.Find("f")->f64()[0], 4);
    EXPECT_EQ(rows.Find("b")->bools[0], 1);
    EXPECT_EQ(rows.Find("s")->type, ColumnType::kString);
    EXPECT_EQ(rows.Find("x"), nullptr);
  }
  EXPECT_THAT(Reason(body, ToTable("int,int")), HasSubstr("2 types, the header 8 columns"));
  EXPECT_THAT(Reason(body, ToTable("n:complex")), HasSubstr("unknown type 'complex'"));
  EXPECT_THAT(Reason(body, ToTable("zz:int")), HasSubstr("there is no column 'zz'"));
}

TEST(CsvRows, TypesThatTheTableHas) {
  Schemas schemas;
  schemas.tables["t"] = std::make_shared<const TableSchema>(
      std::vector<ColumnSchema>{{"s", ColumnType::kString}, {"i", ColumnType::kInt64}, {"h", ColumnType::kTag}});
  const ColumnBatch rows = Rows("s,i,h\n5,6,7\n8,9.0,true\n", ToTable(), schemas);
  EXPECT_EQ(rows.Find("s")->strings[1], "8");
  EXPECT_EQ(rows.Find("i")->i64()[1], 9);
  EXPECT_EQ(rows.Find("h")->TagValue(1), "true");
  EXPECT_THAT(Reason("i\n1.5\n", ToTable(), schemas), HasSubstr("'1.5' does not fit column 'i', which is integer"));
  EXPECT_THAT(Reason("i\n1\n", ToTable("i:bool"), schemas), HasSubstr("type conflict"));
}

TEST(CsvRows, Delimiters) {
  for (const char delimiter : {',', ';', '\t', '|'}) {
    std::string body = "a_b_c\n1_\"2,;|\"_3\n";
    std::replace(body.begin(), body.end(), '_', delimiter);
    EXPECT_EQ(Rows("\xef\xbb\xbf" + body).columns.size(), 3u) << delimiter;
  }
  ParseOptions options = ToTable();
  options.delimiter = ':';
  EXPECT_EQ(Rows("a:b\n1:2\n", options).columns.size(), 2u);
}

TEST(CsvRows, TheTimeHasSeveralNames) {
  EXPECT_EQ(Rows("v,timestamp\n1,5\n").time[0], 5'000'000'000);
  EXPECT_EQ(Rows("v\n1\n").time[0], kNow);
  EXPECT_EQ(Rows("v,time\n1,\n").time[0], kNow);
  ParseOptions options = ToTable();
  options.time_column = "at";
  options.number_precision = Precision::kMillisecond;
  EXPECT_EQ(Rows("v,at\n1,5\n", options).time[0], 5'000'000);
  EXPECT_THAT(Reason("v\n1\n", options), HasSubstr("there is no column 'at'"));
}

TEST(CsvRows, KeepsTheGoodRecords) {
  const WriteBatch batch = Parse("v,w,time\n1,a,5\n2\nx,\"b\nc\",6\n3,d,never\n4,\"e\"f,7\n,,8\n5,f,9\n6,\"g,10\n");
  EXPECT_EQ(batch.accepted_rows, 3);
  std::vector<int64_t> lines;
  for (const RefusedLine& line : batch.refused) lines.push_back(line.line);
  EXPECT_THAT(lines, ElementsAre(3, 6, 7, 8, 10));
}

TEST(CsvRows, RefusesHeadersThatCannotBeUsed) {
  EXPECT_THAT(Reason(""), HasSubstr("empty"));
  EXPECT_THAT(Reason("a,a\n1,2\n"), HasSubstr("column 'a' comes twice"));
  EXPECT_THAT(Reason("a,\n1,2\n"), HasSubstr("column name is empty"));
  EXPECT_THAT(Reason("a,\"b\n1,2\n"), HasSubstr("unbalanced quotes"));
  EXPECT_THAT(Reason("Time,v\n1,2\n"), HasSubstr("the timestamp's name"));
  EXPECT_THAT(Reason("v\n1\n", ParseOptions()), HasSubstr("no table"));
  EXPECT_EQ(Parse("a,b\n").accepted_rows, 0);
}

TEST(CsvRows, RefusesWhatUnfoldsTooFar) {
  ParseOptions options = ToTable();
  options.values_max = 9;  // four rows of one column and their times
  const WriteBatch batch = Parse("v,w\n1,\n2,\n3,\n4,\n5,\n", options);
  EXPECT_EQ(batch.accepted_rows, 4);
  EXPECT_EQ(batch.refused_rows, 1);
  EXPECT_THAT(batch.refused.at(0).reason, HasSubstr("more than 9 values"));
}

TEST(CsvRows, NothingIsLeftOfARefusedRecord) {
  const ColumnBatch rows = std::move(Parse("a,b\n1,\n2,x\xff\n3,\n").tables.at(0).rows);
  EXPECT_EQ(rows.rows(), 2u);
  EXPECT_EQ(rows.columns.size(), 1u);
}

TEST(CsvRows, ARefusedRecordDoesNotTellTheTypeOfAColumn) {
  // Told by the first records, and past them by the first that has a value.
  std::string late = "time,v\n";
  for (int i = 0; i < 1'000; ++i) late += "1,\n";
  for (const std::string& before : {std::string("time,v\n"), late}) {
    const WriteBatch batch = Parse(before + "yesterday,text\n2,1.5\n");
    EXPECT_EQ(batch.accepted_rows, 1);
    EXPECT_EQ(batch.tables.at(0).rows.Find("v")->type, ColumnType::kFloat64);
  }
  Schemas schemas;
  schemas.Add("t", {{"known", ColumnType::kBool}});
  const WriteBatch batch = Parse("known,v\nx,text\ntrue,1.5\n", ToTable(), schemas);
  EXPECT_EQ(batch.accepted_rows, 1);
  EXPECT_EQ(batch.tables.at(0).rows.Find("v")->type, ColumnType::kFloat64);
}

TEST(CsvRows, ATypeThatIsAskedForStays) {
  const WriteBatch batch = Parse("v,w\n1,1\n1.5,1\n2,9007199254740993\n", ToTable("v:int,w:float"));
  EXPECT_EQ(batch.accepted_rows, 2);
  ASSERT_EQ(batch.refused_rows, 1);
  EXPECT_EQ(batch.refused[0].line, 3);
  EXPECT_EQ(batch.tables.at(0).rows.Find("v")->type, ColumnType::kInt64);
  EXPECT_EQ(batch.tables.at(0).rows.Find("w")->type, ColumnType::kFloat64);
}

TEST(CsvRows, NothingIsLeftOfARefusedRecordInColumnsThatAreThere) {
  const WriteBatch batch = Parse("a,b,c\n1,1,1\n2,2,x\n,3,3\n");
  EXPECT_EQ(batch.accepted_rows, 3);
  const WriteBatch typed = Parse("a,b,c\n1,1,1\n2,2,x\n,3,3\n", ToTable("c:int"));
  EXPECT_EQ(typed.accepted_rows, 2);
  EXPECT_FALSE(typed.tables.at(0).rows.Find("a")->IsValid(1));
}

TEST(CsvRows, ShortRefusedRecordsDoNotCostWhatTheHeaderHasOfColumns) {
  const auto seconds = [&](int columns) {
    std::string body = "c0";
    for (int i = 1; i < columns; ++i) body += ",c" + std::to_string(i);
    body += "\n" + std::string("1") + std::string(static_cast<size_t>(columns) - 1, ',') + "\n";
    for (int i = 0; i < 200'000; ++i) body += "x,y,z\n";
    return CpuSecondsOf([&] { EXPECT_EQ(Parse(body).refused_rows, 200'000); });
  };
  const double narrow = seconds(2), wide = seconds(900);
  EXPECT_LT(wide, 4 * narrow);
}

}  // namespace
}  // namespace gigapi
