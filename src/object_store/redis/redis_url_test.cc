#include "object_store/redis/redis_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gigapi {
namespace {

RedisUrl Parsed(std::string_view text) {
  const auto url = ParseRedisUrl(text);
  EXPECT_TRUE(url.ok()) << text << ": " << url.status().ToString();
  return url.ok() ? *url : RedisUrl{};
}

TEST(RedisUrl, ReadsAllParts) {
  EXPECT_EQ(Parsed("redis://localhost"), (RedisUrl{.host = "localhost"}));
  EXPECT_EQ(Parsed("redis://localhost/"), (RedisUrl{.host = "localhost"}));
  EXPECT_EQ(Parsed("redis://r.example:7000/3"), (RedisUrl{.host = "r.example", .port = 7000, .database = 3}));
  EXPECT_EQ(Parsed("redis://:p%40ss@10.0.0.1"), (RedisUrl{.host = "10.0.0.1", .password = "p@ss"}));
  EXPECT_EQ(Parsed("redis://me:a:b@c@h"), (RedisUrl{.host = "h", .user = "me", .password = "a:b@c"}));
  EXPECT_EQ(Parsed("redis://[::1]:6380/0"), (RedisUrl{.host = "[::1]", .port = 6380}));
  EXPECT_EQ(Parsed("redis://h?prefix=lake-2"), (RedisUrl{.host = "h", .prefix = "lake-2"}));
  EXPECT_EQ(Parsed("rediss://h/1?prefix=a&ssl_ca_certs=/etc/ca%20s.pem&ssl_certfile=/c&ssl_keyfile=/k"),
            (RedisUrl{.secure = true,
                      .host = "h",
                      .database = 1,
                      .prefix = "a",
                      .authorities_file = "/etc/ca s.pem",
                      .certificate_file = "/c",
                      .key_file = "/k"}));
}

TEST(RedisUrl, RefusesWhatIsNone) {
  for (const std::string text : {"",
                                 "http://h",
                                 "redis://",
                                 "redis:///0",
                                 "redis://h:0",
                                 "redis://h:70000",
                                 "redis://h:x",
                                 "redis://h/x",
                                 "redis://h/-1",
                                 "redis://h/1/2",
                                 "redis://secret@h",
                                 "redis://me:@h",
                                 "redis://me:secret%2@h",
                                 "redis://[::1",
                                 "redis://h o",
                                 "redis://h?prefix=",
                                 "redis://h?prefix={a}",
                                 "redis://h?other=secret",
                                 "redis://h?ssl_ca_certs=/secret",
                                 "rediss://h?ssl_certfile=/secret",
                                 "rediss://h?ssl_ca_certs="}) {
    const auto url = ParseRedisUrl(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(KindOf(url.status()), ErrorKind::kInvalidArgument) << text;
    EXPECT_THAT(url.status().ToString(), testing::Not(testing::HasSubstr("secret"))) << text;
  }
}

TEST(RedisUrl, PrintsNoCredentials) {
  EXPECT_EQ(ToString(Parsed("rediss://me:secret@h:1/2?prefix=p&ssl_ca_certs=/ca")), "rediss://h:1/2?prefix=p");
  EXPECT_EQ(ToString(Parsed("redis://h")), "redis://h:6379/0?prefix=default");
}

}  // namespace
}  // namespace gigapi
