#include "server/encode/result_encoder.h"

#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include <limits>

namespace gigapi {
namespace {

std::shared_ptr<arrow::Array> FromJson(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> Batch(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays[0]->length(), arrays);
}

std::string Encode(const arrow::RecordBatch& batch, ResultFormat format, TimeFormat time_format = TimeFormat::kEpochNanos,
                   size_t bytes_wanted = 1 << 20) {
  OutputBuffer out;
  const auto encoder = ResultEncoder::Make(format, time_format, batch.schema());
  std::string text;
  EXPECT_TRUE(encoder->Begin(&out).ok());
  for (int64_t row = 0; row < batch.num_rows();) {
    row = encoder->Encode(batch, row, bytes_wanted, &out).ValueOrDie();
    text += out.Take();
  }
  EXPECT_TRUE(encoder->End(bytes_wanted, &out).ValueOrDie());
  return text + out.Take();
}

/// The one value of a batch of one column named v, as JSON.
std::string Json(const std::shared_ptr<arrow::Array>& array, TimeFormat time_format = TimeFormat::kEpochNanos) {
  const std::string line = Encode(*Batch({{"v", array}}), ResultFormat::kNdjson, time_format);
  EXPECT_EQ(line.substr(0, 5), "{\"v\":");
  return line.substr(5, line.size() - 7);
}

TEST(ResultEncoder, JsonKeepsTheOrderOfColumnsAndQuotesLargeIntegers) {
  const auto batch = Batch({{"time", FromJson(arrow::timestamp(arrow::TimeUnit::NANO), "[1691475392000000000, -1]")},
                            {"host", FromJson(arrow::utf8(), R"(["a\"b", null])")},
                            {"count", FromJson(arrow::int64(), "[9007199254740993, null]")},
                            {"small", FromJson(arrow::int32(), "[-7, 8]")},
                            {"v", FromJson(arrow::float64(), "[87.025, null]")},
                            {"ok", FromJson(arrow::boolean(), "[true, false]")}});
  const std::string first =
      R"({"time":"1691475392000000000","host":"a\"b","count":"9007199254740993","small":-7,"v":87.025,"ok":true})";
  const std::string second = R"({"time":"-1","host":null,"count":null,"small":8,"v":null,"ok":false})";
  EXPECT_EQ(Encode(*batch, ResultFormat::kJson), "{\"results\":[" + first + "," + second + "]}\n");
  EXPECT_EQ(Encode(*batch, ResultFormat::kJson, TimeFormat::kEpochNanos, 1),
            "{\"results\":[" + first + "," + second + "]}\n");
  EXPECT_EQ(Encode(*batch, ResultFormat::kNdjson), first + "\n" + second + "\n");
  EXPECT_EQ(Encode(*batch->Slice(1), ResultFormat::kNdjson), second + "\n");
  EXPECT_EQ(Encode(*batch->Slice(0, 0), ResultFormat::kJson), "{\"results\":[]}\n");
}

TEST(ResultEncoder, JsonHasNoNanAndNoInfinity) {
  arrow::DoubleBuilder doubles;
  for (const double value :
       {std::nan(""), std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()}) {
    ASSERT_TRUE(doubles.Append(value).ok());
  }
  EXPECT_EQ(Encode(*Batch({{"v", *doubles.Finish()}}), ResultFormat::kNdjson), "{\"v\":null}\n{\"v\":null}\n{\"v\":null}\n");
}

