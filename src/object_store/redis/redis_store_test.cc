// The store of Redis against a redis-server that the test starts.
#include "object_store/redis/redis_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/uuid.h"
#include "object_store/testing/redis_server.h"
#include "object_store/testing/store_conformance.h"
#include "object_store/testing/tcp_proxy.h"

namespace gigapi {
namespace {

using testing::HasSubstr;
using testing::Not;

class RedisStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    auto started = RedisServer::Start(RedisServer::Persistence::kNone);
    if (!started.ok() && KindOf(started.status()) == ErrorKind::kUnavailable) GTEST_SKIP() << started.status().message();
    ASSERT_TRUE(started.ok()) << started.status().ToString();
    server_ = *std::move(started);
  }

  std::unique_ptr<ObjectStore> MakeStore(const std::string& prefix, int port = 0) {
    return MakeRedisStore(server_->Url(prefix, port), {}).ValueOrDie();
  }

  std::unique_ptr<RedisServer> server_;
};

TEST_F(RedisStoreTest, PassesTheConformanceSuite) {
  RunStoreChecks({"RedisStore", [&] { return MakeRedisStore(server_->Url(NewUuid()), {}); }});
}

}  // namespace
}  // namespace gigapi
