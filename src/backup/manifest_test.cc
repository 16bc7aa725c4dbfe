#include "backup/manifest.h"

#include "base/clock.h"
#include "base/crc32c.h"
#include "object_store/testing/memory_store.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

const LayerPtr kLayer = std::make_shared<const Layer>(LayerOptions{.name = "backup"}, MakeMemoryStore(), nullptr);

BackupFile File(int64_t hour, const std::string& uuid, uint32_t crc32c) {
  DataFile file;
  file.partition = {hour};
  file.key = BackupKey(PartitionPath(TablePath("db", "a/b c"), file.partition) + "/" + ParquetFileName(uuid, 2));
  file.level = 2;
  file.size_bytes = 1000 + hour;
  file.rows = 7;
  file.min_time = hour * kNanosPerHour;
  file.max_time = file.min_time + 5;
  file.created_ns = 1'700'000'000'123'456'789;
  file.oldest_in_layer_ns = 5;
  file.newest_in_layer_ns = 6;
  file.min_sequence = 11;
  file.max_sequence = 12;
  file.columns = {{.name = "x", .type = ColumnType::kInt64, .min = int64_t{-1}, .max = INT64_MAX}};
  return {std::make_shared<const DataFile>(std::move(file)), crc32c};
}

BackupManifest Sample() {
  BackupManifest manifest;
  manifest.created_ns = 1'700'000'000'123'456'789;
  manifest.id = NewBackupId(manifest.created_ns);
  manifest.databases["empty"];
  BackupTable& table = manifest.databases["db"]["a/b c"];
  table.schema =
      std::make_shared<const TableSchema>(std::vector<ColumnSchema>{{"host", ColumnType::kTag}, {"x", ColumnType::kInt64}});
  table.files = {File(10, "u1", 1), File(10, "u2", UINT32_MAX), File(-1, "u3", 3)};
  return manifest;
}

TEST(ManifestTest, WhatIsWrittenIsReadBack) {
  const BackupManifest manifest = Sample();
  const auto read = DecodeManifest(EncodeManifest(manifest), kLayer);
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(read->id, manifest.id);
  EXPECT_EQ(read->created_ns, manifest.created_ns);
  ASSERT_EQ(read->databases.size(), 2u);
  EXPECT_TRUE(read->databases.at("empty").empty());
  const BackupTable& table = read->databases.at("db").at("a/b c");
  ASSERT_EQ(table.schema->size(), 2u);
  EXPECT_EQ(table.schema->columns()[0].type, ColumnType::kTag);
  ASSERT_EQ(table.files.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    const BackupFile& expected = manifest.databases.at("db").at("a/b c").files[i];
    EXPECT_EQ(table.files[i].crc32c, expected.crc32c);
    const DataFile& file = *table.files[i].file;
    EXPECT_EQ(file.key, expected.file->key);
    EXPECT_EQ(file.partition, expected.file->partition);
    EXPECT_EQ(file.size_bytes, expected.file->size_bytes);
    EXPECT_EQ(file.rows, 7);
    EXPECT_EQ(file.level, 2);
    EXPECT_EQ(file.layer, kLayer);
    EXPECT_EQ(file.max_sequence, 0u) << "sequences of a log mean nothing to another one";
    ASSERT_NE(file.Find("x"), nullptr);
    EXPECT_EQ(file.Find("x")->max, StatValue(INT64_MAX));
  }
}

TEST(ManifestTest, TotalsCountAll) {
  const BackupTotals totals = TotalsOf(Sample());
  EXPECT_EQ(totals.databases, 2);
  EXPECT_EQ(totals.tables, 1);
  EXPECT_EQ(totals.files, 3);
  EXPECT_EQ(totals.rows, 21);
  EXPECT_EQ(totals.bytes, 3 * 1000 + 10 + 10 - 1);
}

TEST(ManifestTest, IdsAreInTheOrderOfTheirTimes) {
  const std::string id = NewBackupId(1'700'000'000 * kNanosPerSecond + 7 * kNanosPerMilli);
  EXPECT_EQ(id.substr(0, 20), "20231114T221320007Z-");
  EXPECT_TRUE(IsBackupId(id));
  EXPECT_LT(id, NewBackupId(1'700'000'000 * kNanosPerSecond + 8 * kNanosPerMilli));
  for (const char* text :
       {"", "20231114T221320007Z-../../xx", "20231114T221320007Z-1a2b3c4", "20231114T221320007Z-1a2b3c4d5"}) {
    EXPECT_FALSE(IsBackupId(text)) << text;
  }
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

/// With a checksum that fits.
std::string Sealed(std::string text) {
  text.resize(text.rfind(",\"crc32c\":"));
  return text + ",\"crc32c\":" + std::to_string(Crc32c(text)) + "}";
}

TEST(ManifestTest, NoByteCanChange) {
  const std::string json = EncodeManifest(Sample());
  EXPECT_EQ(Sealed(json), json);
  for (size_t i = 0; i < json.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = json;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      ASSERT_FALSE(DecodeManifest(changed, kLayer).ok()) << changed.substr(i < 40 ? 0 : i - 40, 80);
    }
  }
}

TEST(ManifestTest, ReadsOneOfAVersionThatHadNoChecksum) {
  std::string json = Replaced(EncodeManifest(Sample()), "\"version\":2", "\"version\":1");
  EXPECT_FALSE(DecodeManifest(json, kLayer).ok()) << "it has one";
  json.resize(json.rfind(",\"crc32c\":"));
  EXPECT_TRUE(DecodeManifest(json + "}", kLayer).ok());
}

TEST(ManifestTest, RefusesWhatIsNoManifest) {
  const std::string json = EncodeManifest(Sample());
  ASSERT_TRUE(DecodeManifest(json, kLayer).ok());
  for (const std::string& broken :
       {std::string("{}"), std::string("nothing"), json.substr(0, json.size() / 2),
        Sealed(Replaced(json, "gigapi-backup", "other")), Sealed(Replaced(json, "date=", "day=")),
        Sealed(Replaced(json, "\"crc32c\":[1,", "\"crc32c\":[")), Sealed(Replaced(json, "u1.2.parquet", "../u1")),
        Sealed(Replaced(json, "u1.2.parquet", "u1.txt")), Sealed(Replaced(json, "\"empty\"", "\"../x\""))}) {
    EXPECT_FALSE(DecodeManifest(broken, kLayer).ok()) << broken;
  }
  const auto later = DecodeManifest(Replaced(json, "\"version\":2", "\"version\":3"), kLayer);
  ASSERT_FALSE(later.ok());
  EXPECT_EQ(KindOf(later.status()), ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace gigapi
