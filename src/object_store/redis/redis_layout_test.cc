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

TEST(RedisLayout, ReadsTheHeadOfARecord) {
  const std::string record = PackVersion({.number = 7}) + std::string("\0\0\0\0\0\0\0\x05\0\0\1\2content", 19);
  const RedisRecordHeader header = ReadRecordHeader(record).ValueOrDie();
  EXPECT_EQ(header.version.number, 7U);
  EXPECT_EQ(header.modified_ns, 5'000);
  EXPECT_EQ(header.size_bytes, 258U);
  EXPECT_TRUE(ReadRecordHeader(record.substr(0, 28)).ok());
  EXPECT_FALSE(ReadRecordHeader(record.substr(0, 27)).ok());
}

}  // namespace
}  // namespace gigapi
