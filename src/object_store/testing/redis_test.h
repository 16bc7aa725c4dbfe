// What tests with a Redis of their own share.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "object_store/testing/redis_server.h"

namespace gigapi {

/// Starts a Redis for each test; skips where none is installed.
class RedisTest : public testing::Test {
 protected:
  explicit RedisTest(RedisServer::Persistence persistence = RedisServer::Persistence::kNone) : persistence_(persistence) {}

  void SetUp() override {
    auto started = RedisServer::Start(persistence_);
    if (!started.ok() && KindOf(started.status()) == ErrorKind::kUnavailable) GTEST_SKIP() << started.status().message();
    ASSERT_TRUE(started.ok()) << started.status().ToString();
    server_ = *std::move(started);
  }

  /// `port`: that of a proxy, or 0.
  std::unique_ptr<ObjectStore> MakeStore(int port = 0, const RedisStoreOptions& options = {}) {
    return MakeRedisStore(server_->Url("test", port), options).ValueOrDie();
  }

  /// A command of the test's own; its text, or the failure's.
  std::string Command(const RedisCommand& command) {
    const auto client = RedisClient::Make(server_->Url("test"), {}, nullptr).ValueOrDie();
    const auto reply = client->Demand(command);
    if (!reply.ok()) return reply.status().ToString();
    return (*reply)->type == REDIS_REPLY_INTEGER ? std::to_string((*reply)->integer) : std::string(TextOf(**reply));
  }

  const RedisServer::Persistence persistence_;
  std::unique_ptr<RedisServer> server_;
};

/// The kind of a failure as a text, so that a mismatch reads well.
template <typename T>
std::string KindName(const T& result) {
  const Status status = arrow::ToStatus(result);
  return status.ok() ? "ok" : std::string(ToString(KindOf(status)));
}

}  // namespace gigapi
