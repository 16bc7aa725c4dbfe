#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/names.h"
#include "model/partition.h"
#include "model/partition_split.h"
#include "model/schema.h"

namespace gigapi {
namespace {

TEST(PartitionKey, CoversAllOfTime) {
  for (const int64_t time :
       {INT64_MIN, INT64_MIN + 1, int64_t{-1}, int64_t{0}, int64_t{1}, kNanosPerHour - 1, kNanosPerHour, INT64_MAX}) {
    const PartitionKey key = PartitionKey::Of(time);
    EXPECT_LE(key.begin_ns(), time);
    EXPECT_GE(key.last_ns(), time);
    PartitionKey read;
    EXPECT_TRUE(ParseHivePath(HivePath(key), &read)) << HivePath(key);
    EXPECT_EQ(key, read);
  }
  EXPECT_EQ(HivePath(PartitionKey::Of(-1)), "date=1969-12-31/hour=23");
  EXPECT_EQ(HivePath(PartitionKey::Of(1'744'293'600'000'000'000)), "date=2025-04-10/hour=14");
}

TEST(PartitionKey, ReadsOnlyItsOwnPaths) {
  PartitionKey key;
  for (const char* path : {"date=2025-13-01/hour=00", "date=2025-01-01/hour=24", "date=2025-02-30/hour=00",
                           "date=2025-1-1/hour=0", "date=2025-01-01/hour=00/x", "data", ""}) {
    EXPECT_FALSE(ParseHivePath(path, &key)) << path;
  }
}

TEST(SplitByPartition, KeepsRowsWithTheirHour) {
  ColumnBatch batch;
  Column column{.name = "s", .type = ColumnType::kString};
  for (int64_t i = 0; i < 100; ++i) {
    batch.time.PushBack((i * 37 % 5) * kNanosPerHour + i);
    column.strings.Append(std::to_string(i));
    column.valid.PushBack(i % 2);
  }
  batch.columns.push_back(std::move(column));
  batch.ComputeTimeRange();
  size_t rows = 0;
  for (const PartitionRows& part : SplitByPartition(std::move(batch))) {
    rows += part.rows->rows();
    for (size_t i = 0; i < part.rows->rows(); ++i) {
      const int64_t time = part.rows->time[i];
      EXPECT_EQ(PartitionKey::Of(time), part.partition);
      EXPECT_EQ(part.rows->columns[0].strings[i], std::to_string(time % kNanosPerHour));
      EXPECT_EQ(part.rows->columns[0].valid[i], time % kNanosPerHour % 2);
    }
  }
  EXPECT_EQ(rows, 100u);
}

TEST(SplitByPartition, CountsThePartitionsOfAWrite) {
  const auto rows_of = [](const std::vector<int64_t>& hours) {
    TableRows table;
    for (const int64_t hour : hours) table.rows.time.PushBack(hour * kNanosPerHour);
    table.rows.ComputeTimeRange();
    return table;
  };
  std::vector<TableRows> tables;
  tables.push_back(rows_of({5, -1'000'000, 5, 5, 5}));
  EXPECT_FALSE(LieInMorePartitionsThan(2, tables));
  EXPECT_TRUE(LieInMorePartitionsThan(1, tables));
  tables.push_back(rows_of({5, 6}));
  EXPECT_FALSE(LieInMorePartitionsThan(4, tables));
  EXPECT_TRUE(LieInMorePartitionsThan(3, tables));
}

TEST(SplitByPartition, RowsOfManyHoursTakeNoMoreThanTheirOwnValues) {
  ColumnBatch batch;
  constexpr uint32_t kRows = 500;
  for (uint32_t row = 0; row < kRows; ++row) batch.time.PushBack(row * kNanosPerHour);
  Column tag{.name = "tag", .type = ColumnType::kTag};
  for (uint32_t row = 0; row < kRows; ++row) {
    tag.strings.Append(std::string(500, 'x') + std::to_string(row));
    tag.codes.PushBack(row % 10 == 0 ? 0 : kRows - 1 - row);
    tag.valid.PushBack(row % 10 == 0 ? 0 : 1);
  }
  batch.columns.push_back(std::move(tag));
  for (uint32_t i = 0; i < 200; ++i) {
    Column field{.name = std::to_string(i), .type = ColumnType::kInt64};
    field.words.Resize(kRows, 7);
    field.valid.Resize(kRows, 0);
    for (uint32_t row = i; row < kRows; row += 200) field.valid[row] = 1;
    batch.columns.push_back(std::move(field));
  }
  batch.ComputeTimeRange();
  const size_t whole_bytes = batch.MemoryBytes();
  size_t bytes = 0;
  for (const PartitionRows& part : SplitByPartition(std::move(batch))) {
    EXPECT_TRUE(Validate(*part.rows).ok());
    bytes += part.rows->MemoryBytes();
    const auto row = static_cast<uint32_t>(part.partition.hour);
    const Column* const tag_of_row = part.rows->Find("tag");
    ASSERT_EQ(tag_of_row == nullptr, row % 10 == 0) << row;
    if (tag_of_row) {
      EXPECT_EQ(tag_of_row->TagValue(0), std::string(500, 'x') + std::to_string(kRows - 1 - row));
    }
    const Column* const field = part.rows->Find(std::to_string(row % 200));
    ASSERT_NE(field, nullptr) << row;
    EXPECT_EQ(field->i64()[0], 7);
  }
  EXPECT_LT(bytes, 2 * whole_bytes);
}

TEST(Names, AcceptsWhatWorksAndRefusesTheRest) {
  for (const char* name : {"a", "my db/..", "..", "\xc3\xa9t\xc3\xa9", "select", "a'b\"c"})
    EXPECT_TRUE(ValidateTableName(name).ok()) << name;
  for (const std::string& name : {std::string(), std::string("a\0b", 3), std::string("a\nb"), std::string("\x7f"),
                                  std::string("\xff"), std::string("\xed\xa0\x80"), std::string(300, 'x')}) {
    EXPECT_FALSE(ValidateTableName(name).ok()) << name;
    EXPECT_FALSE(ValidateColumnName(name).ok()) << name;
  }
  for (const std::string& name : {std::string(200, 'x'), std::string(66, '!'), "." + std::string(197, 'x')}) {
    EXPECT_TRUE(ValidateTableName(name).ok()) << name;
  }
  for (const std::string& name :
       {std::string(67, '!'), std::string(150, 'x') + std::string(17, ' '), "." + std::string(198, 'x')}) {
    EXPECT_FALSE(ValidateTableName(name).ok()) << name << ": no folder can have this name";
  }
  for (const char* name : {"mydb", "my-db", "db.1", "_x"}) EXPECT_TRUE(ValidateDatabaseName(name).ok()) << name;
  for (const char* name : {"", "../x", "a/b", ".hidden", "-x", "information_schema", "a b"}) {
    EXPECT_FALSE(ValidateDatabaseName(name).ok()) << name;
  }
  EXPECT_FALSE(ValidateColumnName("Time").ok());
}

TEST(TableSchema, FindsColumnsByExactAndFoldedName) {
  const TableSchema schema({{"Host", ColumnType::kTag}, {"v", ColumnType::kFloat64}});
  EXPECT_EQ(schema.Find("Host"), 0u);
  EXPECT_EQ(schema.Find("host"), std::nullopt);
  EXPECT_EQ(schema.FindIgnoringCase("hOST"), 0u);
  const SchemaPtr grown = schema.With({{"rack", ColumnType::kTag}});
  EXPECT_THAT(grown->tags(), testing::ElementsAre(0, 2));
}

}  // namespace
}  // namespace gigapi
