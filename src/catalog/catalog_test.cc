#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/testing/fault_file_system.h"
#include "catalog/json_catalog.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

const std::string kNode = "here";

const std::vector<LayerPtr>& Layers() {
  static FaultFileSystem unused;
  static const std::vector<LayerPtr> layers{MakeLocalLayer(&unused, "/root", {.name = "default"}),
                                            MakeLocalLayer(&unused, "/cold", {.name = "cold"})};
  return layers;
}

DataFilePtr File(const std::string& path, const std::string& name) {
  auto file = std::make_shared<DataFile>();
  file->layer = Layers()[0];
  file->key = path + "/" + name;
  file->partition = {474'000};
  file->level = 2;
  file->size_bytes = 1234;
  file->rows = 10;
  file->min_time = -5;
  file->max_time = 1'700'000'000'000'000'000;
  file->created_ns = 7;
  file->oldest_in_layer_ns = 5;
  file->newest_in_layer_ns = 6;
  file->min_sequence = 3;
  file->max_sequence = UINT64_MAX;
  file->columns = {
      {.name = "host \"a\"", .type = ColumnType::kTag, .null_count = 1, .min = std::string("a\n"), .max = std::string("z")},
      {.name = "f", .type = ColumnType::kFloat64, .min = -0.1, .max = 1e300, .has_nan = true},
      {.name = "i", .type = ColumnType::kInt64, .min = INT64_MIN, .max = INT64_MAX},
      {.name = "u", .type = ColumnType::kUInt64, .min = uint64_t{0}, .max = UINT64_MAX},
      {.name = "b", .type = ColumnType::kBool, .min = false, .max = true},
      {.name = "s", .type = ColumnType::kString},
  };
  return file;
}

TEST(PartitionMetadata, ReadsBackWhatItWrote) {
  const PartitionMetadata metadata{.table = "t/1",
                                   .wal_sequences = {{"", 42}, {"node", 7}},
                                   .files = {File("d", "a.2.parquet")},
                                   .drop_queue = {{"cold", "old.1.parquet"}}};
  const auto read = DecodePartitionMetadata(EncodePartitionMetadata(metadata), {Layers(), "d", {474'000}, kNode});
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->table, "t/1");
  EXPECT_EQ(read->wal_sequences, metadata.wal_sequences);
  EXPECT_THAT(read->drop_queue, testing::ElementsAre(DroppedName{"cold", "old.1.parquet"}));
  const DataFile& a = *metadata.files[0];
  const DataFile& b = *read->files.at(0);
  EXPECT_EQ(a.layer, b.layer);
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.oldest_in_layer_ns, b.oldest_in_layer_ns);
  EXPECT_EQ(a.newest_in_layer_ns, b.newest_in_layer_ns);
  EXPECT_EQ(a.level, b.level);
  EXPECT_EQ(a.rows, b.rows);
  EXPECT_EQ(a.min_time, b.min_time);
  EXPECT_EQ(a.max_time, b.max_time);
  EXPECT_EQ(a.max_sequence, b.max_sequence);
  ASSERT_EQ(a.columns.size(), b.columns.size());
  for (size_t i = 0; i < a.columns.size(); ++i) {
    EXPECT_EQ(a.columns[i].name, b.columns[i].name);
    EXPECT_EQ(a.columns[i].type, b.columns[i].type);
    EXPECT_EQ(a.columns[i].min, b.columns[i].min) << a.columns[i].name;
    EXPECT_EQ(a.columns[i].max, b.columns[i].max) << a.columns[i].name;
    EXPECT_EQ(a.columns[i].has_nan, b.columns[i].has_nan);
  }
}

TEST(PartitionMetadata, RefusesAFileOfALayerThatIsNotSetUp) {
  const std::string json = EncodePartitionMetadata({.table = "t", .files = {File("d", "a.2.parquet")}});
  const std::vector<LayerPtr> others{Layers()[1]};
  const auto read = DecodePartitionMetadata(json, {others, "d", {474'000}, kNode});
  EXPECT_THAT(read.status().message(), testing::HasSubstr("layer 'default'"));
}

TEST(PartitionMetadata, KnowsFilesOfOtherNodes) {
  auto here = std::make_shared<DataFile>(*File("d", "a.1.parquet"));
  auto there = std::make_shared<DataFile>(*here);
  here->node = kNode;
  there->node = "there";
  const auto read =
      DecodePartitionMetadata(EncodePartitionMetadata({.table = "t", .files = {here, there}}), {Layers(), "d", {1}, kNode});
  ASSERT_TRUE(read.ok());
  EXPECT_FALSE(read->files[0]->is_elsewhere);
  EXPECT_TRUE(read->files[1]->is_elsewhere);
}

TEST(PartitionMetadata, AnOnlyLayerWithoutANameIsTheOneOfAnyName) {
  FaultFileSystem disk;
  const std::vector<LayerPtr> unnamed{MakeLocalLayer(&disk, "/root")};
  const std::string json = EncodePartitionMetadata({.table = "t", .files = {File("d", "a.2.parquet")}});
  const auto read = DecodePartitionMetadata(json, {unnamed, "d", {1}, kNode});
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->files[0]->layer, unnamed[0]);
  EXPECT_EQ(EncodePartitionMetadata(*read).find("\"layer\""), std::string::npos);
}

TEST(PartitionMetadata, FilesWithoutALayerLieInTheFirst) {
  auto file = std::make_shared<DataFile>(*File("d", "a.2.parquet"));
  file->layer = nullptr;
  const auto read =
      DecodePartitionMetadata(EncodePartitionMetadata({.table = "t", .files = {file}}), {Layers(), "d", {1}, kNode});
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->files[0]->layer, Layers()[0]);
}

TEST(PartitionMetadata, HasTheFieldsOfGigapi) {
  const std::string json = EncodePartitionMetadata({.table = "t", .files = {File("d", "a.2.parquet")}});
  for (const char* key : {"type", "parquet_size_bytes", "row_count", "min_time", "max_time", "wal_sequence", "drop_queue",
                          "files", "id", "path", "size_bytes", "chunk_time", "range"}) {
    EXPECT_THAT(json, testing::HasSubstr("\"" + std::string(key) + "\":"));
  }
}

TEST(PartitionMetadata, RefusesWhatItDoesNotUnderstand) {
  for (const char* json : {"", "{", "[]", "{\"type\":\"t\"}",
                           "{\"type\":\"t\",\"wal_sequence\":1,\"drop_queue\":[],\"files\":[{\"path\":\"../x\"}]}"}) {
    EXPECT_FALSE(DecodePartitionMetadata(json, {Layers(), "d", {1}, kNode}).ok()) << json;
  }
}

TEST(JsonCatalog, LoadsWhatWasCommittedAndRemovesLeftovers) {
  FaultFileSystem fs;
  const std::string table = "db/t";
  const std::string path = table + "/date=2024-01-27/hour=00";
  const std::string hour = "/root/" + path;
  ASSERT_TRUE(fs.CreateDirectories(hour).ok());
  const auto touch = [&](const std::string& name) { ASSERT_TRUE(fs.Create(hour + "/" + name).ok()); };
  const std::string kept = "11111111-1111-4111-8111-111111111111.2.parquet";
  const std::string orphan = "22222222-2222-4222-8222-222222222222.1.parquet";
  touch(kept);
  touch(orphan);
  touch("x.1.parquet.tmp");
  touch("notes.txt");
  JsonCatalog catalog(&fs, "/root", Layers());
  const TableSchema schema({{"host", ColumnType::kTag}, {"f", ColumnType::kFloat64}});
  ASSERT_TRUE(catalog.CommitTable(table, "t", schema).ok());
  ASSERT_TRUE(
      catalog.CommitPartition(path, {.table = "t", .wal_sequences = {{"", 9}}, .files = {File(path, kept)}}, "").ok());
  const auto contents = catalog.Load(DropList());
  ASSERT_TRUE(contents.ok()) << contents.status().ToString();
  ASSERT_EQ(contents->tables.size(), 1u);
  EXPECT_EQ(contents->tables[0].schema->columns(), schema.columns());
  ASSERT_EQ(contents->tables[0].partitions.size(), 1u);
  EXPECT_EQ(HivePath(contents->tables[0].partitions[0].key), "date=2024-01-27/hour=00");
  ASSERT_TRUE(catalog.RemoveLeftovers(*contents).ok());
  EXPECT_TRUE(*fs.Exists(hour + "/" + kept));
  EXPECT_TRUE(*fs.Exists(hour + "/notes.txt"));
  EXPECT_FALSE(*fs.Exists(hour + "/" + orphan));
  EXPECT_FALSE(*fs.Exists(hour + "/x.1.parquet.tmp"));
}

TEST(JsonCatalog, LoadsManyHoursInTheirOrder) {
  FaultFileSystem fs;
  const std::string table = "db/t";
  JsonCatalog catalog(&fs, "/root", Layers());
  constexpr int64_t kHours = 500;
  for (int64_t hour = 0; hour < kHours; ++hour) {
    const std::string path = PartitionPath(table, {hour});
    const std::string directory = "/root/" + path;
    ASSERT_TRUE(fs.CreateDirectories(directory).ok());
    ASSERT_TRUE(fs.Create(directory + "/a.1.parquet").ok());
    ASSERT_TRUE(fs.Create(directory + "/left_over.1.parquet.tmp").ok());
    ASSERT_TRUE(catalog.CommitPartition(path, {.table = "t", .files = {File(path, "a.1.parquet")}}, "").ok());
  }
  ASSERT_TRUE(catalog.CommitTable(table, "t", TableSchema()).ok());
  const auto contents = catalog.Load(DropList());
  ASSERT_TRUE(contents.ok()) << contents.status().ToString();
  const auto& partitions = contents->tables.at(0).partitions;
  ASSERT_EQ(partitions.size(), static_cast<size_t>(kHours));
  std::set<uint64_t> ids;
  for (int64_t hour = 0; hour < kHours; ++hour) {
    const LoadedPartition& partition = partitions[static_cast<size_t>(hour)];
    EXPECT_EQ(partition.key.hour, hour);
    ASSERT_EQ(partition.metadata.files.size(), 1u);
    EXPECT_EQ(partition.metadata.files[0]->key, PartitionPath(table, {hour}) + "/a.1.parquet");
    EXPECT_TRUE(ids.insert(partition.metadata.files[0]->id).second) << "an id of its own";
    EXPECT_EQ(partition.leftovers.size(), 1u);
  }
}

TEST(JsonCatalog, AMissingFileIsAnError) {
  FaultFileSystem fs;
  const std::string hour = "db/t/date=2024-01-27/hour=00";
  ASSERT_TRUE(fs.CreateDirectories("/root/" + hour).ok());
  JsonCatalog catalog(&fs, "/root", Layers());
  ASSERT_TRUE(catalog.CommitTable("db/t", "t", TableSchema()).ok());
  ASSERT_TRUE(catalog.CommitPartition(hour, {.table = "t", .files = {File(hour, "gone.1.parquet")}}, "").ok());
  EXPECT_FALSE(catalog.Load(DropList()).ok());
}

}  // namespace
}  // namespace gigapi
