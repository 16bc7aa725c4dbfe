// The feed of changes against a redis-server that the test starts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "object_store/redis/redis_layout.h"
#include "object_store/testing/redis_test.h"
#include "object_store/testing/tcp_proxy.h"

namespace gigapi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kLongMs = 60'000;

class RedisFeedTest : public RedisTest {
 protected:
  RedisFeedTest() : RedisTest(RedisServer::Persistence::kEachWrite) {}

  void SetUp() override {
    RedisTest::SetUp();
    if (IsSkipped()) return;
    store_ = MakeStore();
    feed_ = MakeFeed({.subscribed_poll_ms = kLongMs});
  }

  std::unique_ptr<ChangeFeed> MakeFeed(const RedisFeedOptions& options, int port = 0) {
    return MakeRedisFeed(server_->Url("test", port), options).ValueOrDie();
  }

  std::string Put(const std::string& key) { return store_->PutIfAbsent(key, key).ValueOr("failed"); }
  std::string Cursor() { return feed_->Since("", 1).ValueOrDie().cursor; }
  ChangePage Since(const std::string& cursor, size_t changes_max = 100) {
    const auto page = feed_->Since(cursor, changes_max);
    EXPECT_TRUE(page.ok()) << page.status().ToString();
    return page.ok() ? *page : ChangePage{};
  }
  /// Until a feed's subscription is there.
  void AwaitSubscriber() {
    const auto client = RedisClient::Make(server_->Url("test"), {}, nullptr).ValueOrDie();
    const std::string channel = RedisKeys("test").notices;
    const int64_t deadline_ns = SteadyNanos() + 30 * kNanosPerSecond;
    while (SteadyNanos() < deadline_ns) {
      const auto reply = client->Demand({"PUBSUB", "NUMSUB", channel}).ValueOrDie();
      if (ElementOf(*reply, 1)->integer > 0) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    FAIL() << "nobody subscribes";
  }

  std::unique_ptr<ObjectStore> store_;
  std::unique_ptr<ChangeFeed> feed_;
};

std::vector<std::string> Told(const ChangePage& page) {
  std::vector<std::string> told;
  for (const ObjectChange& change : page.changes) told.push_back((change.version.empty() ? "-" : "+") + change.key);
  return told;
}

TEST_F(RedisFeedTest, TellsWhatChangedInOrder) {
  const ChangePage begin = Since("");
  EXPECT_FALSE(begin.complete);
  EXPECT_THAT(begin.changes, IsEmpty());
  const std::string empty = Cursor();
  EXPECT_TRUE(Since(empty).complete) << "nothing was there, and nothing is";
  Put("first");
  EXPECT_FALSE(Since(empty).complete) << "the data began meanwhile: it may be another's";
  EXPECT_FALSE(Since(empty).fell_back);
  const std::string cursor = Cursor();
  EXPECT_TRUE(Since(cursor).complete);
  EXPECT_THAT(Told(Since(cursor)), IsEmpty());

  const std::string version = Put("a");
  Put("b");
  EXPECT_FALSE(store_->PutIfAbsent("a", "refused").ok());
  ASSERT_TRUE(store_->Remove("first").ok());
  ASSERT_TRUE(store_->Remove("first").ok());  // changes nothing
  ASSERT_TRUE(store_->PutIfVersion("a", "more", version).ok());
  const ChangePage page = Since(cursor);
  EXPECT_TRUE(page.complete);
  EXPECT_THAT(Told(page), ElementsAre("+a", "+b", "-first", "+a"));
  EXPECT_EQ(page.changes[0].version, version);
  EXPECT_EQ(page.changes[3].version, store_->Head("a").ValueOrDie().version);
  EXPECT_THAT(Told(Since(page.cursor)), IsEmpty());

  const ChangePage part = Since(cursor, 3);
  EXPECT_THAT(Told(part), ElementsAre("+a", "+b", "-first"));
  EXPECT_THAT(Told(Since(part.cursor, 3)), ElementsAre("+a"));
  for (const std::string text : {"x", "x.y", "...", "0.0-0"}) {
    EXPECT_FALSE(Since(text).complete) << text;
    EXPECT_FALSE(Since(text).fell_back) << text;
  }
}

TEST_F(RedisFeedTest, SaysWhenItHasForgotten) {
  const auto forgetful = MakeStore(0, {.changes_max = 100});
  Put("first");
  const std::string old = Cursor();
  for (int i = 0; i < 250; ++i) ASSERT_TRUE(PutObject(forgetful.get(), "a", std::to_string(i)).ok());
  const std::string recent = Cursor();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(PutObject(forgetful.get(), "a", std::to_string(i)).ok());
  EXPECT_FALSE(Since(old).complete);
  EXPECT_FALSE(Since(old).fell_back) << "as far as one can tell";
  EXPECT_TRUE(Since(recent).complete);
  EXPECT_EQ(Since(recent).changes.size(), 50U);
}

TEST_F(RedisFeedTest, GoesOnAfterACrashThatLostNothing) {
  Put("a");
  const std::string cursor = Cursor();
  Put("b");
  server_->Kill();
  ASSERT_TRUE(server_->Restart().ok());
  Put("c");
  EXPECT_THAT(Told(Since(cursor)), ElementsAre("+b", "+c"));
}

TEST_F(RedisFeedTest, RecognisesAWipedRedis) {
  Put("a");
  Put("b");
  const std::string cursor = Cursor();
  const auto version = store_->Head("b").ValueOrDie().version;
  EXPECT_EQ(Command({"FLUSHALL"}), "OK");
  EXPECT_FALSE(Since(cursor).complete) << "it is empty";
  EXPECT_TRUE(Since(cursor).fell_back);
  Put("c");
  Put("b");  // as many changes as before, and the same last key
  EXPECT_FALSE(Since(cursor).complete);
  EXPECT_TRUE(Since(cursor).fell_back);
  EXPECT_EQ(KindName(store_->PutIfVersion("b", "x", version)), "conflict");
  EXPECT_TRUE(store_->GetIfChanged("b", version).ValueOrDie().has_value());

  const std::string again = Cursor();
  server_->Kill();
  server_->Wipe();
  ASSERT_TRUE(server_->Restart().ok());
  EXPECT_FALSE(Since(again).complete) << "restarted empty";
}

TEST_F(RedisFeedTest, RecognisesARedisThatFellBackToAnOlderState) {
  Put("a");
  server_->Kill();
  ASSERT_TRUE(server_->SaveState().ok());
  ASSERT_TRUE(server_->Restart().ok());
  const std::string version = Put("b");
  Put("c");
  const std::string cursor = Cursor();
  server_->Kill();
  ASSERT_TRUE(server_->GoBack().ok());
  ASSERT_TRUE(server_->Restart().ok());
  EXPECT_FALSE(Since(cursor).complete) << "it counts fewer changes";
  EXPECT_TRUE(Since(cursor).fell_back);
  const std::string other = store_->PutIfAbsent("b", "another").ValueOrDie();
  EXPECT_EQ(version.substr(0, version.find('-')), other.substr(0, other.find('-'))) << "it counts alike";
  EXPECT_NE(version, other);
  EXPECT_EQ(KindName(store_->PutIfVersion("b", "x", version)), "conflict");
  EXPECT_EQ(store_->GetIfChanged("b", version).ValueOrDie()->content, "another");
  Put("c");
  EXPECT_FALSE(Since(cursor).complete) << "it counts as many";
  EXPECT_TRUE(Since(cursor).fell_back);
  Put("d");
  EXPECT_FALSE(Since(cursor).complete) << "it counts more";
  EXPECT_TRUE(Since(cursor).fell_back);
}

/// Passes all but notices, if so told, and counts the answers to what a feed asks.
class FeedProxy {
 public:
  FeedProxy(int server_port, TcpProxy::Fate notices) : proxy_(TcpProxy::Start(server_port).ValueOrDie()) {
    proxy_->SetFaults([this, notices](TcpProxy::Direction direction, std::string_view bytes) {
      if (direction == TcpProxy::Direction::kToServer) return TcpProxy::Fate::kPass;
      if (bytes.find("$7\r\nmessage") != std::string_view::npos) return notices;
      ++answers_;
      return TcpProxy::Fate::kPass;
    });
  }
  int port() const { return proxy_->port(); }
  int answers() const { return answers_; }
  void AwaitMoreAnswersThan(int before) const {
    const int64_t deadline_ns = SteadyNanos() + 30 * kNanosPerSecond;
    while (answers_ <= before && SteadyNanos() < deadline_ns) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    EXPECT_GT(answers_, before);
  }

