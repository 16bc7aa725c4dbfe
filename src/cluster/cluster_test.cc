// Who is alive, and what nodes say of themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "cluster/lease_table.h"
#include "cluster/membership.h"
#include "cluster/node_entry.h"
#include "object_store/testing/memory_store.h"

namespace gigapi {
namespace {

NodeEntry Entry(const std::string& node, const std::string& epoch, uint64_t heartbeats = 1) {
  return {.node = node, .epoch = epoch, .role = "aio", .heartbeats = heartbeats};
}

TEST(NodeEntry, ComesBackAsItWas) {
  const NodeEntry entry{.node = "n",
                        .epoch = "e",
                        .role = "writeonly",
                        .version = "1.2.3",
                        .http_address = "http://a:1",
                        .flight_address = "grpc://a:2",
                        .public_key = "01ab",
                        .root = "r",
                        .may_hold_rows = true,
                        .started_ns = -5,
                        .heartbeats = UINT64_MAX,
                        .interval_ms = 7};
  const auto read = DecodeNodeEntry(EncodeNodeEntry(entry));
  ASSERT_TRUE(read.ok()) << read.status().ToString();
  EXPECT_EQ(EncodeNodeEntry(*read), EncodeNodeEntry(entry));
  EXPECT_EQ(read->heartbeats, UINT64_MAX);
}

TEST(NodeEntry, OfAnEarlierVersionIsReadAndCanBeReadByOne) {
  NodeEntry entry{.node = "n", .epoch = "e", .role = "aio"};
  std::string json = EncodeNodeEntry(entry);
  EXPECT_NE(json.find("\"peer_token\":"), std::string::npos);
  const std::string_view key = "\"public_key\":\"\",";
  json.erase(json.find(key), key.size());
  EXPECT_TRUE(DecodeNodeEntry(json).ok());
}

TEST(NodeEntry, OtherTextsAreErrors) {
  for (const char* json : {"", "{}", "[1]", R"({"node":1})", "\xff"}) EXPECT_FALSE(DecodeNodeEntry(json).ok()) << json;
}

TEST(LeaseTable, ANodeIsAliveWhileItsEntryChanges) {
  LeaseTable table(100);
  table.Observe(Entry("a", "1"), "v1", 0);
  EXPECT_TRUE(table.IsAlive("a", "1", 99));
  EXPECT_FALSE(table.IsAlive("a", "1", 100));
  table.Observe(Entry("a", "1"), "v1", 90);  // seen again, but the same
  EXPECT_FALSE(table.IsAlive("a", "1", 100));
  table.Observe(Entry("a", "1", 2), "v2", 90);
  EXPECT_TRUE(table.IsAlive("a", "1", 189));
}

TEST(LeaseTable, AnEarlierRunOfANodeIsDead) {
  LeaseTable table(100);
  table.Observe(Entry("a", "1"), "v1", 0);
  table.Observe(Entry("a", "2"), "v2", 10);
  EXPECT_FALSE(table.IsAlive("a", "1", 11));
  EXPECT_TRUE(table.IsAlive("a", "2", 11));
  EXPECT_FALSE(table.IsAlive("b", "1", 11));
}

TEST(LeaseTable, NodesThatAreGoneAreForgotten) {
  LeaseTable table(100);
  table.Observe(Entry("a", "1"), "v1", 0);
  table.Observe(Entry("b", "1"), "v1", 0);
  table.KeepOnly({"b"});
  EXPECT_FALSE(table.IsAlive("a", "1", 1));
  EXPECT_EQ(table.Members(1).size(), 1u);
  EXPECT_EQ(table.VersionOf("a"), "");
}

class Members : public testing::Test {
 protected:
  std::unique_ptr<Membership> Join(const std::string& node, bool may_hold_rows = false) {
    auto member = std::make_unique<Membership>(store_, MembershipOptions{.heartbeat_interval_ms = 10, .lease_ms = 300});
    EXPECT_TRUE(member->Join(node, "root of " + node, may_hold_rows, [](const std::string&) {}).ok());
    return member;
  }
  static std::vector<std::string> Alive(const Membership& membership) {
    std::vector<std::string> names;
    for (const Member& member : membership.Members()) {
      if (member.is_alive) names.push_back(member.entry.node);
    }
    return names;
  }

