#include "storage/parquet_footer.h"

#include <gtest/gtest.h>

#include "storage/parquet_file.h"
#include "storage/testing/random_rows.h"

namespace gigapi {
namespace {

class ParquetFooterTest : public testing::Test {
 protected:
  struct Written {
    DataFile file;
    ParquetFooter footer;
  };
  Written Write(const TableSchema& schema, const FileProvenance* provenance) {
    std::mt19937_64 random(3);
    const auto rows = std::make_shared<const ColumnBatch>(RandomRows(schema, {.rows = 5'000, .missing_share = 0}, &random));
    auto file = WriteParquet(*layer_->Create("a.parquet"), schema, *SortChunks(schema, {rows}),
                             {.row_group_rows = 1'000, .provenance = provenance});
    EXPECT_TRUE(file.ok()) << file.status().ToString();
    auto footer = ReadParquetFooter(*layer_->Open("a.parquet", static_cast<uint64_t>(file->size_bytes), nullptr));
    EXPECT_TRUE(footer.ok()) << footer.status().ToString();
    return {*file, *footer};
  }

  TemporaryDirectory directory_;
  const LayerPtr layer_ = MakeLocalLayer(LocalFileSystem(), directory_.path());
};

TEST_F(ParquetFooterTest, TellsWhatTheWriterTold) {
  const TableSchema schema({{"host", ColumnType::kTag},
                            {"text", ColumnType::kString},
                            {"f", ColumnType::kFloat64},
                            {"i", ColumnType::kInt64},
                            {"u", ColumnType::kUInt64},
                            {"b", ColumnType::kBool}});
  FileProvenance provenance;
  provenance.database = "db";
  provenance.node = "n1";
  const auto [file, footer] = Write(schema, &provenance);
  EXPECT_EQ(footer.rows, file.rows);
  EXPECT_EQ(footer.min_time, file.min_time);
  EXPECT_EQ(footer.max_time, file.max_time);
  ASSERT_EQ(footer.columns.size(), file.columns.size());
  for (size_t i = 0; i < file.columns.size(); ++i) {
    const ColumnStats& told = file.columns[i];
    const ColumnStats& read = footer.columns[i];
    EXPECT_EQ(read.name, told.name);
    EXPECT_EQ(read.type, told.type) << told.name;
    EXPECT_EQ(read.null_count, told.null_count) << told.name;
    EXPECT_EQ(read.has_nan, told.has_nan) << told.name;
    if (told.has_nan) {
      EXPECT_TRUE(std::holds_alternative<std::monostate>(read.min));
      continue;
    }
    EXPECT_EQ(read.min, told.min) << told.name;
    EXPECT_EQ(read.max, told.max) << told.name;
  }
  ASSERT_TRUE(footer.provenance);
  EXPECT_EQ(footer.provenance->column_types, "tsfiub");
  provenance.column_types = "tsfiub";
  EXPECT_EQ(*footer.provenance, provenance);
}

TEST_F(ParquetFooterTest, ReadsFilesWithoutProvenance) {
  const auto [file, footer] = Write(TableSchema({{"host", ColumnType::kTag}, {"f", ColumnType::kFloat64}}), nullptr);
  EXPECT_FALSE(footer.provenance);
  EXPECT_EQ(footer.columns[0].type, ColumnType::kTag);
  EXPECT_EQ(footer.rows, file.rows);
}

TEST_F(ParquetFooterTest, RefusesWhatIsNoFileOfOurs) {
  ASSERT_TRUE(PutObject(layer_->store(), "b.parquet", "PAR1 and no more").ok());
  EXPECT_EQ(KindOf(ReadParquetFooter(*layer_->Open("b.parquet", 16, nullptr)).status()), ErrorKind::kInvalidArgument);
  ASSERT_TRUE(PutObject(layer_->store(), "c.parquet", "").ok());
  EXPECT_EQ(KindOf(ReadParquetFooter(*layer_->Open("c.parquet", 0, nullptr)).status()), ErrorKind::kInvalidArgument);
}

}  // namespace
}  // namespace gigapi