 private:
  std::atomic<int> answers_{0};
  const std::unique_ptr<TcpProxy> proxy_;
};

TEST_F(RedisFeedTest, IsToldOfAChangeAtOnce) {
  Put("a");
  const std::string cursor = Cursor();
  const FeedProxy proxy(server_->port(), TcpProxy::Fate::kPass);
  const auto feed = MakeFeed({.subscribed_poll_ms = kLongMs}, proxy.port());
  EXPECT_FALSE(feed->AwaitChange(cursor, 1).ValueOrDie());  // subscribed, the script known
  const int answers = proxy.answers();
  Result<bool> told = false;
  std::jthread waiting([&] { told = feed->AwaitChange(cursor, kLongMs); });
  proxy.AwaitMoreAnswersThan(answers);  // it has looked, in vain
  const int64_t begun_ns = SteadyNanos();
  Put("b");
  waiting.join();
  EXPECT_TRUE(told.ValueOrDie());
  EXPECT_LT(SteadyNanos() - begun_ns, kLongMs / 2 * kNanosPerMilli) << "it polls each minute only";
  EXPECT_TRUE(feed->AwaitChange(cursor, kLongMs).ValueOrDie()) << "what was before the call counts";
  EXPECT_FALSE(feed->AwaitChange(Cursor(), 20).ValueOrDie());
}

TEST_F(RedisFeedTest, PollsWhenNoticesAreLost) {
  Put("a");
  const std::string cursor = Cursor();
  const FeedProxy proxy(server_->port(), TcpProxy::Fate::kSwallow);
  const auto deaf = MakeFeed({.subscribed_poll_ms = 50}, proxy.port());
  EXPECT_FALSE(deaf->AwaitChange(cursor, 1).ValueOrDie());
  const int answers = proxy.answers();
  Result<bool> told = false;
  std::jthread waiting([&] { told = deaf->AwaitChange(cursor, kLongMs); });
  proxy.AwaitMoreAnswersThan(answers);
  const int64_t begun_ns = SteadyNanos();
  Put("b");
  waiting.join();
  EXPECT_TRUE(told.ValueOrDie());
  EXPECT_LT(SteadyNanos() - begun_ns, kLongMs / 2 * kNanosPerMilli);
}

TEST_F(RedisFeedTest, OutlivesCutConnectionsAndARestart) {
  Put("a");
  std::string cursor = Cursor();
  const auto proxy = TcpProxy::Start(server_->port()).ValueOrDie();
  const auto feed = MakeFeed({.subscribed_poll_ms = kLongMs, .unsubscribed_poll_ms = 5}, proxy->port());
  Result<bool> told = false;
  std::jthread waiting([&] { told = feed->AwaitChange(cursor, kLongMs); });
  AwaitSubscriber();
  proxy->CutAll();
  proxy->RefuseNew(false);
  Put("b");
  waiting.join();
  EXPECT_TRUE(told.ok() && *told) << told.status().ToString();

  cursor = Cursor();
  waiting = std::jthread([&] { told = feed->AwaitChange(cursor, kLongMs); });
  server_->Kill();
  ASSERT_TRUE(server_->Restart().ok());
  Put("c");
  waiting.join();
  EXPECT_TRUE(told.ok() && *told) << told.status().ToString();

  server_->Kill();
  EXPECT_EQ(KindName(feed->AwaitChange(cursor, 50)), "unavailable");
}

TEST_F(RedisFeedTest, CanBeCancelled) {
  Put("a");
  const std::string cursor = Cursor();
  for (const bool is_silent : {false, true}) {
    const auto feed = MakeFeed({.subscribed_poll_ms = kLongMs});
    if (is_silent) server_->Signal(SIGSTOP);
    Result<bool> told = false;
    int64_t ended_ns = 0;
    std::jthread waiting([&] {
      told = feed->AwaitChange(cursor, kLongMs);
      ended_ns = SteadyNanos();
    });
    if (!is_silent) AwaitSubscriber();
    const int64_t cancelled_ns = SteadyNanos();
    feed->Cancel();
    waiting.join();
    if (is_silent) server_->Signal(SIGCONT);
    EXPECT_EQ(KindName(told), "cancelled");
    EXPECT_LT(ended_ns - cancelled_ns, kLongMs * kNanosPerMilli / 2) << "100 ms on a machine that is not busy";
    EXPECT_EQ(KindName(feed->Since(cursor, 1)), "cancelled");
  }
}

}  // namespace
}  // namespace gigapi
