#include "object_store/redis/redis_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gigapi {
namespace {

TEST(RedisLayout, WritesVersionsAsTextAndBytes) {
  const RedisVersion version{.number = 4'503'599'627'370'497, .nonce = std::string("\x01\0\xff\x10\x20\x30\x40\x50", 8)};
  EXPECT_EQ(ToString(version), "4503599627370497-0100ff1020304050");
  EXPECT_EQ(ParseRedisVersion(ToString(version)).ValueOrDie(), version);
  EXPECT_EQ(PackVersion(version).size(), RedisVersion::kBytes);
  EXPECT_EQ(UnpackVersion(PackVersion(version)), version);
  for (const std::string text : {"", "1", "1-", "-0100ff1020304050", "1-0100ff102030405", "1-0100ff10203040500",
                                 "x-0100ff1020304050", "1-0100ff102030405g", "\"d41d8cd98f00b204e9800998ecf8427e\""}) {
    EXPECT_FALSE(ParseRedisVersion(text).ok()) << text;
  }
}

TEST(RedisLayout, HoldsAllKeysOnOneNodeOfACluster) {
  const RedisKeys keys("lake");
  for (const std::string& key : {keys.ObjectKey("db/t/x"), keys.index, keys.state, keys.changes, keys.notices}) {
    EXPECT_TRUE(key.starts_with("{gigapi:lake}:")) << key;
  }
}

std::string Record(const std::string& content) {
  std::string size(4, '\0');
  for (int i = 0; i < 4; ++i) size[i] = static_cast<char>(content.size() >> (24 - 8 * i));
  return PackVersion({.number = 7}) + std::string("\0\0\0\0\0\0\0\x05", 8) + size + PackContent(content);
}

TEST(RedisLayout, PacksContentsSmallerWherePossible) {
  for (const std::string& content : {std::string(), std::string("x"), std::string(100'000, 'x'), std::string("\0\1\2", 3)}) {
    const std::string record = Record(content);
    EXPECT_EQ(UnpackContent(record).ValueOrDie(), content);
    const RedisRecordHeader header = ReadRecordHeader(record).ValueOrDie();
    EXPECT_EQ(header.version.number, 7U);
    EXPECT_EQ(header.modified_ns, 5'000);
    EXPECT_EQ(header.size_bytes, content.size());
    EXPECT_LE(PackContent(content).size(), content.size() + 1);
  }
  EXPECT_LT(PackContent(std::string(100'000, 'x')).size(), 200U);
}

TEST(RedisLayout, RefusesDamagedRecords) {
  const std::string record = Record(std::string(10'000, 'x') + "end");
  EXPECT_FALSE(ReadRecordHeader(record.substr(0, 27)).ok());
  for (const size_t size : {size_t{0}, size_t{27}, size_t{28}, size_t{29}, record.size() - 1}) {
    EXPECT_FALSE(UnpackContent(record.substr(0, size)).ok()) << size;
  }
  std::string other_codec = record;
  other_codec[28] = 9;
  EXPECT_FALSE(UnpackContent(other_codec).ok());
  std::string huge = record;
  huge[24] = '\x7f';
  EXPECT_FALSE(UnpackContent(huge).ok());
}

}  // namespace
}  // namespace gigapi
