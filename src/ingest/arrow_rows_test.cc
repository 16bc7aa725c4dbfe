#include "ingest/arrow_rows.h"

#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/table.h>
#include <arrow/util/binary_view_util.h>
#include <arrow/util/decimal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <memory>

#include "ingest/decoding_pool.h"
#include "ingest/testing/parser_checks.h"

namespace gigapi {
namespace {

using testing::HasSubstr;

constexpr int64_t kMicros = 1'633'024'800'000'000;

using ParseFunction = WriteBatch (*)(std::string_view, const ParseOptions&, const SchemaSource&);

ColumnBatch Rows(ParseFunction parse, std::string_view body, const ParseOptions& options = ToTable(),
                 const Schemas& schemas = {}) {
  return OnlyTable(Checked(parse(body, options, schemas)));
}

std::string Reason(ParseFunction parse, std::string_view body, const ParseOptions& options = ToTable(),
                   const Schemas& schemas = {}) {
  const WriteBatch batch = parse(body, options, schemas);
  EXPECT_TRUE(batch.tables.empty());
  return FirstReason(batch);
}

struct NamedArray {
  std::string name;
  std::shared_ptr<arrow::Array> array;
};

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> ArrayOf(const std::vector<std::optional<Value>>& values, Builder builder = Builder()) {
  for (const auto& value : values) EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return *builder.Finish();
}

std::shared_ptr<arrow::RecordBatch> BatchOf(const std::vector<NamedArray>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const NamedArray& column : columns) {
    fields.push_back(arrow::field(column.name, column.array->type()));
    arrays.push_back(column.array);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays.at(0)->length(), arrays);
}

enum class Form {
  kStream,
  kFile
};

std::string Ipc(const std::shared_ptr<arrow::RecordBatch>& batch, Form form = Form::kStream, int times = 1,
                arrow::Compression::type codec = arrow::Compression::UNCOMPRESSED) {
  auto sink = *arrow::io::BufferOutputStream::Create();
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  if (codec != arrow::Compression::UNCOMPRESSED) options.codec = *arrow::util::Codec::Create(codec);
  auto writer = form == Form::kFile ? *arrow::ipc::MakeFileWriter(sink, batch->schema(), options)
                                    : *arrow::ipc::MakeStreamWriter(sink, batch->schema(), options);
  for (int i = 0; i < times; ++i) EXPECT_TRUE(writer->WriteRecordBatch(*batch).ok());
  EXPECT_TRUE(writer->Close().ok());
  return (*sink->Finish())->ToString();
}

std::string Parquet(const std::shared_ptr<arrow::RecordBatch>& batch) {
  auto sink = *arrow::io::BufferOutputStream::Create();
  const auto table = *arrow::Table::FromRecordBatches({batch});
  EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 1'000).ok());
  return (*sink->Finish())->ToString();
}

std::shared_ptr<arrow::Array> Times() {
  return ArrayOf<arrow::TimestampBuilder, int64_t>(
      {kMicros, kMicros + 1},
      arrow::TimestampBuilder(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), arrow::default_memory_pool()));
}

std::shared_ptr<arrow::RecordBatch> Fleet() {
  arrow::StringDictionaryBuilder regions;
  EXPECT_TRUE(regions.Append("eu").ok() && regions.Append("us").ok());
  const auto user = ArrayOf<arrow::FloatBuilder, float>({1.5f, std::nullopt});
  return BatchOf({{"time", Times()},
                  {"host", ArrayOf<arrow::StringBuilder, std::string>({"a", std::nullopt})},
                  {"region", *regions.Finish()},
                  {"usage", ArrayOf<arrow::DoubleBuilder, double>({1.5, 2.5})},
                  {"gaps", ArrayOf<arrow::DoubleBuilder, double>({std::nullopt, 3.5})},
                  {"n", ArrayOf<arrow::Int64Builder, int64_t>({-1, 7})},
                  {"small", ArrayOf<arrow::Int8Builder, int8_t>({-1, 7})},
                  {"u", ArrayOf<arrow::UInt64Builder, uint64_t>({UINT64_MAX, 7})},
                  {"ok", ArrayOf<arrow::BooleanBuilder, bool>({true, std::nullopt})},
                  {"none", ArrayOf<arrow::Int64Builder, int64_t>({std::nullopt, std::nullopt})},
                  {"cpu", *arrow::StructArray::Make({user}, std::vector<std::string>{"user"})}});
}

