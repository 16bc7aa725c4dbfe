#include "object_store/redis/redis_content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gigapi {
namespace {

TEST(RedisContent, PacksContentsSmallerWherePossible) {
  const std::string contents[] = {"", "x", "0123456789abcdef", std::string(100'000, 'x'), std::string("\0\1\2", 3)};
  for (const std::string& content : contents) {
    const std::string packed = PackContent(content);
    EXPECT_EQ(UnpackContent(packed, content.size()).ValueOrDie(), content);
    EXPECT_LE(packed.size(), content.size() + 1);
  }
  EXPECT_LT(PackContent(std::string(100'000, 'x')).size(), 200U);
}

/// Catalogs that are there were packed so.
TEST(RedisContent, ReadsWhatEarlierVersionsPacked) {
  EXPECT_EQ(UnpackContent(std::string("\0plain", 6), 5).ValueOrDie(), "plain");
  const std::string content = R"({"type":"cpu","parquet_size_bytes":12345,"row_count":678,"min_time":1767225600})";
  const std::string_view hex = "0128b52ffd204fe50000803233343536373836373232353630307d03100933e411e4a0d74920";
  std::string packed;
  for (size_t i = 0; i < hex.size(); i += 2)
    packed += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  EXPECT_EQ(UnpackContent(packed, content.size()).ValueOrDie(), content);
}

TEST(RedisContent, RefusesWhatIsDamaged) {
  const std::string content = std::string(10'000, 'x') + "end";
  const std::string packed = PackContent(content);
  for (const size_t size : {size_t{0}, size_t{1}, packed.size() - 1}) {
    EXPECT_FALSE(UnpackContent(packed.substr(0, size), content.size()).ok()) << size;
  }
  EXPECT_FALSE(UnpackContent(packed, content.size() - 1).ok());
  EXPECT_FALSE(UnpackContent(packed, content.size() + 1).ok());
  EXPECT_FALSE(UnpackContent(packed, uint64_t{1} << 40).ok());
  EXPECT_FALSE(UnpackContent("\x09" + content, content.size()).ok()) << "packed by a later version";
  EXPECT_FALSE(UnpackContent(std::string("\0plain", 6), 4).ok());
}

}  // namespace
}  // namespace gigapi
