#include "ingest/annotated_csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ingest/testing/parser_checks.h"

namespace gigapi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// As InfluxDB 2 answers a query, with two series and two fields.
constexpr std::string_view kAnswer =
    "#group,false,false,true,true,false,false,true,true,true\r\n"
    "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,string\r\n"
    "#default,_result,,,,,,,,\r\n"
    ",result,table,_start,_stop,_time,_value,_field,_measurement,host\r\n"
    ",,0,2021-01-01T00:00:00Z,2021-01-02T00:00:00Z,1970-01-01T00:00:01Z,1.5,usage,cpu,a\r\n"
    ",,0,2021-01-01T00:00:00Z,2021-01-02T00:00:00Z,1970-01-01T00:00:02Z,2.5,usage,cpu,a\r\n"
    "\r\n"
    "#group,false,false,true,true,false,false,true,true,true\r\n"
    "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,long,string,string,string\r\n"
    "#default,_result,,,,,,,,\r\n"
    ",result,table,_start,_stop,_time,_value,_field,_measurement,host\r\n"
    ",,1,2021-01-01T00:00:00Z,2021-01-02T00:00:00Z,1970-01-01T00:00:01Z,7,count,cpu,a\r\n"
    ",,1,2021-01-01T00:00:00Z,2021-01-02T00:00:00Z,1970-01-01T00:00:03Z,8,count,mem,b\r\n"
    "\r\n";

WriteBatch Parse(std::string_view body, const ParseOptions& options = {}) {
  return Checked(ParseAnnotatedCsv(body, options, Schemas()));
}

std::string Reason(std::string_view body) {
  SCOPED_TRACE(body);
  return FirstReason(Parse(body));
}

std::vector<std::string> NamesOf(const ColumnBatch& rows) {
  std::vector<std::string> names;
  for (const Column& column : rows.columns) names.push_back(column.name);
  return names;
}