  const std::shared_ptr<ObjectStore> store_ = MakeMemoryStore();
};

TEST_F(Members, SeeEachOtherComeAndGo) {
  const auto a = Join("a");
  const auto b = Join("b");
  while (Alive(*a) != std::vector<std::string>{"a", "b"}) std::this_thread::yield();
  EXPECT_TRUE(a->IsAlive("b", b->epoch()));
  EXPECT_FALSE(a->IsAlive("b", a->epoch()));
  EXPECT_TRUE(b->HoldsLease());
  b->Leave();
  while (a->Members().size() != 1) std::this_thread::yield();
}

TEST_F(Members, OneThatSaysNothingMoreIsDeadAndCanBeForgotten) {
  const auto a = Join("a");
  const auto b = Join("b", true);
  while (Alive(*a).size() != 2) std::this_thread::yield();
  EXPECT_EQ(KindOf(a->Forget("b")), ErrorKind::kConflict);
  EXPECT_EQ(KindOf(a->Forget("a")), ErrorKind::kConflict);
  EXPECT_EQ(KindOf(a->Forget("c")), ErrorKind::kNotFound);
  b->Stop();
  while (Alive(*a).size() != 1) std::this_thread::yield();
  // It knows by itself that it may be taken for dead, and before the others do.
  EXPECT_FALSE(b->HoldsLease());
  EXPECT_EQ(a->OtherHolders().at(0).entry.node, "b");
  EXPECT_TRUE(b->OtherHolders().empty());
  EXPECT_TRUE(a->Forget("b").ok());
  EXPECT_EQ(a->Members().size(), 1u);
}

TEST_F(Members, ACopyOfARootIsRefusedWhileTheOtherOneRuns) {
  const auto a = Join("a");
  Membership copy(store_, {.heartbeat_interval_ms = 10, .lease_ms = 300});
  const Status refused = copy.Join("a", "another root", false, {});
  EXPECT_EQ(KindOf(refused), ErrorKind::kConflict) << refused.ToString();
  copy.Leave();
  EXPECT_TRUE(a->CheckHasName().ok());
  EXPECT_TRUE(store_->Get(NodeKey("a")).ok()) << "it is not the copy's to take away";
}

TEST_F(Members, OneThatDiedIsFollowedAtOnceByTheNextRunOfItsRootAndSoonByACopy) {
  // Nobody can wait for its next heartbeat.
  Membership died(store_, {.heartbeat_interval_ms = 3'600'000});
  ASSERT_TRUE(died.Join("a", "root of a", false, {}).ok());
  died.Stop();
  {
    const auto next = Join("a");
    EXPECT_TRUE(next->CheckHasName().ok());
    next->Stop();
  }
  Membership moved(store_, {.heartbeat_interval_ms = 10, .lease_ms = 300});
  EXPECT_TRUE(moved.Join("a", "the root on another machine", false, {}).ok());
}

TEST_F(Members, OneWhoseNameAnotherHasTakenStops) {
  auto paused = Join("a");
  // As if it had been paused meanwhile: it is the next to write.
  NodeEntry entry{.node = "a", .epoch = "another", .role = "aio", .root = "another root", .interval_ms = 10};
  while (paused->CheckHasName().ok()) {
    ++entry.heartbeats;
    ASSERT_TRUE(PutObject(store_.get(), NodeKey("a"), EncodeNodeEntry(entry)).ok());
    std::this_thread::yield();
  }
  EXPECT_EQ(KindOf(paused->CheckHasName()), ErrorKind::kUnavailable);
  paused->Leave();
  EXPECT_EQ(DecodeNodeEntry(store_->Get(NodeKey("a"))->content)->epoch, "another");
}

TEST_F(Members, OneThatIsStoppedLeavesTheEntryOfWhoHasTakenItsName) {
  // It does not hear of it before it ends.
  Membership paused(store_, {.heartbeat_interval_ms = 3'600'000});
  ASSERT_TRUE(paused.Join("a", "root of a", false, {}).ok());
  const NodeEntry entry{.node = "a", .epoch = "another", .role = "aio", .root = "another root", .interval_ms = 10};
  ASSERT_TRUE(PutObject(store_.get(), NodeKey("a"), EncodeNodeEntry(entry)).ok());
  paused.Leave();
  EXPECT_TRUE(store_->Get(NodeKey("a")).ok());
}

/// A store that falls back to an older state has an entry of an earlier run, or none.
TEST_F(Members, AnEntryOfTheDeadIsReplacedAgain) {
  const auto a = Join("a");
  const auto has_own_entry = [&] {
    const auto found = store_->Get(NodeKey("a"));
    return found.ok() && DecodeNodeEntry(found->content)->epoch == a->epoch();
  };
  for (const std::string root : {"root of a", "before the machine was started anew"}) {
    const NodeEntry entry{.node = "a", .epoch = "old", .role = "aio", .root = root, .interval_ms = 10};
    ASSERT_TRUE(PutObject(store_.get(), NodeKey("a"), EncodeNodeEntry(entry)).ok());
    while (!has_own_entry()) std::this_thread::yield();
  }
  ASSERT_TRUE(store_->Remove(NodeKey("a")).ok());
  while (!has_own_entry()) std::this_thread::yield();
  EXPECT_TRUE(a->CheckHasName().ok());
}

TEST_F(Members, KnowEachOtherByProofsThatNobodyElseCanUse) {
  const auto a = Join("a");
  const auto b = Join("b");
  const std::string proof = *b->ProveTo(a->Self());
  EXPECT_TRUE(a->IsByNode(proof)) << "of one that came after the last look, too";
  EXPECT_FALSE(b->IsByNode(proof)) << "it was for another node";
  NodeEntry earlier_run = a->Self();
  earlier_run.epoch = "earlier";
  EXPECT_FALSE(a->IsByNode(*b->ProveTo(earlier_run)));
  std::string forged = proof;
  forged.back() = forged.back() == '0' ? '1' : '0';
  for (const std::string& text :
       {forged, b->Self().public_key, b->Self().public_key + ".", std::string(), std::string(".")}) {
    EXPECT_FALSE(a->IsByNode(text)) << text;
  }
  EXPECT_FALSE(a->IsByNode(*NodeKeyPair::Make()->ProveTo("a", a->epoch()))) << "of nobody in the catalog";
}

TEST_F(Members, KnowOthersThatComeTogether) {
  const auto a = Join("a");
  std::vector<std::unique_ptr<Membership>> others;
  for (int i = 0; i < 8; ++i) {
    others.push_back(Join("b" + std::to_string(i)));
    EXPECT_TRUE(a->IsByNode(*others.back()->ProveTo(a->Self()))) << i;
  }
}

TEST_F(Members, LeaveNoSecretInTheCatalog) {
  const auto a = Join("a");
  const std::string entry = store_->Get(NodeKey("a"))->content;
  // Whoever reads the entry has nothing that the node takes.
  EXPECT_FALSE(a->IsByNode(entry));
  EXPECT_FALSE(a->IsByNode(DecodeNodeEntry(entry)->public_key));
}

TEST_F(Members, TellWhereTheyAre) {
  const auto a = Join("a");
  const auto b = Join("b");
  ASSERT_TRUE(b->SetAddresses("http://b:1", "grpc://b:2").ok());
  const auto address = [&]() -> std::string {
    for (const Member& member : a->Members()) {
      if (member.entry.node == "b") return member.entry.flight_address;
    }
    return "";
  };
  while (address() != "grpc://b:2") std::this_thread::yield();
  EXPECT_TRUE(a->Members().at(0).is_self);
}

}  // namespace
}  // namespace gigapi