TEST(ResultEncoder, TimesAreNanosecondsOrRfc3339) {
  const auto nanos = FromJson(arrow::timestamp(arrow::TimeUnit::NANO), "[1691475392500000000]");
  EXPECT_EQ(Json(nanos), "\"1691475392500000000\"");
  EXPECT_EQ(Json(nanos, TimeFormat::kRfc3339), "\"2023-08-08T06:16:32.5Z\"");
  EXPECT_EQ(Json(FromJson(arrow::timestamp(arrow::TimeUnit::MICRO), "[-1]")), "\"1969-12-31T23:59:59.999999Z\"");
  EXPECT_EQ(Json(FromJson(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[0]")), "\"1970-01-01T00:00:00Z\"");
  EXPECT_EQ(Json(FromJson(arrow::timestamp(arrow::TimeUnit::SECOND), "[253402300800]")), "\"+10000-01-01T00:00:00Z\"");
  EXPECT_EQ(Json(FromJson(arrow::date32(), "[19577]")), "\"2023-08-08\"");
  EXPECT_EQ(Json(FromJson(arrow::date32(), "[-719528]")), "\"0000-01-01\"");
  EXPECT_EQ(Json(FromJson(arrow::date32(), "[2147483647]")), "\"infinity\"");
  EXPECT_EQ(Json(FromJson(arrow::list(arrow::date32()), "[[-2147483647]]")), "[\"-infinity\"]");
  const auto micros = arrow::timestamp(arrow::TimeUnit::MICRO);
  EXPECT_EQ(Json(FromJson(micros, "[9223372036854775807]")), "\"infinity\"");
  EXPECT_EQ(Json(FromJson(arrow::list(micros), "[[-9223372036854775807]]")), "[\"-infinity\"]");
  EXPECT_EQ(Json(FromJson(arrow::time64(arrow::TimeUnit::MICRO), "[3723000001]")), "\"01:02:03.000001\"");
}

TEST(ResultEncoder, EscapesEveryControlCharacterAndKeepsUtf8) {
  arrow::StringBuilder builder;
  std::string text;
  for (char c = 0; c < 0x20; ++c) text += c;
  ASSERT_TRUE(builder.Append(text + "µ\"\\end of the text").ok());
  EXPECT_EQ(
      Json(*builder.Finish()),
      "\"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f"
      "\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f"
      "µ\\\"\\\\end of the text\"");
}

TEST(ResultEncoder, LongStringsAndNamesFindRoom) {
  const std::string text(100'000, '\x01');
  arrow::StringBuilder builder;
  ASSERT_TRUE(builder.Append(text).ok());
  EXPECT_EQ(Json(*builder.Finish()).size(), 600'002u);
  const std::string name(300, 'n');
  EXPECT_EQ(Encode(*Batch({{name, FromJson(arrow::int32(), "[1]")}}), ResultFormat::kNdjson), "{\"" + name + "\":1}\n");
}

TEST(ResultEncoder, LargeTextsTakeNoMoreRoomThanTheyNeed) {
  const std::string text(1'000'000, 'x'), quotes(1'000'000, '"');
  const auto array = [](const std::string& value) {
    arrow::StringBuilder builder;
    EXPECT_TRUE(builder.Append(value).ok());
    return *builder.Finish();
  };
  const auto list = *arrow::ListArray::FromArrays(*FromJson(arrow::int32(), "[0, 1]"), *array(text));
  for (const auto& [value, bytes] : std::vector<std::pair<std::shared_ptr<arrow::Array>, size_t>>{
           {array(text), 1'000'000}, {list, 1'000'000}, {array(quotes), 2'000'000}}) {
    const auto batch = Batch({{"v", value}});
    for (const auto format : {ResultFormat::kJson, ResultFormat::kCsv}) {
      OutputBuffer out;
      const auto encoder = ResultEncoder::Make(format, TimeFormat::kRfc3339, batch->schema());
      ASSERT_TRUE(encoder->Encode(*batch, 0, 1 << 20, &out).ok());
      EXPECT_GE(out.size(), bytes);
      EXPECT_LE(out.Take().capacity(), bytes + 10'000);
    }
  }
}

TEST(ResultEncoder, RareTypes) {
  EXPECT_EQ(Json(FromJson(arrow::list(arrow::int64()), "[[1, null]]")), R"(["1",null])");
  EXPECT_EQ(Json(FromJson(arrow::struct_({arrow::field("a", arrow::int32()), arrow::field("b", arrow::utf8())}),
                          R"([{"a":1,"b":"x"}])")),
            R"({"a":1,"b":"x"})");
  EXPECT_EQ(Json(FromJson(arrow::map(arrow::utf8(), arrow::float64()), R"([[["k", 1.5]]])")), R"({"k":1.5})");
  EXPECT_EQ(Json(FromJson(arrow::decimal128(38, 0), R"(["12345678901234567890123"])")), "\"12345678901234567890123\"");
  EXPECT_EQ(Json(FromJson(arrow::decimal128(10, 2), R"(["1.50"])")), "1.50");
  EXPECT_EQ(Json(FromJson(arrow::dictionary(arrow::int8(), arrow::utf8()), R"(["x"])")), "\"x\"");
  EXPECT_EQ(Json(FromJson(arrow::binary(), R"(["abc"])")), "\"YWJj\"");
  EXPECT_EQ(Json(FromJson(arrow::large_utf8(), R"(["abc"])")), "\"abc\"");
  EXPECT_EQ(Json(FromJson(arrow::uint64(), "[18446744073709551615]")), "\"18446744073709551615\"");
  EXPECT_EQ(Json(FromJson(arrow::null(), "[null]")), "null");
  arrow::MonthDayNanoIntervalBuilder intervals;
  ASSERT_TRUE(intervals.Append({14, 1, 1'500'000'000}).ok());
  EXPECT_EQ(Json(*intervals.Finish()), "\"1 year 2 months 1 day 00:00:01.5\"");
}

TEST(ResultEncoder, CsvQuotesWhereItMust) {
  const auto batch = Batch({{"a,b", FromJson(arrow::utf8(), R"(["plain", "with \"quote\"", "", null, "line\nbreak"])")},
                            {"n", FromJson(arrow::int64(), "[1, 2, 3, null, 5]")},
                            {"l", FromJson(arrow::list(arrow::int32()), "[[1, 2], null, [], [3], [4]]")}});
  EXPECT_EQ(Encode(*batch, ResultFormat::kCsv),
            "\"a,b\",n,l\r\n"
            "plain,1,\"[1,2]\"\r\n"
            "\"with \"\"quote\"\"\",2,\r\n"
            "\"\",3,[]\r\n"
            ",,[3]\r\n"
            "\"line\nbreak\",5,[4]\r\n");
}

TEST(ResultEncoder, ArrowIsAnIpcStream) {
  const auto batch = Batch({{"a", FromJson(arrow::utf8(), R"(["x", null])")}, {"b", FromJson(arrow::int64(), "[1, 2]")}});
  const std::string bytes = Encode(*batch, ResultFormat::kArrow);
  auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
  const auto reader = arrow::ipc::RecordBatchStreamReader::Open(input).ValueOrDie();
  std::shared_ptr<arrow::RecordBatch> read;
  ASSERT_TRUE(reader->ReadNext(&read).ok());
  EXPECT_TRUE(read->Equals(*batch));
  ASSERT_TRUE(reader->ReadNext(&read).ok());
  EXPECT_EQ(read, nullptr);
}

TEST(ResultEncoder, WhatIsBrokenOffWritesNoMore) {
  const auto batch = Batch({{"a", FromJson(arrow::utf8(), R"(["x", null])")}});
  for (const auto format :
       {ResultFormat::kJson, ResultFormat::kNdjson, ResultFormat::kCsv, ResultFormat::kArrow, ResultFormat::kParquet}) {
    OutputBuffer out;  // of an answer: gone by then
    auto encoder = ResultEncoder::Make(format, TimeFormat::kRfc3339, batch->schema());
    ASSERT_TRUE(encoder->Begin(&out).ok());
    ASSERT_TRUE(encoder->Encode(*batch, 0, 1 << 20, &out).ok());
    out.Take();
    encoder.reset();
    EXPECT_EQ(out.size(), 0U);
  }
}

TEST(ResultEncoder, UnknownFormatsAreRefused) {
  EXPECT_EQ(*ParseResultFormat(""), ResultFormat::kJson);
  EXPECT_EQ(ParseResultFormat("xml").status().message(), "Unsupported format: xml");
}

}  // namespace
}  // namespace gigapi
