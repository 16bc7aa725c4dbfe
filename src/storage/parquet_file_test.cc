#include "storage/parquet_file.h"

#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/file_reader.h>
#include <parquet/page_index.h>
#include <parquet/statistics.h>

#include <cmath>

#include "storage/testing/random_rows.h"

namespace gigapi {
namespace {

struct WriteCase {
  ParquetEffort effort;
  int64_t row_group_rows;
};

class ParquetFile : public testing::TestWithParam<WriteCase> {
 protected:
  DataFile Write(const TableSchema& schema, const ColumnBatch& sorted) {
    auto file = WriteParquet(*layer_->Create("a.parquet"), schema, sorted, {GetParam().effort, GetParam().row_group_rows});
    EXPECT_TRUE(file.ok()) << file.status().ToString();
    return file.ok() ? *file : DataFile();
  }

  TemporaryDirectory directory_;
  const LayerPtr layer_ = MakeLocalLayer(LocalFileSystem(), directory_.path());
  const std::string path_ = directory_.path() + "/a.parquet";
};

ColumnBatch SortedRandomRows(const TableSchema& schema, const RandomRowsOptions& options, std::mt19937_64* random) {
  return SortChunks(schema, {std::make_shared<const ColumnBatch>(RandomRows(schema, options, random))}).ValueOrDie();
}

/// Statistics recomputed the slow way.
void CheckStats(const DataFile& file, const ColumnBatch& rows) {
  ASSERT_EQ(file.columns.size(), rows.columns.size());
  for (const Column& column : rows.columns) {
    const ColumnStats* stats = file.Find(column.name);
    ASSERT_NE(stats, nullptr);
    int64_t nulls = 0;
    bool nan = false;
    for (size_t row = 0; row < rows.rows(); ++row) {
      if (!column.IsValid(row)) {
        ++nulls;
        continue;
      }
      switch (column.type) {
        case ColumnType::kFloat64:
          if (std::isnan(column.f64()[row])) {
            nan = true;
            break;
          }
          EXPECT_LE(std::get<double>(stats->min), column.f64()[row]);
          EXPECT_GE(std::get<double>(stats->max), column.f64()[row]);
          break;
        case ColumnType::kInt64:
          EXPECT_LE(std::get<int64_t>(stats->min), column.i64()[row]);
          EXPECT_GE(std::get<int64_t>(stats->max), column.i64()[row]);
          break;
        case ColumnType::kUInt64:
          EXPECT_LE(std::get<uint64_t>(stats->min), column.u64()[row]);
          EXPECT_GE(std::get<uint64_t>(stats->max), column.u64()[row]);
          break;
        case ColumnType::kBool:
          EXPECT_LE(std::get<bool>(stats->min), column.bools[row] != 0);
          EXPECT_GE(std::get<bool>(stats->max), column.bools[row] != 0);
          break;
        default: {
          const std::string_view value = column.type == ColumnType::kTag ? column.TagValue(row) : column.strings[row];
          EXPECT_LE(std::get<std::string>(stats->min), value);
          EXPECT_GE(std::get<std::string>(stats->max), value);
        }
      }
    }
    EXPECT_EQ(stats->null_count, nulls) << column.name;
    EXPECT_EQ(stats->has_nan, nan) << column.name;
  }
}

TEST_P(ParquetFile, ArrowReadsBackWhatWasWritten) {
  std::mt19937_64 random(7);
  const SchemaPtr schema = EveryTypeSchema();
  for (const size_t rows : {1, 2, 7, 8, 9, 100, 3000, 40'000}) {
    RandomRowsOptions options;
    options.rows = rows;
    const ColumnBatch sorted = SortedRandomRows(*schema, options, &random);
    const DataFile file = Write(*schema, sorted);
    EXPECT_EQ(file.rows, static_cast<int64_t>(rows));
    EXPECT_EQ(file.min_time, sorted.min_time);
    EXPECT_EQ(file.max_time, sorted.max_time);
    EXPECT_EQ(file.size_bytes, static_cast<int64_t>(ReadWholeFile(LocalFileSystem(), path_)->size()));
    EXPECT_EQ(Lines(*schema, ReadWithArrow(path_, *schema)), Lines(*schema, sorted));
    CheckStats(file, sorted);
  }
}

TEST_P(ParquetFile, ValuesWithoutRepetitionsAndExtremes) {
  const TableSchema schema({{"f", ColumnType::kFloat64}, {"i", ColumnType::kInt64}, {"u", ColumnType::kUInt64}});
  std::mt19937_64 random(8);
  ColumnBatch batch;
  batch.columns.resize(3);
  for (size_t i = 0; i < 3; ++i) {
    batch.columns[i].name = schema[i].name;
    batch.columns[i].type = schema[i].type;
  }
  for (int row = 0; row < 30'000; ++row) {
    batch.time.PushBack(static_cast<int64_t>(random()));
    for (Column& column : batch.columns) column.words.PushBack(random() >> (random() % 64));
  }
  batch.time[5] = std::numeric_limits<int64_t>::min();
  batch.time[6] = std::numeric_limits<int64_t>::max();
  for (size_t row = 0; row < batch.rows(); ++row) batch.columns[2].valid.PushBack(row % 3 != 0);
  for (size_t row = 0; row < batch.rows(); row += 3) batch.columns[2].words[row] = 0;
  const ColumnBatch sorted = SortChunks(schema, {std::make_shared<const ColumnBatch>(std::move(batch))}).ValueOrDie();
  const DataFile file = Write(schema, sorted);
  EXPECT_EQ(Lines(schema, ReadWithArrow(path_, schema)), Lines(schema, sorted));
  CheckStats(file, sorted);
}

TEST_P(ParquetFile, RowGroupsWithoutAValueOfAColumn) {
  std::mt19937_64 random(10);
  const SchemaPtr schema = EveryTypeSchema();
  RandomRowsOptions with_values{.rows = 30'000, .null_share = 0, .missing_share = 0};
  RandomRowsOptions only_nulls{.rows = 30'000, .begin_ns = 1'000'000'000, .null_share = 1, .missing_share = 0};
  // Sorted by (host, region, time): NULL hosts first, so that the first row groups hold no host at all.
  ColumnBatch empty = RandomRows(*schema, only_nulls, &random);
  for (Column& column : empty.columns) column.valid.Resize(0), column.valid.Resize(only_nulls.rows, 0);
  const ColumnBatch sorted =
      SortChunks(*schema, {std::make_shared<const ColumnBatch>(std::move(empty)),
                           std::make_shared<const ColumnBatch>(RandomRows(*schema, with_values, &random))})
          .ValueOrDie();
  Write(*schema, sorted);
  EXPECT_EQ(Lines(*schema, ReadWithArrow(path_, *schema)), Lines(*schema, sorted));
}

TEST_P(ParquetFile, FooterHasStatisticsAndPageIndex) {
  std::mt19937_64 random(9);
  const TableSchema schema({{"host", ColumnType::kTag}, {"n", ColumnType::kFloat64}, {"i", ColumnType::kInt64}});
  RandomRowsOptions options;
  options.rows = 40'000;
  options.missing_share = 0;
  options.null_share = 0;
  const ColumnBatch sorted = SortedRandomRows(schema, options, &random);
  Write(schema, sorted);
  const auto reader = parquet::ParquetFileReader::Open(arrow::io::ReadableFile::Open(path_).ValueOrDie());
  const auto metadata = reader->metadata();
  EXPECT_EQ(metadata->created_by(), "gigapi");
  EXPECT_EQ(metadata->num_rows(), 40'000);
  const auto group = metadata->RowGroup(0);
  EXPECT_EQ(group->num_rows(), std::min<int64_t>(40'000, GetParam().row_group_rows));
  const auto time = std::static_pointer_cast<parquet::Int64Statistics>(group->ColumnChunk(0)->statistics());
  ASSERT_TRUE(time && time->HasMinMax());
  const auto host = std::static_pointer_cast<parquet::ByteArrayStatistics>(group->ColumnChunk(1)->statistics());
  ASSERT_TRUE(host && host->HasMinMax());
  EXPECT_EQ(parquet::ByteArrayToString(host->min()), sorted.columns[0].TagValue(0));
  // n holds NaN: a reader that orders NaN last must not skip it.
  EXPECT_FALSE(group->ColumnChunk(2)->statistics()->HasMinMax());
  const auto index = reader->GetPageIndexReader()->RowGroup(0);
  ASSERT_NE(index->GetOffsetIndex(0), nullptr);
  ASSERT_NE(index->GetColumnIndex(0), nullptr);
  EXPECT_EQ(index->GetOffsetIndex(3)->page_locations().size(), index->GetColumnIndex(3)->null_pages().size());
}

INSTANTIATE_TEST_SUITE_P(Efforts, ParquetFile,
                         testing::Values(WriteCase{ParquetEffort::kFast, 128 * 1024}, WriteCase{ParquetEffort::kFast, 1000},
                                         WriteCase{ParquetEffort::kCompact, 128 * 1024},
                                         WriteCase{ParquetEffort::kCompact, 20'000}));

}  // namespace
}  // namespace gigapi
