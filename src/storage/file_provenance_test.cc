#include "storage/file_provenance.h"

#include <gtest/gtest.h>

namespace gigapi {
namespace {

FileProvenance Example() {
  FileProvenance provenance;
  provenance.database = "db";
  provenance.table = "cpu \"load\"";
  provenance.partition = {487'000};
  provenance.level = 2;
  provenance.node = "n1";
  provenance.created_ns = 1'753'200'000'000'000'001;
  provenance.layer = "hot";
  provenance.oldest_in_layer_ns = 5;
  provenance.newest_in_layer_ns = 7;
  provenance.min_sequence = 3;
  provenance.max_sequence = UINT64_MAX;
  provenance.logs = {{"n1", {{2, 9}, {12, UINT64_MAX}}}, {"n2", {{0, 1}}}};
  provenance.column_types = "tt-fs";
  provenance.replaced = {"a.1.parquet", "b.1.parquet"};
  return provenance;
}

TEST(FileProvenanceTest, ReadsBackWhatItWrites) {
  const FileProvenance provenance = Example();
  EXPECT_EQ(*DecodeProvenance(EncodeProvenance(provenance)), provenance);
  EXPECT_EQ(*DecodeProvenance(EncodeProvenance(FileProvenance{})), FileProvenance{});
}

TEST(FileProvenanceTest, KeepsFewHundredBytes) {
  FileProvenance provenance = Example();
  provenance.node = std::string(36, 'a');
  provenance.logs = {{provenance.node, {{1'000'000, 2'000'000}}}};
  provenance.replaced.clear();
  EXPECT_LT(EncodeProvenance(provenance).size(), 500u);
  provenance.replaced.assign(10'000, "a.1.parquet");
  EXPECT_EQ(DecodeProvenance(EncodeProvenance(provenance))->replaced.size(), FileProvenance::kReplacedMax);
}

TEST(FileProvenanceTest, RefusesWhatIsNone) {
  EXPECT_EQ(KindOf(DecodeProvenance("").status()), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(DecodeProvenance("{}").status()), ErrorKind::kInvalidArgument);
  EXPECT_EQ(KindOf(DecodeProvenance(R"({"version":2})").status()), ErrorKind::kUnsupported);
  std::string text = EncodeProvenance(Example());
  EXPECT_EQ(KindOf(DecodeProvenance(text.substr(0, text.size() - 2)).status()), ErrorKind::kInvalidArgument);
}

TEST(FileProvenanceTest, JoinsRangesThatTouch) {
  LogRanges ranges;
  AddRange({5, 9}, &ranges);
  AddRange({20, 30}, &ranges);
  AddRange({1, 3}, &ranges);
  EXPECT_EQ(ranges, (LogRanges{{1, 3}, {5, 9}, {20, 30}}));
  AddRange({3, 5}, &ranges);
  EXPECT_EQ(ranges, (LogRanges{{1, 9}, {20, 30}}));
  AddRange({4, 4}, &ranges);
  AddRange({40, 40}, &ranges);
  EXPECT_EQ(ranges, (LogRanges{{1, 9}, {20, 30}}));
  AddRange({0, 100}, &ranges);
  EXPECT_EQ(ranges, (LogRanges{{0, 100}}));
}

TEST(FileProvenanceTest, PlacesColumnsAsTheTableHasThem) {
  const TableSchema table({{"host", ColumnType::kTag},
                           {"zone", ColumnType::kTag},
                           {"value", ColumnType::kFloat64},
                           {"text", ColumnType::kString},
                           {"n", ColumnType::kUInt64}});
  EXPECT_EQ(EncodeColumnTypes(table, {table[1], table[3]}), "-t-s");
  EXPECT_EQ(EncodeColumnTypes(table, table.columns()), "ttfsu");
  EXPECT_EQ(EncodeColumnTypes(table, {}), "");
  EXPECT_EQ(DecodeColumnType('t'), ColumnType::kTag);
  EXPECT_EQ(DecodeColumnType('s'), ColumnType::kString);
  EXPECT_EQ(DecodeColumnType('-'), std::nullopt);
}

TEST(FileProvenanceTest, UnitesTheLogsOfInputs) {
  FileProvenance a, b;
  a.logs = {{"n1", {{0, 4}}}};
  b.logs = {{"n1", {{4, 8}}}, {"n2", {{2, 3}}}};
  FileProvenance merged;
  UniteLogs({&a, &b}, &merged);
  EXPECT_TRUE(merged.has_all_ranges);
  EXPECT_EQ(merged.logs, (std::map<std::string, LogRanges>{{"n1", {{0, 8}}}, {"n2", {{2, 3}}}}));
  FileProvenance partly;
  UniteLogs({&a, nullptr}, &partly);
  EXPECT_FALSE(partly.has_all_ranges);
  EXPECT_EQ(partly.logs, a.logs);
}

TEST(FileProvenanceTest, SaysSoWhenTheRangesAreTooMany) {
  FileProvenance input, merged;
  for (uint64_t i = 0; i <= FileProvenance::kRangesMax; ++i) AddRange({10 * i, 10 * i + 5}, &input.logs["n1"]);
  UniteLogs({&input}, &merged);
  EXPECT_FALSE(merged.has_all_ranges);
  EXPECT_EQ(merged.logs["n1"], (LogRanges{{0, 10 * FileProvenance::kRangesMax + 5}}));
}

}  // namespace
}  // namespace gigapi
