// Many writers of few objects while connections are cut and Redis is killed: every change that was answered is there once,
// and who follows the changes has the same at the end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "base/clock.h"
#include "object_store/testing/redis_test.h"
#include "object_store/testing/tcp_proxy.h"

namespace gigapi {
namespace {

constexpr int kWriters = 8;
constexpr int kIncrements = 30;
constexpr int kKeys = 3;
constexpr int kKills = 4;
constexpr std::chrono::milliseconds kLook{2};

class RedisChaosTest : public RedisTest {
 protected:
  RedisChaosTest() : RedisTest(RedisServer::Persistence::kEachWrite) {}
};

std::string KeyOf(int number) { return "db/table/counter." + std::to_string(number); }

/// Adds a line to an object until that is certain. What was not answered is looked for; what was answered kConflict is not,
/// so that an answer of a put that was made after all would add the line twice.
bool AddLine(ObjectStore* store, const std::string& key, const std::string& line) {
  for (int attempt = 0; attempt < 1'000; ++attempt) {
    const auto there = store->Get(key);
    if (!there.ok() && KindOf(there.status()) != ErrorKind::kNotFound) continue;
    const auto put =
        there.ok() ? store->PutIfVersion(key, there->content + line, there->version) : store->PutIfAbsent(key, line);
    if (put.ok()) return true;
    if (KindOf(put.status()) == ErrorKind::kConflict) continue;
    Result<ObjectContent> found = store->Get(key);
    for (int again = 0; !found.ok() && again < 100; ++again) found = store->Get(key);
    if (found.ok() && found->content.find(line) != std::string::npos) return true;
  }
  return false;
}

/// A copy of the objects that follows the changes.
class Follower {
 public:
  Follower(ObjectStore* store, ChangeFeed* feed) : store_(store), feed_(feed) {}

  void Run() {
    while (true) {
      const auto page = feed_->Since(cursor_, 7);
      if (!page.ok() && KindOf(page.status()) == ErrorKind::kCancelled) return;
      if (!page.ok() || !Apply(*page)) continue;  // the cursor stays
      cursor_ = page->cursor;
      if (!page->complete) ++resets_;
      if (page->complete && page->changes.empty()) (void)feed_->AwaitChange(cursor_, 60'000);
    }
  }

  bool Has(const std::map<std::string, std::string>& objects) {
    const std::lock_guard lock(mutex_);
    return objects_ == objects;
  }
  int resets() const { return resets_; }

 private:
  bool Apply(const ChangePage& page) {
    std::set<std::string> keys;
    for (const ObjectChange& change : page.changes) keys.insert(change.key);
    if (!page.complete) {
      const auto all = ListAll(store_, "");
      if (!all.ok()) return false;
      for (const ObjectInfo& object : *all) keys.insert(object.key);
      const std::lock_guard lock(mutex_);
      objects_.clear();
    }
    for (const std::string& key : keys) {
      const auto found = store_->Get(key);
      if (!found.ok() && KindOf(found.status()) != ErrorKind::kNotFound) return false;
      const std::lock_guard lock(mutex_);
      if (found.ok()) objects_[key] = found->content;
      else objects_.erase(key);
    }
    return true;
  }

  ObjectStore* const store_;
  ChangeFeed* const feed_;
  std::string cursor_;
  std::atomic<int> resets_{0};
  std::mutex mutex_;
  std::map<std::string, std::string> objects_;
};

TEST_F(RedisChaosTest, LosesAndDoublesNothing) {
  const auto proxy = TcpProxy::Start(server_->port()).ValueOrDie();
  proxy->CutAtRandom(0.05, 20260102);
  const auto direct = MakeStore();
  const auto feed = MakeRedisFeed(server_->Url("test", proxy->port()), {.subscribed_poll_ms = 200}).ValueOrDie();
  Follower follower(direct.get(), feed.get());
  std::jthread following([&] { follower.Run(); });

  std::atomic<int> done{0};
  std::atomic<int> failed{0};
  std::vector<std::unique_ptr<ObjectStore>> stores;
  std::vector<std::jthread> writers;
  for (int w = 0; w < kWriters; ++w) stores.push_back(MakeStore(proxy->port()));
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int i = 0; i < kIncrements; ++i) {
        const std::string line = "<" + std::to_string(w) + ":" + std::to_string(i) + ">\n";
        if (!AddLine(stores[w].get(), KeyOf((w + i) % kKeys), line)) ++failed;
        ++done;
      }
    });
  }
  for (int kill = 1; kill <= kKills; ++kill) {
    // Spread over the work, so that each kill meets writers.
    while (done < kWriters * kIncrements * kill / (kKills + 1)) std::this_thread::sleep_for(kLook);
    server_->Kill();
    ASSERT_TRUE(server_->Restart().ok());
  }
  writers.clear();
  EXPECT_EQ(failed, 0);

  std::map<std::string, std::string> objects;
  std::string all;
  for (int k = 0; k < kKeys; ++k) {
    objects[KeyOf(k)] = direct->Get(KeyOf(k)).ValueOrDie().content;
    all += objects[KeyOf(k)];
  }
  for (int w = 0; w < kWriters; ++w) {
    for (int i = 0; i < kIncrements; ++i) {
      const std::string line = "<" + std::to_string(w) + ":" + std::to_string(i) + ">\n";
      const size_t at = all.find(line);
      EXPECT_NE(at, std::string::npos) << "lost " << line;
      EXPECT_EQ(all.find(line, at + 1), std::string::npos) << "doubled " << line;
    }
  }
  const int64_t deadline_ns = SteadyNanos() + 60 * kNanosPerSecond;
  while (!follower.Has(objects) && SteadyNanos() < deadline_ns) std::this_thread::sleep_for(kLook);
  EXPECT_TRUE(follower.Has(objects));
  feed->Cancel();
  following.join();
  EXPECT_LE(follower.resets(), 2) << "at its start, and when the data began: a crash forgets no change";
  int64_t retries = 0;
  for (const auto& store : stores) retries += store->metrics().retries_total;
  EXPECT_GT(retries, kKills) << "the faults were met";
}

}  // namespace
}  // namespace gigapi
