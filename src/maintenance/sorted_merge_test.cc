#include "maintenance/sorted_merge.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "storage/parquet_file.h"
#include "storage/testing/random_rows.h"

namespace gigapi {
namespace {

class SortedMergeTest : public testing::Test {
 protected:
  /// Writes the rows as one sorted file; answers them as text.
  std::vector<std::string> AddFile(const TableSchema& file_schema, ColumnBatch rows, ParquetOptions options = {}) {
    const ColumnBatch sorted = SortChunks(file_schema, {std::make_shared<const ColumnBatch>(std::move(rows))}).ValueOrDie();
    keys_.push_back(std::to_string(keys_.size()) + ".parquet");
    EXPECT_TRUE(WriteParquet(*layer_->Create(keys_.back()), file_schema, sorted, options).ok());
    return Lines(file_schema, sorted);
  }

  /// Merges what was added in batches of so many rows; every batch and the whole must be sorted.
  std::vector<std::string> Merge(const TableSchema& schema, size_t batch_rows) {
    std::vector<std::string> lines;
    auto merge = SortedMerge::Open(Files(), schema);
    EXPECT_TRUE(merge.ok()) << merge.status().ToString();
    if (!merge.ok()) return lines;
    std::vector<ColumnBatchPtr> batches;
    for (;;) {
      EXPECT_TRUE((*merge)->Fill(batch_rows).ok());
      const ColumnBatch& batch = (*merge)->batch();
      if (batch.rows() == 0) break;
      EXPECT_TRUE(Validate(batch).ok());
      EXPECT_TRUE(IsSorted(schema, batch));
      EXPECT_LE(batch.rows(), batch_rows);
      const auto batch_lines = Lines(schema, batch);
      lines.insert(lines.end(), batch_lines.begin(), batch_lines.end());
      (*merge)->Clear();
    }
    return lines;
  }

  std::vector<std::shared_ptr<ReadableFile>> Files() {
    std::vector<std::shared_ptr<ReadableFile>> files;
    for (const std::string& key : keys_) files.push_back(layer_->Open(key, 0, nullptr).ValueOrDie());
    return files;
  }

  TemporaryDirectory directory_;
  const LayerPtr layer_ = MakeLocalLayer(LocalFileSystem(), directory_.path());
  std::vector<std::string> keys_;
};

TEST_F(SortedMergeTest, AgreesWithTheSortOfAllRows) {
  std::mt19937_64 random(11);
  const SchemaPtr schema = EveryTypeSchema();
  for (int round = 0; round < 40; ++round) {
    keys_.clear();
    std::vector<ColumnBatchPtr> chunks;
    for (size_t file = 0; file < 1 + random() % 6; ++file) {
      RandomRowsOptions options;
      options.rows = 1 + random() % (round % 4 == 0 ? 20'000 : 300);
      options.hosts = 1 + static_cast<int>(random() % 50);
      options.span_ns = 1 + static_cast<int64_t>(random() % 5000);
      options.begin_ns = static_cast<int64_t>(random() % 3) * 2500;
      ColumnBatch rows = RandomRows(*schema, options, &random);
      std::vector<uint32_t> all(rows.rows());
      for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint32_t>(i);
      chunks.push_back(std::make_shared<const ColumnBatch>(Take(rows, all.data(), all.size())));
      ParquetOptions write;
      write.effort = random() % 2 ? ParquetEffort::kFast : ParquetEffort::kCompact;
      write.row_group_rows = random() % 2 ? 1000 : 100'000;
      AddFile(*schema, std::move(rows), write);
    }
    // Rows of equal tags and time: the older file's first, as SortChunks keeps the order of chunks.
    EXPECT_EQ(Merge(*schema, 1 + random() % 10'000), Lines(*schema, SortChunks(*schema, chunks).ValueOrDie()));
  }
}

TEST_F(SortedMergeTest, ColumnsThatOldFilesLackAreNullAndIntegersBecomeFloats) {
  const TableSchema old_schema({{"v", ColumnType::kInt64}, {"host", ColumnType::kTag}});
  const TableSchema schema(
      {{"v", ColumnType::kFloat64}, {"host", ColumnType::kTag}, {"rack", ColumnType::kTag}, {"s", ColumnType::kString}});
  std::mt19937_64 random(12);
  RandomRowsOptions options;
  options.missing_share = 0;
  ColumnBatch old_rows = RandomRows(old_schema, options, &random);
  ColumnBatch new_rows = RandomRows(schema, options, &random);
  std::vector<uint32_t> all(options.rows);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint32_t>(i);
  const std::vector<ColumnBatchPtr> chunks = {std::make_shared<const ColumnBatch>(Take(old_rows, all.data(), all.size())),
                                              std::make_shared<const ColumnBatch>(Take(new_rows, all.data(), all.size()))};
  AddFile(old_schema, std::move(old_rows));
  AddFile(schema, std::move(new_rows));
  EXPECT_EQ(Merge(schema, 700), Lines(schema, SortChunks(schema, chunks).ValueOrDie()));
}

TEST_F(SortedMergeTest, TypesThatDoNotFitAreRefused) {
  const TableSchema texts({{"v", ColumnType::kString}});
  const TableSchema floats({{"v", ColumnType::kFloat64}});
  std::mt19937_64 random(13);
  RandomRowsOptions options;
  options.missing_share = 0;
  AddFile(texts, RandomRows(texts, options, &random));
  EXPECT_FALSE(SortedMerge::Open(Files(), floats).ok());
}

TEST_F(SortedMergeTest, FilesWithoutTagsAreMergedByTime) {
  const TableSchema schema({{"f", ColumnType::kFloat64}});
  std::mt19937_64 random(14);
  std::vector<int64_t> times;
  for (int file = 0; file < 3; ++file) {
    RandomRowsOptions options;
    options.rows = 5000;
    ColumnBatch rows = RandomRows(schema, options, &random);
    times.insert(times.end(), rows.time.begin(), rows.time.end());
    AddFile(schema, std::move(rows));
  }
  std::sort(times.begin(), times.end());
  auto merge = SortedMerge::Open(Files(), schema).ValueOrDie();
  ASSERT_TRUE(merge->Fill(1'000'000).ok());
  EXPECT_EQ(std::vector<int64_t>(merge->batch().time.begin(), merge->batch().time.end()), times);
}

TEST_F(SortedMergeTest, ABrokenFileIsAnError) {
  const TableSchema schema({{"f", ColumnType::kFloat64}});
  keys_.push_back("broken.parquet");
  auto file = layer_->Create(keys_[0]).ValueOrDie();
  ASSERT_TRUE(file->Append("PAR1 this is not Parquet PAR1").ok());
  ASSERT_TRUE(file->Commit().ok());
  EXPECT_FALSE(SortedMerge::Open(Files(), schema).ok());
}

}  // namespace
}  // namespace gigapi
