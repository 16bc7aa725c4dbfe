#include "catalog/catalog_listing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "catalog/catalog_key.h"
#include "object_store/testing/memory_store.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

const auto kNotCancelled = [] { return false; };

std::string HourKey(int64_t hour) { return MetadataKey(PartitionPath("db/t", {hour})); }

std::string FileKey(int64_t hour, int number) {
  return fmt::format("{}/{:08x}.1.parquet", PartitionPath("db/t", {hour}), number);
}

std::vector<ExpectedObject> Hours(int count, size_t files) {
  std::vector<ExpectedObject> objects;
  for (int64_t hour = 0; hour < count; ++hour) objects.push_back({.key = HourKey(hour), .files = files});
  return objects;
}

TEST(CatalogListing, CutsARangeIntoListsOfOneRequest) {
  const auto lists = CutIntoLists("", HourKey(500), Hours(500, 20));
  EXPECT_GE(lists.size(), 500U * 21 / kListedKeysMax);
  EXPECT_LE(lists.size(), 500U * 21 / kListedKeysMax + 2);
  EXPECT_EQ(lists.front().begin, "");
  EXPECT_EQ(lists.back().end, HourKey(500));
  for (size_t i = 0; i < lists.size(); ++i) {
    EXPECT_LE(lists[i].keys, kListedKeysMax);
    if (i == 0) continue;
    EXPECT_EQ(lists[i].begin, lists[i - 1].end);
    const bool is_last = i + 1 == lists.size();
    EXPECT_GT(lists[i].keys, is_last ? 0 : kListedKeysMax - 22);
  }
}

TEST(CatalogListing, WithoutKnowledgeOrBeforeItsEndARangeIsListedInFullPages) {
  for (const auto& objects : {std::vector<ExpectedObject>(), Hours(3, 0)}) {
    const auto lists = CutIntoLists("", "", objects);
    ASSERT_EQ(lists.size(), 1U);
    EXPECT_EQ(lists[0].begin + lists[0].end, "");
    EXPECT_EQ(lists[0].keys, kListedKeysMax);
  }
}

TEST(CatalogListing, CutsOnlyAtObjectsOfTheCatalogWithinTheRange) {
  std::vector<ExpectedObject> objects = Hours(9, 2'000);
  objects.push_back({.key = FileKey(9, 1), .files = 2'000});
  objects.push_back({.key = HourKey(3), .files = 2'000});  // not in the order of keys
  std::vector<std::string> begins;
  for (const ListedRange& list : CutIntoLists(HourKey(2), HourKey(5), objects)) begins.push_back(list.begin);
  EXPECT_THAT(begins, testing::ElementsAre(HourKey(2), HourKey(3), HourKey(4)));
}

/// Each page would else be one of files alone.
TEST(CatalogListing, PassesOverTheFilesOfAnHour) {
  constexpr int kFiles = 3'500;
  const auto store = MakeMemoryStore();
  std::vector<std::string> keys;
  for (int64_t hour = 0; hour < 4; ++hour) {
    for (int file = 0; file < kFiles; ++file) ASSERT_TRUE(PutObject(store.get(), FileKey(hour, file), "").ok());
    keys.push_back(HourKey(hour));
    ASSERT_TRUE(PutObject(store.get(), keys.back(), "").ok());
  }
  const int64_t before = store->metrics().list_requests_total;
  const auto listed = ListCatalogRange(store.get(), {.begin = "", .end = ""}, kNotCancelled);
  ASSERT_TRUE(listed.ok());
  std::vector<std::string> found;
  for (const ObjectInfo& object : *listed) found.push_back(object.key);
  EXPECT_EQ(found, keys);
  EXPECT_LE(store->metrics().list_requests_total - before, 5) << "one for each hour, and one for what is behind";
}

/// Whatever else lies there, and whatever was expected of it.
TEST(CatalogListing, ListsEachObjectOnce) {
  std::mt19937_64 random(20'261'129);
  const auto below = [&](uint64_t limit) { return static_cast<int>(random() % limit); };
  const auto store = MakeMemoryStore();
  const auto put = [&](const std::string& key) { ASSERT_TRUE(PutObject(store.get(), key, "").ok()) << key; };
  constexpr const char* kOthers[] = {"lost.tmp0",       "metadata.jsn",      "metadata.jso", "metadata.jso0",
                                     "metadata.json.x", "sub/metadata.json", "z.1.parquet"};
  for (const char* key : {".gigapi/catalog", ".gigapi/nodes/a", "db/metadata.json", "db/t/metadata.json", "notes.txt",
                          "db/a/metadata.json", "db/t/date=2026-01-01/metadata.json", "eb/metadata.json"}) {
    put(key);
  }
  std::vector<ExpectedObject> expected;
  for (int64_t hour = 0; hour < 300; ++hour) {
    const int files = below(40) == 0 ? 1'500 : below(60);
    for (int file = 0; file < files; ++file) put(FileKey(hour, below(1'000'000)));
    for (const char* other : kOthers) {
      if (below(20) == 0) put(PartitionPath("db/t", {hour}) + '/' + other);
    }
    if (below(10) > 0) put(HourKey(hour));
    if (below(10) > 0) expected.push_back({.key = HourKey(hour), .files = static_cast<size_t>(below(3) * files / 2)});
  }
  std::vector<std::string> there;
  const auto all = *ListAll(store.get(), "");
  for (const ObjectInfo& object : all) {
    if (ParseCatalogKey(object.key)) there.push_back(object.key);
  }
  ASSERT_GT(there.size(), 200U);
  const std::string middle = HourKey(below(300));
  std::vector<std::string> listed;
  size_t lists = 0;
  for (const auto& [begin, end] : {std::pair(std::string(), middle), std::pair(middle, std::string())}) {
    for (const ListedRange& range : CutIntoLists(begin, end, expected)) {
      ++lists;
      for (const ObjectInfo& object : *ListCatalogRange(store.get(), range, kNotCancelled)) listed.push_back(object.key);
    }
  }
  EXPECT_GT(lists, 5U);
  EXPECT_EQ(listed, there);
}

}  // namespace
}  // namespace gigapi
