#include "ingest/msgpack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/msgpack_column.h"
#include "ingest/testing/msgpack_pack.h"
#include "ingest/testing/parser_checks.h"

namespace gigapi {
namespace {

using namespace msgpack;  // NOLINT: the packing functions, in every line below
using testing::HasSubstr;

WriteBatch Parse(std::string_view body, const Schemas& schemas = {}, ParseOptions options = {}) {
  if (options.now_ns == 0) options.now_ns = kNow;
  return Checked(ParseMsgpack(body, options, schemas));
}

ColumnBatch Rows(std::string_view body, const Schemas& schemas = {}) { return OnlyTable(Parse(body, schemas)); }

std::string Reason(std::string_view body, const Schemas& schemas = {}, ParseOptions options = {}) {
  const WriteBatch batch = Parse(body, schemas, options);
  EXPECT_TRUE(batch.tables.empty());
  EXPECT_EQ(batch.refused.size(), 1u);
  return FirstReason(batch);
}

std::string Columns(const std::vector<std::pair<std::string_view, std::string>>& columns, std::string_view table = "cpu") {
  return Map({{"m", Str(table)}, {"columns", Map(columns)}});
}

const std::string kThreeTimes = Array({Int(1), Int(2), Int(3)});

TEST(MsgpackColumnar, ReadsEveryType) {
  const ColumnBatch rows = Rows(Columns({{"time", Array({Int(1633024800), Int(1633024801)})},
                                         {"host", Array({Str("a"), Str("b")})},
                                         {"usage", Array({Float(95.5), Float32(-0.25)})},
                                         {"count", Array({SmallInt(-5), SmallInt(70'000)})},
                                         {"large", Array({UInt(UINT64_MAX), SmallInt(3)})},
                                         {"ok", Array({Bool(true), Bool(false)})}}));
  EXPECT_EQ(rows.time[1], 1'633'024'801'000'000'000);
  EXPECT_EQ(rows.min_time, 1'633'024'800'000'000'000);
  EXPECT_EQ(rows.Find("host")->type, ColumnType::kTag);
  EXPECT_EQ(rows.Find("host")->TagValue(1), "b");
  EXPECT_EQ(rows.Find("usage")->f64()[0], 95.5);
  EXPECT_EQ(rows.Find("usage")->f64()[1], -0.25);
  EXPECT_EQ(rows.Find("count")->type, ColumnType::kInt64);
  EXPECT_EQ(rows.Find("count")->i64()[0], -5);
  EXPECT_EQ(rows.Find("count")->i64()[1], 70'000);
  EXPECT_EQ(rows.Find("large")->type, ColumnType::kUInt64);
  EXPECT_EQ(rows.Find("large")->u64()[0], UINT64_MAX);
  EXPECT_EQ(rows.Find("ok")->bools[0], 1);
  EXPECT_EQ(rows.Find("ok")->bools[1], 0);
  for (const Column& column : rows.columns) EXPECT_TRUE(column.valid.empty()) << column.name;
}

TEST(MsgpackColumnar, ReadsIntegersOfEveryWidth) {
  std::vector<int64_t> values = {0,         1,  127, 128, 255,  256,  65'535,  65'536,  4'294'967'295,  4'294'967'296,
                                 INT64_MAX, -1, -32, -33, -128, -129, -32'768, -32'769, -2'147'483'648, -2'147'483'649,
                                 INT64_MIN};
  std::vector<std::string> packed, times;
  for (const int64_t value : values) {
    packed.push_back(SmallInt(value));
    times.push_back(SmallInt(5));
  }
  for (const bool at_the_end : {false, true}) {  // the last values are read one by one, the others in a run
    std::vector<std::pair<std::string_view, std::string>> columns = {{"v", Array(packed)}, {"time", Array(times)}};
    if (at_the_end) std::swap(columns[0], columns[1]);
    const ColumnBatch rows = Rows(Columns(columns));
    ASSERT_EQ(rows.rows(), values.size());
    for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(rows.Find("v")->i64()[i], values[i]) << i;
  }
}

TEST(MsgpackColumnar, NilIsNull) {
  const ColumnBatch rows = Rows(Columns({{"time", kThreeTimes},
                                         {"host", Array({Nil(), Str("a"), Nil()})},
                                         {"v", Array({Float(1), Nil(), Float(3)})},
                                         {"ok", Array({Nil(), Nil(), Bool(true)})},
                                         {"never", Array({Nil(), Nil(), Nil()})}}));
  const auto valid = [&](const char* name) {
    const Column* const column = rows.Find(name);
    return std::vector<bool>{column->IsValid(0), column->IsValid(1), column->IsValid(2)};
  };
  EXPECT_EQ(valid("host"), (std::vector<bool>{false, true, false}));
  EXPECT_EQ(valid("v"), (std::vector<bool>{true, false, true}));
  EXPECT_EQ(valid("ok"), (std::vector<bool>{false, false, true}));
  EXPECT_EQ(rows.Find("v")->f64()[1], 0);
  EXPECT_EQ(rows.Find("v")->f64()[2], 3);
  EXPECT_EQ(rows.Find("never"), nullptr) << "a column without values has no type";
}

/// As where the table is new: nothing is kept that the name could be wrong for.
TEST(MsgpackColumnar, AColumnWithoutAValueMayDifferInCaseFromAKnownOne) {
  Schemas schemas;
  schemas.Add("cpu", {{"v", ColumnType::kFloat64}, {"w", ColumnType::kFloat64}});
  const std::string body = Columns({{"w", Array({Float(1)})}, {"V", Array({Nil()})}});
  EXPECT_EQ(Parse(body, schemas).accepted_rows, 1);
}

TEST(MsgpackColumnar, AColumnOfNilsKeepsTheTypeThatTheTableHas) {
  Schemas schemas;
  schemas.Add("cpu", {{"v", ColumnType::kFloat64}});
  const ColumnBatch rows = Rows(Columns({{"time", kThreeTimes}, {"v", Array({Nil(), Nil(), Nil()})}}), schemas);
  ASSERT_NE(rows.Find("v"), nullptr);
  EXPECT_EQ(rows.Find("v")->type, ColumnType::kFloat64);
  EXPECT_FALSE(rows.Find("v")->IsValid(1));
}

TEST(MsgpackColumnar, AFloatMakesANewIntegerColumnFloat) {
  const ColumnBatch rows = Rows(Columns({{"time", kThreeTimes}, {"v", Array({Int(1), Float(2.5), SmallInt(3)})}}));
  EXPECT_EQ(rows.Find("v")->type, ColumnType::kFloat64);
  EXPECT_EQ(rows.Find("v")->f64()[0], 1);
  EXPECT_EQ(rows.Find("v")->f64()[1], 2.5);
  EXPECT_EQ(rows.Find("v")->f64()[2], 3);
}

TEST(MsgpackColumnar, NumbersFollowTheTypeThatTheTableHas) {
  Schemas schemas;
  schemas.Add("cpu", {{"f", ColumnType::kFloat64}, {"i", ColumnType::kInt64}, {"u", ColumnType::kUInt64}});
  const ColumnBatch rows = Rows(
      Columns({{"time", Array({Int(1)})}, {"f", Array({Int(7)})}, {"i", Array({Float(8)})}, {"u", Array({SmallInt(9)})}}),
      schemas);
  EXPECT_EQ(rows.Find("f")->f64()[0], 7);
  EXPECT_EQ(rows.Find("i")->i64()[0], 8);
  EXPECT_EQ(rows.Find("u")->u64()[0], 9u);
  EXPECT_THAT(Reason(Columns({{"time", Array({Int(1)})}, {"i", Array({Float(1.5)})}}), schemas), HasSubstr("type conflict"));
  EXPECT_THAT(Reason(Columns({{"time", Array({Int(1)})}, {"i", Array({UInt(UINT64_MAX)})}}), schemas),
              HasSubstr("is type unsigned"));
  EXPECT_THAT(Reason(Columns({{"time", Array({Int(1)})}, {"u", Array({Int(-1)})}}), schemas), HasSubstr("\"u\""));
  EXPECT_THAT(Reason(Columns({{"time", Array({Int(1)})}, {"f", Array({Str("x")})}}), schemas), HasSubstr("type conflict"));
  EXPECT_THAT(Reason(Columns({{"time", Array({Int(1)})}, {"f", Array({Bool(true)})}}), schemas), HasSubstr("type conflict"));
}

TEST(MsgpackColumnar, StringsAreTagsUnlessTheyLookLikeText) {
  const std::string text(kTagValueBytesMax + 1, 'x');
  const ColumnBatch rows = Rows(Columns({{"time", kThreeTimes},
                                         {"host", Array({Str("a"), Str("b"), Str("a")})},
                                         {"message", Array({Str("short"), Nil(), Str(text)})}}));
  EXPECT_EQ(rows.Find("host")->type, ColumnType::kTag);
  EXPECT_EQ(rows.Find("host")->strings.size(), 2u) << "equal values share a code";
  EXPECT_EQ(rows.Find("host")->codes[2], rows.Find("host")->codes[0]);
  const Column& message = *rows.Find("message");
  ASSERT_EQ(message.type, ColumnType::kString);
  EXPECT_EQ(message.strings[0], "short");
  EXPECT_FALSE(message.IsValid(1));
  EXPECT_EQ(message.strings[2], text);
}

TEST(MsgpackColumnar, VeryManyValuesAreAStringField) {
  std::vector<std::string> times, ids;
  for (size_t i = 0; i <= kTagValuesMax; ++i) {
    times.push_back(Int(static_cast<int64_t>(i)));
    ids.push_back(Str("id-" + std::to_string(i)));
  }
  const ColumnBatch rows = Rows(Columns({{"time", Array(times)}, {"id", Array(ids)}}));
  ASSERT_EQ(rows.Find("id")->type, ColumnType::kString);
  EXPECT_EQ(rows.Find("id")->strings[kTagValuesMax], "id-" + std::to_string(kTagValuesMax));
}

TEST(MsgpackColumnar, TagKeysAndTheTableDecideWhatStringsAre) {
  const std::string one = Array({Str("a")});
  const std::string body = Map({{"m", Str("cpu")},
                                {"tag_keys", Array({Str("host")})},
                                {"columns", Map({{"time", Array({Int(1)})}, {"host", one}, {"note", one}})}});
  const ColumnBatch rows = Rows(body);
  EXPECT_EQ(rows.Find("host")->type, ColumnType::kTag);
  EXPECT_EQ(rows.Find("note")->type, ColumnType::kString);
  Schemas schemas;
  schemas.Add("cpu", {{"host", ColumnType::kString}, {"note", ColumnType::kTag}});
  const ColumnBatch known = Rows(body, schemas);
  EXPECT_EQ(known.Find("host")->type, ColumnType::kString);
  EXPECT_EQ(known.Find("note")->type, ColumnType::kTag);
}

TEST(MsgpackColumnar, TheOrderOfKeysMeansNothing) {
  const std::string columns = Map({{"v", Array({Int(1)})}, {"time", Array({Int(5)})}});
  EXPECT_EQ(Rows(Map({{"columns", columns}, {"x", Array({Nil(), Map({{"y", Nil()}})})}, {"m", Str("cpu")}})).time[0],
            5'000'000'000);
}

TEST(MsgpackColumnar, WithoutTimeRowsGetTheTimeOfArrival) {
  const ColumnBatch rows = Rows(Columns({{"v", Array({Int(1), Int(2)})}}));
  EXPECT_EQ(rows.time[0], kNow);
  EXPECT_EQ(rows.time[1], kNow);
}

TEST(MsgpackColumnar, RecordsOfOneTableGrowTogether) {
  const WriteBatch batch =
      Parse(Array({Columns({{"time", Array({Int(1)})}, {"a", Array({Int(1)})}, {"h", Array({Str("x")})}}),
                   Columns({{"time", Array({Int(9)})}, {"v", Array({Bool(true)})}}, "mem"),
                   Columns({{"time", Array({Int(2)})}, {"b", Array({Int(2)})}, {"h", Array({Str("x")})}}),
                   Columns({{"time", Array({Int(3)})}, {"a", Array({Float(0.5)})}})}));
  ASSERT_EQ(batch.refused_rows, 0) << batch.refused[0].reason;
  EXPECT_EQ(batch.accepted_rows, 4);
  ASSERT_EQ(batch.tables.size(), 2u);
  EXPECT_EQ(batch.tables[0].table, "cpu");
  EXPECT_EQ(batch.tables[1].table, "mem");
  const ColumnBatch& rows = batch.tables[0].rows;
  ASSERT_EQ(rows.rows(), 3u);
  EXPECT_EQ(rows.Find("a")->f64()[0], 1);
  EXPECT_FALSE(rows.Find("a")->IsValid(1));
  EXPECT_EQ(rows.Find("a")->f64()[2], 0.5);
  EXPECT_FALSE(rows.Find("b")->IsValid(0));
  EXPECT_EQ(rows.Find("h")->strings.size(), 1u);
  EXPECT_FALSE(rows.Find("h")->IsValid(2));
}

TEST(MsgpackRows, ReadsABatch) {
  const WriteBatch batch =
      Parse(Map({{"batch", Array({Map({{"m", Str("cpu")},
                                       {"t", Int(1633024800123)},
                                       {"h", Str("server01")},
                                       {"fields", Map({{"usage", Float(95)}, {"note", Str("ok")}})},
                                       {"tags", Map({{"region", Str("eu")}, {"rack", Int(7)}})}}),
                                  Map({{"m", Str("cpu")},
                                       {"t", Int(1633024801)},
                                       {"fields", Map({{"usage", Float(96)}, {"extra", Bool(true)}})}}),
                                  Columns({{"time", Array({Int(1633024802)})}, {"usage", Array({Int(97)})}})})}}));
  ASSERT_EQ(batch.refused_rows, 0) << batch.refused[0].reason;
  ASSERT_EQ(batch.tables.size(), 1u);
  const ColumnBatch& rows = batch.tables[0].rows;
  ASSERT_EQ(rows.rows(), 3u);
  EXPECT_EQ(rows.time[0], 1'633'024'800'123'000'000);
  EXPECT_EQ(rows.time[1], 1'633'024'801'000'000'000);
  EXPECT_EQ(rows.Find("host")->TagValue(0), "server01");
  EXPECT_EQ(rows.Find("region")->type, ColumnType::kTag);
  EXPECT_EQ(rows.Find("rack")->TagValue(0), "7") << "values of tags are text";
  EXPECT_EQ(rows.Find("note")->type, ColumnType::kString);
  EXPECT_EQ(rows.Find("usage")->f64()[2], 97);
  EXPECT_FALSE(rows.Find("extra")->IsValid(0));
  EXPECT_TRUE(rows.Find("extra")->IsValid(1));
  EXPECT_FALSE(rows.Find("host")->IsValid(1));
}

TEST(MsgpackRows, ReadsShortForms) {
  const ColumnBatch rows = Rows(Map({{"m", Int(12)}, {"h", Int(3)}, {"f", Array({Float(1.5), Nil(), Str("x")})}}));
  EXPECT_EQ(rows.time[0], kNow);
  EXPECT_EQ(rows.Find("host")->TagValue(0), "host_3");
  EXPECT_EQ(rows.Find("field_0")->f64()[0], 1.5);
  EXPECT_EQ(rows.Find("field_1"), nullptr);
  EXPECT_EQ(rows.Find("field_2")->strings[0], "x");
  EXPECT_EQ(Parse(Map({{"m", Int(12)}, {"f", Array({Int(1)})}})).tables.at(0).table, "measurement_12");
}

TEST(MsgpackTimes, TheUnitIsToldBySize) {
  const auto time_of = [](const std::string& time) {
    return Rows(Columns({{"v", Array({Int(1)})}, {"time", Array({time})}})).time[0];
  };
  EXPECT_EQ(time_of(Int(1'633'024'800)), 1'633'024'800'000'000'000);
  EXPECT_EQ(time_of(UInt(1'633'024'800'123)), 1'633'024'800'123'000'000);
  EXPECT_EQ(time_of(Int(1'633'024'800'123'456)), 1'633'024'800'123'456'000);
  EXPECT_EQ(time_of(Int(1'633'024'800'123'456'789)), 1'633'024'800'123'456'789);
  EXPECT_EQ(time_of(SmallInt(0)), 0);
  EXPECT_EQ(time_of(Int(-1'000'000'000'000)), -1'000'000'000'000'000'000);
  EXPECT_EQ(time_of(Float(1'633'024'800)), 1'633'024'800'000'000'000);
  EXPECT_EQ(time_of(Float(1'633'024'800.5)), 1'633'024'800'500'000'000);
  EXPECT_EQ(time_of(Ext(-1, BigEndian(1'633'024'800, 4))), 1'633'024'800'000'000'000);
  EXPECT_EQ(time_of(Ext(-1, BigEndian(uint64_t{5} << 34 | 1'633'024'800, 8))), 1'633'024'800'000'000'005);
  EXPECT_EQ(time_of(Ext(-1, BigEndian(7, 4) + BigEndian(static_cast<uint64_t>(int64_t{-1}), 8))), -999'999'993);
}

TEST(MsgpackTimes, OneUnitForAColumn) {
  const ColumnBatch rows = Rows(Columns(
      {{"time", Array({SmallInt(0), SmallInt(1'000), Int(1'633'024'800'123)})}, {"v", Array({Int(1), Int(2), Int(3)})}}));
  EXPECT_EQ(rows.time[1], 1'000'000'000) << "milliseconds, as the largest";
}

TEST(MsgpackTimes, RefusesWhatIsNoTime) {
  for (const std::string& time :
       {Str("2021-09-30T00:00:00Z"), Nil(), Bool(true), UInt(UINT64_MAX), Float(1e300), Float(0.0 / 0.0), Ext(5, "abcd"),
        Ext(-1, "abcde"), Ext(-1, BigEndian(uint64_t{0xffffffff} << 34, 8))}) {
    EXPECT_THAT(Reason(Columns({{"time", Array({time})}, {"v", Array({Int(1)})}})), HasSubstr("a time must be")) << time;
  }
  EXPECT_THAT(Reason(Columns({{"time", Array({Int(9'999'999'999)})}, {"v", Array({Int(1)})}})), HasSubstr("further away"));
}

TEST(MsgpackRefusals, SayWhatAndWhere) {
  const std::string time = Array({Int(1), Int(2)});
  EXPECT_EQ(Reason(""), "the body is empty, at byte 0");
  EXPECT_EQ(Reason(Columns({{"time", time}, {"v", Array({Int(1)})}})),
            "record 1: column 'v' has 1 values, column 'time' has 2, at byte 52");
  EXPECT_THAT(Reason(Columns({{"time", time}, {"v", Map({{"x", Int(1)}})}})),
              HasSubstr("record 1: expected the values of column 'v' (an array), found a map, at byte 54"));
  EXPECT_EQ(Reason(Columns({{"time", time}, {"v", Array({Int(1), Map({{"x", Int(1)}})})}})),
            "record 1: column 'v' cannot hold a map in row 2, at byte 68");
  const auto value = [&](const std::string& packed) {
    return Reason(Columns({{"time", time}, {"v", Array({packed, packed})}}));
  };
  EXPECT_THAT(value(Array({Int(1)})), HasSubstr("column 'v' cannot hold an array in row 1"));
  EXPECT_THAT(value(Ext(42, "abc")), HasSubstr("column 'v' cannot hold an extension of type 42 in row 1"));
  EXPECT_THAT(value(Bin("abc")), HasSubstr("column 'v' cannot hold binary data in row 1"));
  EXPECT_THAT(value(Code(0xc1)), HasSubstr("the byte 0xc1, which begins no value"));
  EXPECT_THAT(value(Str("\xff")), HasSubstr("column 'v' is not UTF-8 in row 1"));
  EXPECT_THAT(Reason(Columns({{"time", time}, {"v", Array({Int(1), Str("x")})}})), HasSubstr("type conflict"));
}

TEST(MsgpackRefusals, OfRecords) {
  const std::string good = Columns({{"time", Array({Int(1)})}, {"v", Array({Int(1)})}});
  EXPECT_THAT(Reason(Int(5)), HasSubstr("expected a record (a map) or an array of records, found an integer, at byte 0"));
  EXPECT_THAT(Reason(Array({good, Str("x")})),
              HasSubstr("expected a record (a map) or an array of records, found a string"));
  EXPECT_THAT(Reason(Array({good, Map({{"columns", Map({})}})})),
              HasSubstr("record 2: key 'm' (the measurement) is missing"));
  EXPECT_THAT(Reason(Map({{"m", Float(1)}, {"columns", Map({})}})), HasSubstr("expected the measurement's name"));
  EXPECT_THAT(Reason(Map({{"m", Str("")}, {"columns", Map({})}})), HasSubstr("table name is empty"));
  EXPECT_THAT(Reason(Map({{"m", Str("x")}})), HasSubstr("one of the keys"));
  EXPECT_THAT(Reason(Map({{"m", Str("x")}, {"m", Str("x")}})), HasSubstr("key 'm' comes twice"));
  EXPECT_THAT(Reason(Columns({})), HasSubstr("columns is empty"));
  EXPECT_THAT(Reason(Columns({{"v", Array({Int(1)})}, {"v", Array({Int(1)})}})), HasSubstr("column 'v' comes twice"));
  EXPECT_THAT(Reason(Columns({{"v", Array({Int(1)})}, {"V", Array({Int(1)})}})), HasSubstr("differs only in case"));
  EXPECT_THAT(Reason(Columns({{"v", Array({Int(1)})}, {"Time", Array({Int(1)})}})),
              HasSubstr("'Time' is the timestamp's name"));
  EXPECT_THAT(Reason(Columns({{"time", Array({Int(1)})}, {"v", Array({Nil()})}})),
              HasSubstr("no column of table 'cpu' has a value"));
  EXPECT_THAT(Reason(Map({{"m", Str("x")}, {"fields", Map({{"v", Map({})}})}})), HasSubstr("column 'v' cannot hold a map"));
  EXPECT_THAT(Reason(Map({{"m", Str("x")}, {"fields", Map({{"v", Int(1)}})}, {"tags", Map({{"t", Map({})}})}})),
              HasSubstr("expected the value of tag 't' (a string), found a map"));
  EXPECT_THAT(Reason(MapOf(1) + Int(1) + Int(1)), HasSubstr("expected a key (a string), found an integer"));
}

TEST(MsgpackRefusals, KeepNothingOfTheRequest) {
  const std::string good = Columns({{"time", Array({Int(1)})}, {"v", Array({Int(1)})}});
  const WriteBatch batch = Parse(Array({good, good, Columns({{"time", Array({Int(1)})}, {"v", Array({Str("x")})}})}));
  EXPECT_EQ(batch.accepted_rows, 0);
  EXPECT_TRUE(batch.tables.empty());
  EXPECT_EQ(batch.refused.at(0).line, 3);
}

TEST(MsgpackRefusals, OfEveryBodyThatIsCutOff) {
  const std::string body = Map({{"batch", Array({Columns({{"time", kThreeTimes},
                                                          {"host", Array({Str("a"), Str("b"), Str("c")})},
                                                          {"v", Array({Float(1), SmallInt(2), Nil()})},
                                                          {"ok", Array({Bool(true), Bool(false), Nil()})}}),
                                                 Map({{"m", Str("mem")},
                                                      {"t", Ext(-1, "abcd")},
                                                      {"h", Str("x")},
                                                      {"fields", Map({{"a", Int(1)}, {"b", Str("x")}})},
                                                      {"tags", Map({{"t", Str("x")}})},
                                                      {"other", Array({Bin("abc"), Map({{"x", Nil()}})})}})})}});
  EXPECT_EQ(Parse(body).accepted_rows, 4);
  for (size_t size = 0; size < body.size(); ++size) {
    // In memory of its own, so that a sanitizer sees a read past the end.
    const auto copy = std::make_unique<char[]>(size);
    std::copy(body.begin(), body.begin() + static_cast<ptrdiff_t>(size), copy.get());
    EXPECT_THAT(Reason({copy.get(), size}), HasSubstr("at byte")) << size;
  }
}

TEST(MsgpackRefusals, OfLengthsThatTheBodyDoesNotHold) {
  const std::string head = MapOf(2) + Str("m") + Str("cpu") + Str("columns");
  EXPECT_THAT(Reason(head + MapOf(UINT32_MAX)), HasSubstr("expected a column's name (a string), found the end of the body"));
  EXPECT_THAT(Reason(head + MapOf(1) + Str("v") + ArrayOf(UINT32_MAX) + Int(1)), HasSubstr("claims 4294967295 values"));
  EXPECT_THAT(Reason(head + MapOf(1) + Str("time") + ArrayOf(UINT32_MAX) + Int(1)), HasSubstr("claims 4294967295 values"));
  EXPECT_THAT(Reason(ArrayOf(UINT32_MAX)), HasSubstr("found the end of the body"));
  EXPECT_THAT(Reason(MapOf(UINT32_MAX)), HasSubstr("found the end of the body"));
  EXPECT_THAT(Reason(MapOf(1) + Code(0xdb) + BigEndian(UINT32_MAX, 4) + "abc"), HasSubstr("the end of the body cuts off"));
  EXPECT_THAT(Reason(MapOf(1) + Str("x") + ArrayOf(UINT32_MAX)), HasSubstr("the end of the body cuts off"));
}

TEST(MsgpackRefusals, OfBodiesThatUnfoldTooFar) {
  ParseOptions options;
  options.values_max = 1'000;
  const std::string nils(400, '\xc0'), zeros(400, '\0');
  const std::string wide = MapOf(2) + Str("m") + Str("cpu") + Str("columns") + MapOf(3) + Str("a") + ArrayOf(400) + zeros +
                           Str("b") + ArrayOf(400) + zeros + Str("c") + ArrayOf(400) + nils;
  EXPECT_THAT(Reason(wide, {}, options), HasSubstr("more than 1000 values in one request"));
  // Few bytes: many rows of one field, then a row with many new ones.
  std::string body;
  for (int i = 0; i < 400; ++i) body += Map({{"m", Str("x")}, {"fields", Map({{"v", SmallInt(1)}})}});
  body += Map({{"m", Str("x")}, {"fields", Map({{"a", SmallInt(1)}, {"b", SmallInt(1)}})}});
  EXPECT_THAT(Reason(body, {}, options), HasSubstr("more than 1000 values in one request"));
}

TEST(MsgpackRefusals, OfDeepNesting) {
  std::string arrays, batches;
  for (int i = 0; i < 1'000'000; ++i) arrays += Code(0x91);
  EXPECT_THAT(Reason(arrays), HasSubstr("nested too deeply"));
  EXPECT_THAT(Reason(MapOf(1) + Str("x") + arrays), HasSubstr("the end of the body"));
  batches = Columns({{"v", Array({Int(1)})}});
  for (int i = 0; i < 10; ++i) batches = Map({{"batch", Array({batches})}});
  EXPECT_THAT(Reason(batches), HasSubstr("nested too deeply"));
}

TEST(MsgpackRefusals, OfTooManyColumns) {
  ParseOptions options;
  options.columns_per_table_max = 2;
  const std::string one = Array({Int(1)});
  EXPECT_THAT(Reason(Columns({{"a", one}, {"b", one}, {"c", one}}), {}, options), HasSubstr("more than 2 columns"));
  EXPECT_THAT(Reason(Columns({{"a", one}, {"b", one}}) + Columns({{"c", one}}), {}, options),
              HasSubstr("no more are allowed"));
}

}  // namespace
}  // namespace gigapi
