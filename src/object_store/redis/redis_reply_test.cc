#include "object_store/redis/redis_reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gigapi {
namespace {

RedisReply Reply(const std::string& bytes) {
  redisReader* const reader = redisReaderCreate();
  void* reply = nullptr;
  EXPECT_EQ(redisReaderFeed(reader, bytes.data(), bytes.size()), REDIS_OK);
  EXPECT_EQ(redisReaderGetReply(reader, &reply), REDIS_OK);
  redisReaderFree(reader);
  return RedisReply(static_cast<redisReply*>(reply));
}

TEST(RedisReply, TellsWhatAnErrorMeans) {
  const auto kind = [](const std::string& error) {
    const RedisReply reply = Reply("-" + error + "\r\n");
    return std::pair(KindOf(ExplainRedisReply(*reply)), IsTransientRedisError(*reply));
  };
  EXPECT_EQ(kind("LOADING Redis is loading the dataset in memory"), std::pair(ErrorKind::kUnavailable, true));
  EXPECT_EQ(kind("READONLY You can't write against a read only replica."), std::pair(ErrorKind::kUnavailable, true));
  EXPECT_EQ(kind("OOM command not allowed when used memory > 'maxmemory'."), std::pair(ErrorKind::kUnavailable, false));
  EXPECT_EQ(kind("MISCONF Errors writing to the AOF file"), std::pair(ErrorKind::kUnavailable, false));
  EXPECT_EQ(kind("NOAUTH Authentication required."), std::pair(ErrorKind::kForbidden, false));
  EXPECT_EQ(kind("WRONGPASS invalid username-password pair"), std::pair(ErrorKind::kForbidden, false));
  EXPECT_EQ(kind("NOPERM this user has no permissions"), std::pair(ErrorKind::kForbidden, false));
  EXPECT_EQ(kind("MOVED 3999 127.0.0.1:6381"), std::pair(ErrorKind::kUnsupported, false));
  EXPECT_EQ(kind("ERR unknown command"), std::pair(ErrorKind::kInternal, false));
  EXPECT_EQ(kind("BUSYGROUP exists"), std::pair(ErrorKind::kInternal, false)) << "the whole word counts";
}

TEST(RedisReply, ReadsTextsAndElements) {
  EXPECT_TRUE(IsNil(*Reply("$-1\r\n")));
  EXPECT_EQ(TextOf(*Reply("$3\r\na\nb\r\n")), "a\nb");
  EXPECT_EQ(TextOf(*Reply(":7\r\n")), "");
  EXPECT_TRUE(ExplainRedisReply(*Reply("+OK\r\n")).ok());
  const RedisReply array = Reply("*2\r\n$1\r\nx\r\n:5\r\n");
  EXPECT_EQ(ElementTextOf(*array, 0), "x");
  EXPECT_EQ(ElementTextOf(*array, 1), "");
  EXPECT_EQ(ElementOf(*array, 1)->integer, 5);
  EXPECT_EQ(ElementOf(*array, 2), nullptr);
  EXPECT_EQ(ElementOf(*Reply("+OK\r\n"), 0), nullptr);
}

}  // namespace
}  // namespace gigapi
