// The store of Redis against a redis-server that the test starts.
#include "object_store/redis/redis_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <random>
#include <thread>

#include "base/clock.h"
#include "base/uuid.h"
#include "object_store/testing/redis_test.h"
#include "object_store/testing/store_conformance.h"
#include "object_store/testing/tcp_proxy.h"

namespace gigapi {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Direction = TcpProxy::Direction;
using Fate = TcpProxy::Fate;

std::string Noise(size_t size) {
  std::mt19937_64 random(7);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

class RedisStoreTest : public RedisTest {};

TEST_F(RedisStoreTest, PassesTheConformanceSuite) {
  RunStoreChecks({"RedisStore", [&] { return MakeRedisStore(server_->Url(NewUuid()), {}); }});
}

TEST_F(RedisStoreTest, KeepsObjectsUpToTheLimit) {
  const auto store = MakeStore();
  std::string content = Noise(ObjectStore::kSmallObjectBytesMax);
  const auto version = store->PutIfAbsent("db/large", content);
  ASSERT_TRUE(version.ok()) << version.status().ToString();
  EXPECT_TRUE(store->Get("db/large").ValueOrDie().content == content);
  content += 'x';
  EXPECT_EQ(KindName(store->PutIfVersion("db/large", content, *version)), "too large");
  EXPECT_EQ(KindName(PutObject(store.get(), "db/other", content)), "too large");
}

TEST_F(RedisStoreTest, KeepsSeveralCatalogsApart) {
  const auto one = MakeRedisStore(server_->Url("one"), {}).ValueOrDie();
  const auto two = MakeRedisStore(server_->Url("two"), {}).ValueOrDie();
  ASSERT_TRUE(one->PutIfAbsent("a", "1").ok());
  EXPECT_EQ(KindName(two->Get("a")), "not found");
  ASSERT_TRUE(two->PutIfAbsent("a", "2").ok());
  EXPECT_EQ(one->Get("a").ValueOrDie().content, "1");
  EXPECT_THAT(one->Describe(), HasSubstr("?prefix=one"));
}

TEST_F(RedisStoreTest, TeachesItsScriptsAgainToARedisThatForgotThem) {
  const auto store = MakeStore();
  ASSERT_TRUE(store->PutIfAbsent("a", "1").ok());
  EXPECT_EQ(Command({"SCRIPT", "FLUSH"}), "OK");
  ASSERT_TRUE(store->PutIfAbsent("b", "1").ok());
  ASSERT_TRUE(store->Remove("a").ok());
  EXPECT_EQ(ListAll(store.get(), "").ValueOrDie().size(), 1U);
}

TEST_F(RedisStoreTest, ServesMoreThreadsThanConnections) {
  const auto store = MakeStore(0, {.client = {.connections_max = 2}});
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 12; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string key = std::to_string(t) + "/" + std::to_string(i);
        if (!store->PutIfAbsent(key, key).ok() || store->Get(key).ValueOrDie().content != key) ++wrong;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(ListAll(store.get(), "").ValueOrDie().size(), 240U);
}

TEST_F(RedisStoreTest, RefusesWhatAnotherProgramPutThere) {
  const auto store = MakeStore();
  Command({"SET", "{gigapi:test}:o:a", "something else, of which nobody knows what it is"});
  EXPECT_EQ(KindName(store->Get("a")), "internal");
}

/// Passes all but the piece of this number in one direction, of the connections made from now on.
TcpProxy::Decide CutPiece(Direction direction, int number, std::function<void()> before_cut = {}) {
  return [=, left = number](Direction of, std::string_view) mutable {
    if (of != direction || left == 0 || --left > 0) return Fate::kPass;
    if (before_cut) before_cut();
    return Fate::kCut;
  };
}

TEST_F(RedisStoreTest, PutsOnceThoughTheAnswerWasLost) {
  const auto proxy = TcpProxy::Start(server_->port()).ValueOrDie();
  const auto store = MakeStore(proxy->port());
  const auto first = store->PutIfAbsent("a", "1").ValueOrDie();
  proxy->SetFaults(CutPiece(Direction::kToClient, 1));
  const auto second = store->PutIfVersion("a", "2", first);
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  EXPECT_EQ(store->Get("a").ValueOrDie().version, *second);
  EXPECT_EQ(Command({"HGET", "{gigapi:test}:state", "version"}), "2") << "carried out once";
  EXPECT_EQ(store->metrics().retries_total, 1);

  proxy->SetFaults(CutPiece(Direction::kToClient, 1));
  ASSERT_TRUE(store->PutIfAbsent("b", "1").ok());
  proxy->SetFaults(CutPiece(Direction::kToClient, 1));
  ASSERT_TRUE(store->Remove("b").ok());
  EXPECT_EQ(Command({"HGET", "{gigapi:test}:state", "version"}), "4");
}

TEST_F(RedisStoreTest, KnowsAPutWhoseAnswerWasLostThoughItWasReplacedSince) {
  const auto proxy = TcpProxy::Start(server_->port()).ValueOrDie();
  const auto store = MakeStore(proxy->port());
  const auto other = MakeStore();
  const auto first = store->PutIfAbsent("a", "1").ValueOrDie();
  const auto replace = [&] {
    const auto seen = other->Get("a").ValueOrDie();
    EXPECT_EQ(seen.content, "2");
    EXPECT_TRUE(other->PutIfVersion("a", "3", seen.version).ok());
  };
  proxy->SetFaults(CutPiece(Direction::kToClient, 1, replace));
  const auto second = store->PutIfVersion("a", "2", first);
  ASSERT_TRUE(second.ok()) << second.status().ToString();
  EXPECT_THAT(*second, testing::StartsWith("2-"));
  EXPECT_EQ(store->Get("a").ValueOrDie().content, "3") << "and it was not put again";
}

TEST_F(RedisStoreTest, KnowsThatAPutWhoseRequestWasLostWasNotMade) {
  const auto proxy = TcpProxy::Start(server_->port()).ValueOrDie();
  const auto store = MakeStore(proxy->port());
  const auto other = MakeStore();
  const auto first = store->PutIfAbsent("a", "1").ValueOrDie();
  proxy->SetFaults(CutPiece(Direction::kToServer, 1, [&] { EXPECT_TRUE(other->PutIfVersion("a", "theirs", first).ok()); }));
  EXPECT_EQ(KindName(store->PutIfVersion("a", "ours", first)), "conflict");
  proxy->SetFaults(CutPiece(Direction::kToServer, 1, [&] { EXPECT_TRUE(other->PutIfAbsent("b", "theirs").ok()); }));
  EXPECT_EQ(KindName(store->PutIfAbsent("b", "ours")), "conflict") << "the changes are known from the first on";
  EXPECT_EQ(store->Get("b").ValueOrDie().content, "theirs");
}

TEST_F(RedisStoreTest, SaysThatItDoesNotKnowWhenTheChangesAreForgotten) {
  const auto proxy = TcpProxy::Start(server_->port()).ValueOrDie();
  const auto store = MakeStore(proxy->port());
  const auto other = MakeStore(0, {.changes_max = 100});
  ASSERT_TRUE(other->PutIfAbsent("first", "1").ok());
  proxy->SetFaults(CutPiece(Direction::kToServer, 1, [&] {
    for (int i = 0; i < 400; ++i) EXPECT_TRUE(PutObject(other.get(), "a", std::to_string(i)).ok());
  }));
  EXPECT_EQ(KindName(store->PutIfAbsent("a", "ours")), "unavailable");
}

constexpr RedisLimits kShortLimits = {.connect_ms_max = 300, .silence_ms_max = 200, .exchange_ms_max = 500};

TEST_F(RedisStoreTest, GivesUpOnASilentServer) {
  const auto store = MakeStore(0, {.client = {.limits = kShortLimits, .retries = {.attempts_max = 2, .first_delay_ms = 1}}});
  ASSERT_TRUE(store->PutIfAbsent("a", "1").ok());
  server_->Signal(SIGSTOP);
  const int64_t begun_ns = SteadyNanos();
  const auto silent = store->Get("a");
  EXPECT_LT(SteadyNanos() - begun_ns, 20 * kNanosPerSecond);
  EXPECT_EQ(KindName(silent), "unavailable");
  EXPECT_THAT(silent.status().message(), HasSubstr("takes too long"));
  server_->Signal(SIGCONT);
  EXPECT_EQ(store->Get("a").ValueOrDie().content, "1");
  server_->Kill();
  const auto gone = store->Get("a");
  EXPECT_EQ(KindName(gone), "unavailable");
  EXPECT_THAT(gone.status().message(), HasSubstr("redis://127.0.0.1:"));
}

TEST_F(RedisStoreTest, GivesUpOnDripsAndOnOtherProtocols) {
  const auto store = MakeStore(0, {.client = {.retries = {.attempts_max = 1}}});
  ASSERT_TRUE(store->PutIfAbsent("a", Noise(100'000)).ok());
  const auto proxy = TcpProxy::Start(server_->port()).ValueOrDie();
  const auto harmed = MakeStore(proxy->port(), {.client = {.limits = kShortLimits, .retries = {.attempts_max = 1}}});
  proxy->SetFaults([](Direction direction, std::string_view) {
    return direction == Direction::kToClient ? Fate::kTruncate : Fate::kPass;
  });
  EXPECT_EQ(KindName(harmed->Get("a")), "unavailable");
  proxy->SetFaults([](Direction direction, std::string_view) {
    return direction == Direction::kToClient ? Fate::kSwallow : Fate::kPass;
  });
  EXPECT_EQ(KindName(harmed->Get("a")), "unavailable");
}

TEST_F(RedisStoreTest, ComesBackWhenRedisDoes) {
  const auto store = MakeStore();
  ASSERT_TRUE(store->PutIfAbsent("a", "1").ok());
  server_->Kill();
  Result<std::string> put = Status::IOError("not put yet");
  std::jthread writer([&] { put = store->PutIfAbsent("b", "2"); });
  ASSERT_TRUE(server_->Restart().ok());
  writer.join();
  EXPECT_TRUE(put.ok()) << put.status().ToString();
  EXPECT_EQ(KindName(store->Get("a")), "not found") << "it keeps nothing on disk here";
}

TEST_F(RedisStoreTest, AdvisesWhatACatalogNeeds) {
  const auto advice = RedisAdvice(server_->Url("test"), {}).ValueOrDie();
  ASSERT_EQ(advice.size(), 1U);
  EXPECT_THAT(advice[0], HasSubstr("appendonly is no"));
  Command({"CONFIG", "SET", "maxmemory", "100mb"});
  Command({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
  Command({"CONFIG", "SET", "appendfsync", "everysec"});
  Command({"CONFIG", "SET", "appendonly", "yes"});
  EXPECT_THAT(RedisAdvice(server_->Url("test"), {}).ValueOrDie(),
              testing::ElementsAre(HasSubstr("allkeys-lru"), HasSubstr("appendfsync is everysec")));
  Command({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  Command({"CONFIG", "SET", "appendfsync", "always"});
  EXPECT_THAT(RedisAdvice(server_->Url("test"), {}).ValueOrDie(), IsEmpty());
}

TEST_F(RedisStoreTest, SaysThatRedisIsOutOfMemory) {
  const auto store = MakeStore();
  ASSERT_TRUE(store->PutIfAbsent("a", "1").ok());
  Command({"CONFIG", "SET", "maxmemory", "1"});
  const auto full = store->PutIfAbsent("b", "2");
  EXPECT_EQ(KindName(full), "unavailable");
  EXPECT_THAT(full.status().message(), HasSubstr("maxmemory"));
  Command({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(Command({"HGET", "{gigapi:test}:state", "version"}), "1") << "nothing was done by halves";
}

TEST(RedisTls, SpeaksItAndKeepsItsSecrets) {
  const auto server = RedisServer::StartSecure();
  if (!server.ok() && KindOf(server.status()) == ErrorKind::kUnavailable) GTEST_SKIP() << server.status().message();
  ASSERT_TRUE(server.ok()) << server.status().ToString();
  const RedisUrl url = (*server)->Url("test");
  const auto store = MakeRedisStore(url, {}).ValueOrDie();
  const std::string content = Noise(5'000'000);
  ASSERT_TRUE(PutObject(store.get(), "a/b", content).ok());
  EXPECT_TRUE(store->Get("a/b").ValueOrDie().content == content);
  EXPECT_THAT(store->Describe(), Not(HasSubstr(RedisServer::kPassword)));

  const auto feed = MakeRedisFeed(url, {}).ValueOrDie();
  const std::string cursor = feed->Since("", 1).ValueOrDie().cursor;
  EXPECT_FALSE(feed->AwaitChange(cursor, 1).ValueOrDie());
  const std::string version = store->PutIfAbsent("c", "1").ValueOrDie();
  ASSERT_TRUE(store->PutIfVersion("c", "2", version).ok());
  EXPECT_TRUE(store->GetIfChanged("c", version).ValueOrDie().has_value());
  EXPECT_EQ(store->Head("c").ValueOrDie().size_bytes, 1U);
  ASSERT_TRUE(store->Remove("c").ok());
  EXPECT_EQ(ListAll(store.get(), "a/").ValueOrDie().size(), 1U);
  EXPECT_TRUE(feed->AwaitChange(cursor, 60'000).ValueOrDie());
  EXPECT_EQ(feed->Since(cursor, 10).ValueOrDie().changes.size(), 3U);
  EXPECT_EQ(RedisAdvice(url, {}).ValueOrDie().size(), 1U);

  const RedisStoreOptions once = {.client = {.retries = {.attempts_max = 1}}};
  const auto probe = [&](const RedisUrl& other) {
    const Status status = MakeRedisStore(other, once).ValueOrDie()->Probe();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(status.ToString(), Not(HasSubstr("secret")));
    return status;
  };
  RedisUrl wrong = url;
  wrong.password = "wrong-secret";
  EXPECT_EQ(KindName(probe(wrong)), "forbidden");
  wrong = url;
  wrong.prefix = "other";
  EXPECT_EQ(KindName(probe(wrong)), "forbidden");
  wrong = url;
  wrong.password.clear();
  EXPECT_EQ(KindName(probe(wrong)), "forbidden");
  wrong = url;
  wrong.authorities_file.clear();
  EXPECT_THAT(probe(wrong).message(), HasSubstr("certificate verify failed"));
  wrong = url;
  wrong.host = "localhost";  // the certificate is for 127.0.0.1
  EXPECT_THAT(probe(wrong).message(), HasSubstr("certificate verify failed"));
  wrong = url;
  wrong.secure = false;
  EXPECT_EQ(KindName(probe(wrong)), "unavailable");
  wrong = url;
  wrong.database = 99;
  EXPECT_EQ(KindName(probe(wrong)), "invalid argument");
  wrong = url;
  wrong.authorities_file = "/none/such.pem";
  EXPECT_EQ(KindName(MakeRedisStore(wrong, {})), "invalid argument");
}

}  // namespace
}  // namespace gigapi
