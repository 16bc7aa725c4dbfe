#include "server/auth.h"

#include <gtest/gtest.h>

namespace gigapi {
namespace {

http::Request WithHeader(std::string value) {
  http::Request request;
  request.headers.emplace_back("authorization", std::move(value));
  return request;
}

TEST(Auth, NobodyIsAskedWithoutCredentials) { EXPECT_TRUE(Authenticator("", "").Allows(http::Request())); }

TEST(Auth, AsksForTheRightCredentials) {
  const Authenticator guard("ann", "pa:ss");
  EXPECT_FALSE(guard.Allows(http::Request()));
  EXPECT_TRUE(guard.Allows(WithHeader("Basic YW5uOnBhOnNz")));
  EXPECT_TRUE(guard.Allows(WithHeader("basic  YW5uOnBhOnNz")));
  EXPECT_FALSE(guard.Allows(WithHeader("Basic YW5uOnBhOnNzeA==")));
  EXPECT_FALSE(guard.Allows(WithHeader("Basic !!!")));
  EXPECT_FALSE(guard.Allows(WithHeader("Basic")));
  EXPECT_TRUE(guard.Allows(WithHeader("Token ann:pa:ss")));
  EXPECT_FALSE(guard.Allows(WithHeader("Token ann:")));
  http::Request request;
  request.query = {{"u", "ann"}, {"p", "pa:ss"}};
  EXPECT_TRUE(guard.Allows(request));
}

TEST(Auth, TakesTokens) {
  const Authenticator guard("ann", "pa:ss");
  EXPECT_TRUE(guard.Allows(WithHeader("Bearer ann:pa:ss")));
  EXPECT_TRUE(guard.Allows(WithHeader("Bearer pa:ss")));
  EXPECT_TRUE(guard.Allows(WithHeader("Token pa:ss")));
  EXPECT_FALSE(guard.Allows(WithHeader("Bearer ann")));
  EXPECT_FALSE(guard.Allows(WithHeader("Bearer ")));
  http::Request request;
  request.headers = {{"X-API-Key", "pa:ss"}};
  EXPECT_TRUE(guard.Allows(request));
  request.headers = {{"x-api-key", "wrong"}};
  EXPECT_FALSE(guard.Allows(request));
  EXPECT_FALSE(Authenticator("ann", "").Allows(WithHeader("Bearer "))) << "an empty password is no token";
}

TEST(Auth, TakesTheCookieOfASession) {
  const Authenticator guard("ann", "pa:ss");
  http::Request request;
  request.headers = {{"Cookie", "a=b; influxdb-oss-session=" + guard.session_token() + "; Path=/api/"}};
  EXPECT_TRUE(guard.Allows(request));
  request.headers = {{"Cookie", "influxdb-oss-session=pa:ss"}};
  EXPECT_FALSE(guard.Allows(request)) << "a password is no session";
  request.headers = {{"Cookie", "influxdb-oss-session="}};
  EXPECT_FALSE(guard.Allows(request));
}

TEST(Auth, DecodesBase64) {
  std::string out;
  EXPECT_TRUE(DecodeBase64("YQ==", &out));
  EXPECT_EQ(out, "a");
  EXPECT_TRUE(DecodeBase64("YWI", &out)) << "unpadded";
  EXPECT_EQ(out, "ab");
  EXPECT_FALSE(DecodeBase64("YWJjZ", &out));
  EXPECT_FALSE(DecodeBase64("Y W", &out));
}

}  // namespace
}  // namespace gigapi
