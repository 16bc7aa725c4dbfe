#include <gtest/gtest.h>

#include <algorithm>

#include "storage/parquet_file.h"
#include "storage/testing/random_rows.h"

namespace gigapi {
namespace {

ColumnBatchPtr Share(ColumnBatch batch) { return std::make_shared<const ColumnBatch>(std::move(batch)); }

std::vector<std::string> AllLines(const TableSchema& schema, const std::vector<ColumnBatchPtr>& chunks) {
  std::vector<std::string> lines;
  for (const auto& chunk : chunks) {
    for (std::string& line : Lines(schema, *chunk)) lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

/// The same rows, sorted, in columns that fit each other, with dictionaries in order and without unused values.
void CheckSorted(const TableSchema& schema, const std::vector<ColumnBatchPtr>& chunks) {
  auto sorted = SortChunks(schema, chunks);
  ASSERT_TRUE(sorted.ok()) << sorted.status().ToString();
  EXPECT_TRUE(Validate(*sorted).ok());
  EXPECT_TRUE(IsSorted(schema, *sorted));
  auto lines = Lines(schema, *sorted);
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(lines, AllLines(schema, chunks));
  for (const Column& column : sorted->columns) {
    if (column.type != ColumnType::kTag) continue;
    std::vector<bool> used(column.strings.size());
    for (size_t i = 1; i < column.strings.size(); ++i) EXPECT_LT(column.strings[i - 1], column.strings[i]);
    for (size_t row = 0; row < sorted->rows(); ++row) {
      if (column.IsValid(row)) used[column.codes[row]] = true;
    }
    EXPECT_EQ(std::count(used.begin(), used.end(), false), 0);
  }
}

TEST(SortChunks, AgreesWithTheRowsThatWentIn) {
  std::mt19937_64 random(1);
  const SchemaPtr schema = EveryTypeSchema();
  for (int round = 0; round < 60; ++round) {
    std::vector<ColumnBatchPtr> chunks;
    for (size_t chunk = 0; chunk < random() % 5; ++chunk) {
      RandomRowsOptions options;
      options.rows = random() % 200;
      options.hosts = 1 + static_cast<int>(random() % 20);
      options.sorted_by_time = random() % 2;
      options.begin_ns = -500;
      options.span_ns = 1 + static_cast<int64_t>(random() % 2000);
      chunks.push_back(Share(RandomRows(*schema, options, &random)));
    }
    CheckSorted(*schema, chunks);
  }
}

TEST(SortChunks, ManyRowsOfOneSeriesOutOfOrder) {
  std::mt19937_64 random(2);
  const TableSchema schema({{"f", ColumnType::kFloat64}});
  RandomRowsOptions options;
  options.rows = 50'000;
  options.begin_ns = std::numeric_limits<int64_t>::min();
  options.span_ns = std::numeric_limits<int64_t>::max();
  CheckSorted(schema, {Share(RandomRows(schema, options, &random)), Share(RandomRows(schema, options, &random))});
}

TEST(SortChunks, TagsOfHighCardinalityTakeSeveralPasses) {
  std::mt19937_64 random(3);
  const TableSchema schema({{"a", ColumnType::kTag}, {"b", ColumnType::kTag}, {"c", ColumnType::kTag}});
  RandomRowsOptions options;
  options.rows = 5'000;
  options.hosts = 2'000;
  options.missing_share = 0;
  CheckSorted(schema, {Share(RandomRows(schema, options, &random)), Share(RandomRows(schema, options, &random))});
}

TEST(SortChunks, RowsOfEqualKeysKeepTheirOrder) {
  const TableSchema schema({{"f", ColumnType::kInt64}});
  ColumnBatch batch;
  Column& column = batch.columns.emplace_back();
  column.name = "f";
  column.type = ColumnType::kInt64;
  for (uint64_t i = 0; i < 10'000; ++i) {
    batch.time.PushBack(i % 2 == 0 ? 7 : 5);
    column.words.PushBack(i);
  }
  const auto sorted = SortChunks(schema, {Share(std::move(batch))}).ValueOrDie();
  for (size_t i = 0; i < 5'000; ++i) {
    EXPECT_EQ(sorted.columns[0].words[i], 2 * i + 1);
    EXPECT_EQ(sorted.columns[0].words[5'000 + i], 2 * i);
  }
}

TEST(SortChunks, WidensIntegersAndRefusesOtherTypes) {
  std::mt19937_64 random(4);
  const TableSchema integers({{"v", ColumnType::kInt64}});
  const TableSchema floats({{"v", ColumnType::kFloat64}});
  const TableSchema texts({{"v", ColumnType::kString}});
  RandomRowsOptions options;
  options.missing_share = 0;
  const ColumnBatchPtr rows = Share(RandomRows(integers, options, &random));
  ColumnBatch widened = SortChunks(integers, {rows}).ValueOrDie();
  WidenToFloat(&widened.columns[0]);
  EXPECT_EQ(Lines(floats, SortChunks(floats, {rows}).ValueOrDie()), Lines(floats, widened));
  EXPECT_FALSE(SortChunks(texts, {rows}).ok());
}

TEST(SortChunks, LeavesOutColumnsWithoutAValue) {
  std::mt19937_64 random(5);
  const SchemaPtr schema = EveryTypeSchema();
  RandomRowsOptions options;
  options.null_share = 1;
  options.missing_share = 0;
  for (int i = 0; i < 20; ++i) {
    ColumnBatch batch = RandomRows(*schema, options, &random);
    std::vector<std::string> expected;
    for (const ColumnSchema& column : schema->columns()) {
      if (batch.Find(column.name)->valid.empty()) expected.push_back(column.name);
    }
    std::vector<std::string> kept;
    const ColumnBatch sorted = SortChunks(*schema, {Share(std::move(batch))}).ValueOrDie();
    for (const Column& column : sorted.columns) kept.push_back(column.name);
    EXPECT_EQ(kept, expected);
  }
}

}  // namespace
}  // namespace gigapi
