#include "catalog/catalog_checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace gigapi {
namespace {

std::vector<ObjectInfo> Hours(int count, uint64_t size_bytes = 1'000) {
  std::vector<ObjectInfo> objects;
  for (int i = 0; i < count; ++i) {
    objects.push_back({.key = fmt::format("db/t/date=2026-01-{:05}/hour=03/metadata.json", i), .size_bytes = size_bytes});
  }
  return objects;
}

std::set<std::string> BeginsOf(const std::vector<CheckpointRange>& ranges) {
  std::set<std::string> begins;
  for (const CheckpointRange& range : ranges) begins.insert(range.begin);
  return begins;
}

TEST(CatalogCheckpoint, ReadsBackWhatItWrote) {
  const std::vector<CheckpointEntry> entries{
      {"a/metadata.json", "\"v1\"", "{}"}, {"b/metadata.json", "", std::string(100'000, 'x')}, {"c", "2-00", ""}};
  const auto read = DecodeCheckpointPart(EncodeCheckpointPart(entries, "id"));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(*read, entries);
  EXPECT_THAT(*DecodeCheckpointPart(EncodeCheckpointPart({}, "id")), testing::IsEmpty());
  EXPECT_NE(EncodeCheckpointPart(entries, "one"), EncodeCheckpointPart(entries, "two"));
}

TEST(CatalogCheckpoint, RefusesWhatIsDamaged) {
  const std::string part = EncodeCheckpointPart({{"key", "version", "content of it"}}, "id");
  for (size_t size = 0; size < part.size(); ++size) EXPECT_FALSE(DecodeCheckpointPart(part.substr(0, size)).ok()) << size;
  for (size_t i = part.find('\n') + 1; i < part.size(); ++i) {
    std::string damaged = part;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    const auto read = DecodeCheckpointPart(damaged);
    EXPECT_TRUE(!read.ok() || read->at(0).content == "content of it") << i;
  }
  EXPECT_FALSE(DecodeCheckpointPart("gigapi checkpoint 0 0 id\n").ok());
  EXPECT_FALSE(DecodeCheckpointPart("gigapi checkpoint 1 99999999999999 id\n").ok());
}

TEST(CatalogCheckpoint, TellsANewerFormat) {
  const auto read = DecodeCheckpointPart("gigapi checkpoint 2 whatever follows\n");
  EXPECT_EQ(KindOf(read.status()), ErrorKind::kUnsupported);
}

TEST(CatalogCheckpoint, NamesPartsByTheirBeginning) {
  for (const std::string begin : {"", "db/t/metadata.json", "first/t/metadata.json"}) {
    const std::string key = CheckpointPartKey(begin);
    EXPECT_TRUE(CheckObjectKey(key).ok()) << key;
    EXPECT_EQ(ParseCheckpointPartKey(key), begin);
  }
  for (const char* key :
       {"", "db/t/metadata.json", ".gigapi/checkpoint/", ".gigapi/checkpoint/from/", ".gigapi/nodes/first"}) {
    EXPECT_EQ(ParseCheckpointPartKey(key), std::nullopt) << key;
  }
}

TEST(CatalogCheckpoint, CutsIntoPartsOfSomeHundreds) {
  EXPECT_THAT(CutIntoParts({}), testing::IsEmpty());
  const auto ranges = CutIntoParts(Hours(20'000));
  EXPECT_GT(ranges.size(), 40U);
  EXPECT_LT(ranges.size(), 160U);
  EXPECT_EQ(ranges.front().begin, "");
  std::string last;
  size_t objects = 0;
  for (const CheckpointRange& range : ranges) {
    EXPECT_TRUE(&range == &ranges.front() || range.there.front().key == range.begin);
    for (const ObjectInfo& object : range.there) {
      EXPECT_LT(last, object.key);
      last = object.key;
    }
    objects += range.there.size();
  }
  EXPECT_EQ(objects, 20'000U);
}

TEST(CatalogCheckpoint, KeepsPartsWhereNothingChanges) {
  auto objects = Hours(5'000);
  const auto before = BeginsOf(CutIntoParts(objects));
  objects.erase(objects.begin(), objects.begin() + 10);  // with age
  auto more = Hours(5'100);
  objects.insert(objects.end(), more.begin() + 5'000, more.end());
  const auto after = BeginsOf(CutIntoParts(objects));
  std::vector<std::string> gone;
  std::ranges::set_difference(before, after, std::back_inserter(gone));
  EXPECT_LE(gone.size(), 1U);
}

TEST(CatalogCheckpoint, BoundsTheBytesOfAPart) {
  for (const CheckpointRange& range : CutIntoParts(Hours(100, 6 << 20))) EXPECT_LE(range.there.size(), 2U);
  EXPECT_EQ(CutIntoParts(Hours(3, 64 << 20)).size(), 3U) << "one is a part, whatever it has";
}

}  // namespace
}  // namespace gigapi