TEST(AnnotatedCsv, FieldsOfAPointBecomeOneRow) {
  const WriteBatch batch = Parse(kAnswer);
  EXPECT_EQ(batch.refused_rows, 0);
  EXPECT_EQ(batch.accepted_rows, 3);
  ASSERT_EQ(batch.tables.size(), 2u);
  const ColumnBatch& cpu = batch.tables[0].rows;
  EXPECT_EQ(batch.tables[0].table, "cpu");
  EXPECT_EQ(batch.tables[1].table, "mem");
  EXPECT_THAT(NamesOf(cpu), ElementsAre("host", "usage", "count"));
  EXPECT_EQ(cpu.time[0], 1'000'000'000);
  EXPECT_EQ(cpu.time[1], 2'000'000'000);
  EXPECT_EQ(cpu.Find("host")->type, ColumnType::kTag);
  EXPECT_EQ(cpu.Find("usage")->f64()[1], 2.5);
  ASSERT_EQ(cpu.Find("count")->type, ColumnType::kInt64);
  EXPECT_EQ(cpu.Find("count")->i64()[0], 7);
  EXPECT_FALSE(cpu.Find("count")->IsValid(1));
}

TEST(AnnotatedCsv, TheSameFieldTwiceIsTwoRows) {
  const std::string body =
      std::string(kAnswer.substr(0, kAnswer.find("\r\n\r\n"))) + "\r\n,,0,,,1970-01-01T00:00:01Z,9,usage,cpu,a\r\n";
  EXPECT_EQ(Parse(body).accepted_rows, 3);
}

TEST(AnnotatedCsv, PivotedTablesHaveAColumnForEachField) {
  const ColumnBatch rows =
      OnlyTable(Parse("#group,false,false,false,true,true,false,false,false\n"
                      "#datatype,string,long,dateTime:RFC3339,string,string,unsignedLong,boolean,string\n"
                      "#default,_result,,,,,,,\n"
                      ",result,table,_time,_measurement,host,n,ok,note\n"
                      ",,0,1970-01-01T00:00:01Z,m,a,18446744073709551615,true,\"x, \"\"y\"\"\"\n"
                      ",,0,1970-01-01T00:00:02Z,m,,,false,\n"));
  EXPECT_EQ(rows.Find("n")->u64()[0], UINT64_MAX);
  EXPECT_EQ(rows.Find("ok")->bools[1], 0);
  EXPECT_EQ(rows.Find("note")->type, ColumnType::kString);
  EXPECT_EQ(rows.Find("note")->strings[0], "x, \"y\"");
  EXPECT_FALSE(rows.Find("host")->IsValid(1));
}

TEST(AnnotatedCsv, ReadsWhatInfluxWriteReads) {
  const ColumnBatch rows =
      OnlyTable(Parse("#constant measurement,cpu\n"
                      "#constant tag,region,eu\n"
                      "#datatype tag,double,long,ignored,dateTime:number\n"
                      "host,usage,n,x,time\n"
                      "a,1.5,2,zzz,1000000000\n"));
  EXPECT_THAT(NamesOf(rows), ElementsAre("region", "host", "usage", "n"));
  EXPECT_EQ(rows.time[0], 1'000'000'000);
  EXPECT_EQ(rows.Find("region")->type, ColumnType::kTag);
  EXPECT_EQ(rows.Find("n")->i64()[0], 2);
  EXPECT_EQ(Parse("#datatype measurement,tag,double,dateTime:RFC3339\nm,host,v,time\ncpu,a,1,1970-01-01T00:00:01Z\n")
                .tables.at(0)
                .table,
            "cpu");
}

TEST(AnnotatedCsv, DefaultsStandForEmptyValues) {
  const ColumnBatch rows =
      OnlyTable(Parse("#datatype,string,dateTime:RFC3339,double,string,string\n#default,,,,usage,cpu\n"
                      ",result,_time,_value,_field,_measurement\n,,1970-01-01T00:00:01Z,1,,\n"));
  EXPECT_EQ(rows.Find("usage")->f64()[0], 1);
}

TEST(AnnotatedCsv, AnEmptyLineEndsATableWithoutAnnotations) {
  const WriteBatch batch = Parse(
      ",result,table,_time,_value,_field,_measurement,host\r\n"
      ",_result,0,1970-01-01T00:00:01Z,1.5,usage,cpu,a\r\n\r\n"
      ",result,table,_time,_value,_field,_measurement,room\r\n"
      ",_result,1,1970-01-01T00:00:01Z,true,open,door,hall\r\n");
  ASSERT_EQ(batch.tables.size(), 2u);
  EXPECT_EQ(batch.tables[0].rows.Find("usage")->type, ColumnType::kFloat64);
  EXPECT_EQ(batch.tables[1].rows.Find("open")->type, ColumnType::kBool);
  EXPECT_EQ(batch.tables[1].rows.Find("room")->type, ColumnType::kTag);
}

TEST(AnnotatedCsv, TellsWhatIsWrongByItsLine) {
  const std::string head =
      "#datatype,string,dateTime:RFC3339,double,string,string\n,result,_time,_value,_field,_measurement\n";
  const WriteBatch batch = Parse(head + ",,1970-01-01T00:00:01Z,1,v,m\n,,soon,1,v,m\n,,,x,v,m\n,,,,v,m\n,,,1,v,m,9\n");
  EXPECT_EQ(batch.accepted_rows, 1);
  std::vector<std::string> reasons;
  for (const RefusedLine& line : batch.refused) reasons.push_back(std::to_string(line.line) + " " + line.reason);
  EXPECT_THAT(reasons, testing::UnorderedElementsAre("4 'soon' is no time", HasSubstr("5 'x' does not fit column 'v'"),
                                                     "6 the record has no value", "7 7 fields, the header has 6"));
  EXPECT_THAT(Reason("#datatype,string,string\n,error,reference\n,failed to parse query,897\n"),
              HasSubstr("failed to parse query"));
  EXPECT_THAT(Reason(",_time,_value,_field\n,1,2,v\n"), HasSubstr("no measurement"));
  EXPECT_THAT(Reason(",_time,_value\n,1,2\n"), HasSubstr("_field and _value"));
}

TEST(AnnotatedCsv, IsCutBehindRowsOnly) {
  const std::string text(kAnswer);
  const size_t second_head = text.find("#group", 1);
  for (size_t size = 0; size <= text.size(); ++size) {
    const size_t end = EndOfAnnotatedRecords(std::string_view(text).substr(0, size));
    ASSERT_LE(end, size);
    if (end > 0) {
      EXPECT_EQ(text[end - 1], '\n');
    }
    if (end > second_head) {
      EXPECT_GT(end, text.find(",,1,")) << "within the second head";
    }
  }
  EXPECT_EQ(EndOfAnnotatedRecords(text), text.size());
}

TEST(AnnotatedCsv, RefusesWhatUnfoldsTooFar) {
  const WriteBatch batch = Parse(
      "#datatype,string,long,dateTime:RFC3339,double,string,string\n"
      ",result,table,_time,_value,_field,_measurement\n"
      ",,0,1970-01-01T00:00:01Z,1,v,m\n"
      ",,0,1970-01-01T00:00:02Z,2,v,m\n"
      ",,0,1970-01-01T00:00:03Z,3,v,m\n",
      {.values_max = 5});
  EXPECT_EQ(batch.accepted_rows, 2);
  EXPECT_EQ(batch.refused_rows, 1);
  EXPECT_THAT(batch.refused.at(0).reason, HasSubstr("more than 5 values"));
}

TEST(AnnotatedCsv, PiecesWithTheLastHeadAreTheWhole) {
  const std::string text(kAnswer);
  const size_t cut = text.find(",,1,");
  const size_t first_row_end = text.find('\n', cut) + 1;
  const std::string first = text.substr(0, first_row_end), rest = text.substr(first_row_end);
  const std::string head = HeadOfNextPiece(first);
  EXPECT_EQ(head, text.substr(text.find("#group", 1), cut - text.find("#group", 1)));
  EXPECT_EQ(Parse(first).accepted_rows, 2);
  EXPECT_EQ(Parse(head + rest).accepted_rows, 1);
}

/// What becomes of a body that is cut wherever it may be.
void ExpectTheSameInPieces(const std::string& text) {
  const WriteBatch whole = Parse(text);
  for (size_t size = 1; size <= text.size(); ++size) {
    const size_t end = EndOfAnnotatedRecords(std::string_view(text).substr(0, size));
    const std::string first = text.substr(0, end);
    const WriteBatch begin = Parse(first), rest = Parse(HeadOfNextPiece(first) + text.substr(end));
    ASSERT_EQ(begin.accepted_rows + rest.accepted_rows, whole.accepted_rows) << first;
    ASSERT_EQ(begin.refused_rows + rest.refused_rows, whole.refused_rows) << first;
    for (const WriteBatch* part : {&begin, &rest}) {
      for (const TableRows& rows : part->tables) {
        for (const Column& column : rows.rows.columns) {
          ASSERT_TRUE(
              std::any_of(whole.tables.begin(), whole.tables.end(),
                          [&](const TableRows& t) { return t.table == rows.table && t.rows.Find(column.name) != nullptr; }))
              << rows.table << "." << column.name << " of\n"
              << first;
        }
      }
    }
  }
}

TEST(AnnotatedCsv, TablesWithoutAnnotationsMayBeCutToo) {
  ExpectTheSameInPieces(
      ",result,table,_time,_value,_field,_measurement,host\r\n"
      ",_result,0,1970-01-01T00:00:01Z,1.5,usage,cpu,a\r\n"
      ",_result,0,1970-01-01T00:00:02Z,1.5,usage,cpu,a\r\n\r\n"
      ",result,table,_time,_value,_field,_measurement,room\r\n"
      ",_result,1,1970-01-01T00:00:01Z,true,open,door,hall\r\n"
      ",_result,1,1970-01-01T00:00:02Z,true,open,door,hall\r\n");
}

TEST(AnnotatedCsv, WhatLooksLikeAnAnnotationInATextIsNone) {
  ExpectTheSameInPieces(
      "#datatype,string,dateTime:RFC3339,string,string,string\n,result,_time,_value,_field,_measurement\n"
      ",,1970-01-01T00:00:01Z,\"notes:\n# one\n\nand more\n\",v,m\n"
      ",,1970-01-01T00:00:02Z,\"# two\",v,m\n");
}

TEST(AnnotatedCsv, OfAPointTheRecordThatIsWrongIsRefusedAlone) {
  const WriteBatch batch = Parse(
      "#datatype,string,dateTime:RFC3339,double,string,string\n,result,_time,_value,_field,_measurement\n"
      ",,1970-01-01T00:00:01Z,1,a,m\n,,1970-01-01T00:00:01Z,x,b,m\n,,1970-01-01T00:00:01Z,3,c,m\n");
  ASSERT_EQ(batch.accepted_rows, 1);
  EXPECT_THAT(NamesOf(batch.tables[0].rows), ElementsAre("a", "c"));
  ASSERT_EQ(batch.refused_rows, 1);
  EXPECT_EQ(batch.refused[0].line, 4);
}

TEST(AnnotatedCsv, ALongDefaultDoesNotUnfoldForEver) {
  const std::string value(100'000, 'x');
  std::string body =
      "#constant measurement,m\n#constant string,a," + value + "\n#constant tag,t," + value + "\n#datatype double\nv\n";
  for (int row = 0; row < 100; ++row) body += "1\n";
  const WriteBatch batch = Parse(body, {.values_max = 100'000});
  EXPECT_EQ(batch.accepted_rows, 7) << "1.6 MB of texts";
  EXPECT_EQ(batch.refused_rows, 93);
  EXPECT_THAT(batch.refused.at(0).reason, HasSubstr("more than 100000 values"));
}

TEST(AnnotatedCsv, RefusesAHeaderOfVeryManyColumns) {
  std::string header = "c0";
  for (int i = 1; i < 300'000; ++i) header += ",c" + std::to_string(i);
  EXPECT_EQ(Reason(header + "\n1\n"), "too many columns");
}

TEST(AnnotatedCsv, CountsWhatComesAfterABrokenHeader) {
  const WriteBatch batch = Parse(
      "#datatype,string,dateTime:RFC3339,double,string,string\n,result,_time,_value,_field,_measurement\n"
      ",,1970-01-01T00:00:01Z,1,a,m\n\n#datatype,string,string\n,v,v\n,1,2\n,3,4\n");
  EXPECT_EQ(batch.accepted_rows, 1);
  EXPECT_EQ(batch.refused_rows, 3) << "the header and two rows";
  EXPECT_EQ(batch.refused.size(), 1u);
  EXPECT_TRUE(batch.broken);
}

TEST(AnnotatedCsv, ConstantsDoNotUnfoldForEver) {
  std::string body;
  for (int i = 0; i < 10'000; ++i) body += "#constant tag,t" + std::to_string(i) + ",x\n";
  body += "time,v\n";
  // Refused, and so never counted as values: without a limit a thousand million of them would be looked at.
  for (int i = 0; i < 100'000; ++i) body += "x,1\n";
  const WriteBatch batch = Parse(body, {.values_max = 1'000'000, .table = "m"});
  EXPECT_EQ(batch.accepted_rows, 0);
  EXPECT_EQ(batch.refused_rows, 100'000);
}

}  // namespace
}  // namespace gigapi