void ExpectFleet(const ColumnBatch& rows) {
  ASSERT_EQ(rows.rows(), 2u);
  EXPECT_EQ(rows.time[1], (kMicros + 1) * 1'000);
  EXPECT_EQ(rows.Find("host")->type, ColumnType::kTag);
  EXPECT_EQ(rows.Find("host")->TagValue(0), "a");
  EXPECT_FALSE(rows.Find("host")->IsValid(1));
  EXPECT_EQ(rows.Find("region")->TagValue(1), "us");
  EXPECT_EQ(rows.Find("usage")->f64()[1], 2.5);
  EXPECT_FALSE(rows.Find("gaps")->IsValid(0));
  EXPECT_EQ(rows.Find("gaps")->f64()[1], 3.5);
  EXPECT_EQ(rows.Find("n")->i64()[0], -1);
  EXPECT_EQ(rows.Find("small")->i64()[0], -1);
  EXPECT_EQ(rows.Find("u")->u64()[0], UINT64_MAX);
  EXPECT_EQ(rows.Find("ok")->bools[0], 1);
  EXPECT_FALSE(rows.Find("ok")->IsValid(1));
  EXPECT_EQ(rows.Find("none"), nullptr);
  EXPECT_EQ(rows.Find("cpu.user")->f64()[0], 1.5);
  EXPECT_FALSE(rows.Find("cpu.user")->IsValid(1));
}

TEST(ArrowRows, ReadsStreamsFilesAndParquet) {
  ExpectFleet(Rows(ParseArrowRows, Ipc(Fleet())));
  ExpectFleet(Rows(ParseArrowRows, Ipc(Fleet(), Form::kFile)));
  ExpectFleet(Rows(ParseArrowRows, Ipc(Fleet(), Form::kStream, 1, arrow::Compression::ZSTD)));
  ExpectFleet(Rows(ParseParquetRows, Parquet(Fleet())));
}

TEST(ArrowRows, GathersBatches) {
  const ColumnBatch rows = Rows(ParseArrowRows, Ipc(Fleet(), Form::kStream, 3));
  EXPECT_EQ(rows.rows(), 6u);
  EXPECT_EQ(rows.Find("host")->strings.size(), 1u);
  EXPECT_EQ(rows.Find("n")->i64()[4], -1);
}

TEST(ArrowRows, BatchesOfAStreamAreOfOneSizeAtMostAndNoneIsEmpty) {
  const auto column = std::make_shared<arrow::Int64Array>(150'000, arrow::Buffer::FromString(std::string(1'200'000, '\0')));
  const auto batch = BatchOf({{"time", column}});
  const auto out = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer = arrow::ipc::MakeStreamWriter(out, batch->schema()).ValueOrDie();
  for (const auto& written : {batch->Slice(0, 0), batch, batch->Slice(0, 0), batch->Slice(0, 7), batch->Slice(0, 0)}) {
    ASSERT_TRUE(writer->WriteRecordBatch(*written).ok());
  }
  ASSERT_TRUE(writer->Close().ok());
  arrow::io::BufferReader in(out->Finish().ValueOrDie());
  const auto batches = ReadArrowStream(&in, arrow::default_memory_pool()).ValueOrDie();
  std::vector<int64_t> sizes;
  for (auto next = batches->Next().ValueOrDie(); next != nullptr; next = batches->Next().ValueOrDie()) {
    sizes.push_back(next->num_rows());
  }
  EXPECT_THAT(sizes, testing::ElementsAre(kReadBatchRows, kReadBatchRows, 150'000 - 2 * kReadBatchRows, 7));
}

TEST(ArrowRows, TimesInTheirForms) {
  const auto value = ArrayOf<arrow::Int64Builder, int64_t>({1});
  const auto time_of = [&](const std::string& name, const std::shared_ptr<arrow::Array>& time) {
    return Rows(ParseArrowRows, Ipc(BatchOf({{"v", value}, {name, time}}))).time[0];
  };
  EXPECT_EQ(time_of("time", ArrayOf<arrow::Int64Builder, int64_t>({kMicros})), kMicros * 1'000);
  EXPECT_EQ(time_of("timestamp", ArrayOf<arrow::DoubleBuilder, double>({1'633'024'800.5})), 1'633'024'800'500'000'000);
  EXPECT_EQ(time_of("_time", ArrayOf<arrow::StringBuilder, std::string>({"2021-09-30T18:00:00Z"})), kMicros * 1'000);
  EXPECT_EQ(time_of("time", ArrayOf<arrow::Date32Builder, int32_t>({1})), 86'400'000'000'000);
  EXPECT_EQ(time_of("time", ArrayOf<arrow::Int64Builder, int64_t>({std::nullopt})), kNow);
  EXPECT_EQ(time_of("other", ArrayOf<arrow::Int64Builder, int64_t>({5})), kNow);
  ParseOptions options = ToTable();
  options.time_column = "at";
  const std::string body = Ipc(BatchOf({{"v", value}, {"at", ArrayOf<arrow::Int32Builder, int32_t>({5})}}));
  EXPECT_EQ(Rows(ParseArrowRows, body, options).time[0], 5'000'000'000);
  options.time_column = "zz";
  EXPECT_THAT(Reason(ParseArrowRows, body, options), HasSubstr("there is no column 'zz'"));
  EXPECT_THAT(Reason(ParseArrowRows, Ipc(BatchOf({{"v", value}, {"time", ArrayOf<arrow::BooleanBuilder, bool>({true})}}))),
              HasSubstr("row 1 has no time that can be used"));
}

TEST(ArrowRows, FitsTheTypesThatTheTableHas) {
  Schemas schemas;
  schemas.tables["t"] = std::make_shared<const TableSchema>(
      std::vector<ColumnSchema>{{"f", ColumnType::kFloat64}, {"s", ColumnType::kString}, {"b", ColumnType::kBool}});
  arrow::StringDictionaryBuilder words;
  EXPECT_TRUE(words.Append("x").ok());
  const auto dictionary = *words.Finish();
  const ColumnBatch rows =
      Rows(ParseArrowRows, Ipc(BatchOf({{"f", ArrayOf<arrow::Int64Builder, int64_t>({7})}, {"s", dictionary}})), ToTable(),
           schemas);
  EXPECT_EQ(rows.Find("f")->f64()[0], 7);
  EXPECT_EQ(rows.Find("s")->strings[0], "x");
  EXPECT_THAT(Reason(ParseArrowRows, Ipc(BatchOf({{"b", ArrayOf<arrow::Int64Builder, int64_t>({7})}})), ToTable(), schemas),
              HasSubstr("type conflict"));
}

TEST(ArrowRows, RefusesWhatItDoesNotKnow) {
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::Int64Builder>());
  EXPECT_TRUE(lists.Append().ok());
  EXPECT_THAT(Reason(ParseArrowRows, Ipc(BatchOf({{"l", *lists.Finish()}}))), HasSubstr("column 'l' has the type list"));
  const auto one = ArrayOf<arrow::Int64Builder, int64_t>({1});
  EXPECT_THAT(Reason(ParseArrowRows, Ipc(BatchOf({{"v", one}, {"v", one}}))), HasSubstr("column 'v' comes twice"));
  EXPECT_THAT(Reason(ParseArrowRows, Ipc(BatchOf({{"v", one}})), ParseOptions()), HasSubstr("no table"));
  EXPECT_THAT(Reason(ParseArrowRows, Ipc(BatchOf({{"time", one}}))), HasSubstr("no column has a value"));
  EXPECT_THAT(Reason(ParseArrowRows, "cpu v=1"), HasSubstr("not Arrow IPC"));
  EXPECT_THAT(Reason(ParseArrowRows, ""), HasSubstr("not Arrow IPC"));
  EXPECT_THAT(Reason(ParseParquetRows, "cpu v=1"), HasSubstr("not a Parquet file"));
  ParseOptions options = ToTable();
  options.values_max = 20;
  EXPECT_THAT(Reason(ParseArrowRows, Ipc(Fleet()), options), HasSubstr("more than 20 values"));
  EXPECT_THAT(Reason(ParseParquetRows, Parquet(Fleet()), options), HasSubstr("more than 20 values"));
}

TEST(ArrowRows, RefusesBodiesThatAreCutOff) {
  for (const bool is_parquet : {false, true}) {
    const std::string body = is_parquet ? Parquet(Fleet()) : Ipc(Fleet(), Form::kFile);
    for (size_t size = 0; size < body.size(); size += 7) {
      const std::string cut = body.substr(0, size);
      EXPECT_NE(Reason(is_parquet ? ParseParquetRows : ParseArrowRows, cut), "") << size;
    }
  }
}

TEST(ArrowRows, ABrokenParquetFileIsTheFaultOfWhoSentIt) {
  const std::string good = Parquet(Fleet());
  DecodingPool pool(64 << 20);
  int failures = 0;
  for (size_t at = 0; at < good.size(); ++at) {
    for (const char flip : {'\x01', '\x40', '\xff'}) {
      std::string bytes = good;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      Status read;
      const auto batches =
          ReadParquetFile(std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes)), pool.get());
      std::shared_ptr<arrow::RecordBatch> batch;
      for (read = batches.status(); read.ok();) {
        read = (*batches)->ReadNext(&batch);
        if (batch == nullptr) break;
      }
      if (read.ok()) continue;
      ++failures;
      const ErrorKind kind = KindOf(read);
      EXPECT_TRUE(kind == ErrorKind::kInvalidArgument || kind == ErrorKind::kTooLarge) << at << " " << read;
    }
  }
  EXPECT_GT(failures, 100);
}

TEST(ArrowRows, RowsWithoutATimeHaveThatOfTheirArrivalInEachBatch) {
  const auto value = ArrayOf<arrow::Int64Builder, int64_t>({1, 2});
  const auto times = ArrayOf<arrow::Int64Builder, int64_t>({5, 6});
  const auto none = ArrayOf<arrow::Int64Builder, int64_t>({std::nullopt, 7});
  const auto with_times = BatchOf({{"v", value}, {"time", times}});
  const auto without = BatchOf({{"v", value}, {"time", none}});
  const ColumnBatch rows = OnlyTable(Checked(ParseArrowBatches({with_times, without}, ToTable(), Schemas())));
  EXPECT_THAT(rows.time.span(), testing::ElementsAre(5'000'000'000, 6'000'000'000, kNow, 7'000'000'000));
}

/// Rows that share one text.
std::shared_ptr<arrow::Array> SharedText(const std::string& text, int64_t rows) {
  const auto view = arrow::util::ToBinaryView(text.data(), static_cast<int32_t>(text.size()), 0, 0);
  const std::vector<arrow::BinaryViewType::c_type> views(static_cast<size_t>(rows), view);
  return std::make_shared<arrow::StringViewArray>(arrow::utf8_view(), rows, arrow::Buffer::FromVector(views),
                                                  arrow::BufferVector{arrow::Buffer::FromString(text)});
}

TEST(ArrowRows, TextThatRowsShareDoesNotUnfoldForEver) {
  ParseOptions options = ToTable();
  options.values_max = 10'000;
  Schemas schemas;
  schemas.Add("t", {{"s", ColumnType::kString}});
  const auto parse = [&](const std::shared_ptr<arrow::Array>& texts) {
    return FirstReason(ParseArrowBatches({BatchOf({{"s", texts}})}, options, schemas));
  };
  const auto views = SharedText(std::string(10'000, 'x'), 1'000);
  EXPECT_THAT(parse(views), HasSubstr("column 's' has more text than a request may have"));
  const auto indices = std::make_shared<arrow::Int32Array>(1'000, arrow::Buffer::FromString(std::string(4'000, '\0')));
  const auto dictionary =
      *arrow::DictionaryArray::FromArrays(indices, ArrayOf<arrow::StringBuilder, std::string>({std::string(10'000, 'x')}));
  EXPECT_THAT(parse(dictionary), HasSubstr("column 's' has more text than a request may have"));
  schemas.Add("t", {{"s", ColumnType::kTag}});
  const auto parts = {BatchOf({{"s", dictionary}}), BatchOf({{"s", views}})};
  const ColumnBatch rows = OnlyTable(Checked(ParseArrowBatches(parts, options, schemas)));
  EXPECT_EQ(rows.rows(), 2'000u);
  EXPECT_EQ(rows.Find("s")->strings.size(), 1u);
}

TEST(ArrowRows, ATimeMayBeAnyText) {
  const auto batch =
      BatchOf({{"v", ArrayOf<arrow::Int64Builder, int64_t>({1})}, {"time", SharedText("2021-09-30T18:00:00Z", 1)}});
  EXPECT_EQ(OnlyTable(ParseArrowBatches({batch}, ToTable(), Schemas())).time[0], kMicros * 1'000);
}

TEST(ArrowRows, ABatchOfAStreamTakesNoMoreThanItsPoolHas) {
  const auto zeros = std::make_shared<arrow::Int64Array>(500'000, arrow::Buffer::FromString(std::string(4'000'000, '\0')));
  const auto batch = BatchOf({{"v", zeros}});
  DecodingPool pool(1'000'000);
  arrow::io::BufferReader ipc(arrow::Buffer::FromString(Ipc(batch, Form::kStream, 1, arrow::Compression::ZSTD)));
  EXPECT_EQ(KindOf((*ReadArrowStream(&ipc, pool.get()))->Next().status()), ErrorKind::kTooLarge);
  auto sink = *arrow::io::BufferOutputStream::Create();
  auto properties = parquet::WriterProperties::Builder()
                        .disable_dictionary()
                        ->compression(parquet::Compression::ZSTD)
                        ->data_pagesize(8 << 20)
                        ->build();
  ASSERT_TRUE(parquet::arrow::WriteTable(**arrow::Table::FromRecordBatches({batch}), arrow::default_memory_pool(), sink,
                                         1'000'000, properties)
                  .ok());
  const auto file = std::make_shared<arrow::io::BufferReader>(*sink->Finish());
  EXPECT_EQ(KindOf((*ReadParquetFile(file, pool.get()))->Next().status()), ErrorKind::kTooLarge);
}

TEST(ArrowRows, OldTimesOfParquetDoNotWrapAround) {
  const int64_t year_2200_us = 7'258'118'400'000'000, year_2300_us = 10'413'792'000'000'000;
  for (const int64_t time_us : {year_2200_us, year_2300_us, -year_2300_us}) {
    const auto batch = BatchOf(
        {{"time", ArrayOf<arrow::TimestampBuilder, int64_t>(
                      {1'000'000, time_us, std::nullopt},
                      arrow::TimestampBuilder(arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool()))},
         {"v", ArrayOf<arrow::DoubleBuilder, double>({1, 2, 3})}});
    auto sink = *arrow::io::BufferOutputStream::Create();
    const auto old = parquet::ArrowWriterProperties::Builder().enable_deprecated_int96_timestamps()->build();
    ASSERT_TRUE(parquet::arrow::WriteTable(**arrow::Table::FromRecordBatches({batch}), arrow::default_memory_pool(), sink,
                                           1'000, parquet::default_writer_properties(), old)
                    .ok());
    const auto bytes = *sink->Finish();
    const auto streamed = ReadParquetFile(std::make_shared<arrow::io::BufferReader>(bytes), arrow::default_memory_pool());
    if (time_us == year_2200_us) {
      EXPECT_EQ(Rows(ParseParquetRows, bytes->ToString()).time[1], time_us * 1'000);
      EXPECT_TRUE(streamed.ok()) << streamed.status();
      continue;
    }
    EXPECT_EQ(Reason(ParseParquetRows, bytes->ToString()), "column 'time' has a time outside of the years 1677 to 2262");
    ASSERT_FALSE(streamed.ok());
    EXPECT_EQ(KindOf(streamed.status()), ErrorKind::kInvalidArgument);
  }
}

}  // namespace
}  // namespace gigapi
