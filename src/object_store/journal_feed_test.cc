#include "object_store/journal_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "object_store/testing/fault_store.h"
#include "object_store/testing/memory_store.h"

namespace gigapi {
namespace {

class JournalFeedTest : public testing::Test {
 protected:
  std::unique_ptr<JournalFeed> Node(const std::string& name, size_t changes_max = 100) {
    return std::make_unique<JournalFeed>(store_, JournalOptions{.prefix = "journal/",
                                                                .node = name,
                                                                .write_delay_ms = 1,
                                                                .poll_interval_ms = 1,
                                                                .list_interval_ms = 1,
                                                                .idle_after_ms = idle_after_ms_,
                                                                .changes_max = changes_max});
  }
  /// Waits until the feed tells something, and asks what.
  static ChangePage Next(JournalFeed* feed, const std::string& cursor) {
    EXPECT_TRUE(feed->AwaitChange(cursor, 60'000).ValueOrDie());
    return feed->Since(cursor, 100).ValueOrDie();
  }
  /// A reader's place once the node's journal is there.
  static std::string Meet(JournalFeed* reader, ObjectStore* store, const std::string& node) {
    while (!store->Head("journal/" + node).ok()) std::this_thread::yield();
    return reader->Since("", 1).ValueOrDie().cursor;
  }

  int64_t idle_after_ms_ = 600'000;
  const std::shared_ptr<FaultStore> store_ = std::make_shared<FaultStore>(MakeMemoryStore());
};

TEST_F(JournalFeedTest, TellsWhatOthersChangedInTheirOrder) {
  auto a = Node("a"), b = Node("b");
  std::string cursor = Meet(b.get(), store_.get(), "a");
  EXPECT_FALSE(b->Since("", 1)->complete);
  a->Note("x");
  a->Note("y");
  std::vector<std::string> keys;
  while (keys.size() < 2) {
    const ChangePage page = Next(b.get(), cursor);
    ASSERT_TRUE(page.complete);
    for (const ObjectChange& change : page.changes) keys.push_back(change.key);
    cursor = page.cursor;
  }
  EXPECT_THAT(keys, testing::ElementsAre("x", "y"));
  EXPECT_FALSE(b->AwaitChange(cursor, 5).ValueOrDie());
}

TEST_F(JournalFeedTest, APageIsAsLongAsAskedFor) {
  auto a = Node("a"), b = Node("b");
  std::string cursor = Meet(b.get(), store_.get(), "a");
  for (const char* key : {"1", "2", "3"}) a->Note(key);
  std::vector<std::string> keys;
  while (keys.size() < 3) {
    const ChangePage page = b->Since(cursor, 1).ValueOrDie();
    ASSERT_TRUE(page.complete);
    ASSERT_LE(page.changes.size(), 1u);
    if (!page.changes.empty()) keys.push_back(page.changes[0].key);
    cursor = page.cursor;
  }
  EXPECT_THAT(keys, testing::ElementsAre("1", "2", "3"));
}

TEST_F(JournalFeedTest, WhoIsTooFarBehindOrMeetsANewRunReadsEverything) {
  auto a = Node("a", 2), b = Node("b");
  std::string cursor = Meet(b.get(), store_.get(), "a");
  for (const char* key : {"1", "2", "3", "4"}) a->Note(key);
  while (b->Since(cursor, 100)->complete) std::this_thread::yield();
  cursor = b->Since("", 1)->cursor;
  a.reset();
  a = Node("a");
  ChangePage page = Next(b.get(), cursor);
  while (page.complete) page = Next(b.get(), page.cursor);
  EXPECT_FALSE(page.complete);
}

TEST_F(JournalFeedTest, ANodeThatIsNewIsMet) {
  auto b = Node("b");
  std::string cursor = b->Since("", 1)->cursor;
  auto a = Node("a");
  a->Note("x");
  ChangePage page = Next(b.get(), cursor);
  ASSERT_TRUE(page.complete);
  while (page.changes.empty()) page = Next(b.get(), page.cursor);
  EXPECT_EQ(page.changes[0].key, "x");
}

TEST_F(JournalFeedTest, AStoreThatFailsDelaysAndLosesNothing) {
  auto a = Node("a"), b = Node("b");
  std::string cursor = Meet(b.get(), store_.get(), "a");
  store_->SetFaults([](FaultStore::Operation, const std::string&) { return FaultStore::Outcome::kNotDone; });
  a->Note("x");
  EXPECT_FALSE(b->Since(cursor, 1).ok());
  store_->StopFailing();
  EXPECT_EQ(Next(b.get(), cursor).changes.at(0).key, "x");
}

TEST_F(JournalFeedTest, ANodeWhoseOldJournalWasRemovedIsHeardOfAgain) {
  auto a = Node("a"), b = Node("b");
  std::string cursor = Meet(b.get(), store_.get(), "a");
  ASSERT_TRUE(RemoveOldJournals(store_.get(), "journal/", INT64_MIN).ok());
  EXPECT_TRUE(store_->Head("journal/a").ok()) << "it is young";
  ASSERT_TRUE(RemoveOldJournals(store_.get(), "journal/", INT64_MAX).ok());
  EXPECT_FALSE(store_->Head("journal/a").ok());
  a->Note("x");
  EXPECT_EQ(Next(b.get(), cursor).changes.at(0).key, "x");
}

TEST_F(JournalFeedTest, APutThatArrivesLateTakesNothingBack) {
  auto a = Node("a"), b = Node("b");
  std::string cursor = Meet(b.get(), store_.get(), "a");
  std::atomic<bool> held_up = false;
  store_->SetFaults([&](FaultStore::Operation operation, const std::string&) {
    const bool puts = operation == FaultStore::Operation::kCommit || operation == FaultStore::Operation::kPutIf;
    return puts && !held_up.exchange(true) ? FaultStore::Outcome::kLate : FaultStore::Outcome::kDone;
  });
  a->Note("x");
  while (!held_up) std::this_thread::yield();
  a->Note("y");
  std::string told;
  for (std::string content; told.empty();) {
    content = store_->Get("journal/a")->content;
    if (content.ends_with("y\n")) told = content;
  }
  store_->DeliverLate();
  EXPECT_EQ(store_->Get("journal/a")->content, told);
  store_->StopFailing();
}

TEST_F(JournalFeedTest, IdleJournalsAreOnlyListedUntilTheyChange) {
  auto a = Node("a");
  idle_after_ms_ = 0;
  auto b = Node("b");
  std::string cursor = Meet(b.get(), store_.get(), "a");
  std::atomic<int> reads{0};
  store_->SetFaults([&](FaultStore::Operation operation, const std::string& key) {
    reads += operation == FaultStore::Operation::kRead && key == "journal/a";
    return FaultStore::Outcome::kDone;
  });
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(b->Since(cursor, 1).ok());
  EXPECT_LE(reads, 2);
  a->Note("x");
  EXPECT_EQ(Next(b.get(), cursor).changes.at(0).key, "x");
  store_->StopFailing();
}

TEST_F(JournalFeedTest, CancelEndsAWait) {
  auto b = Node("b");
  const std::string cursor = b->Since("", 1)->cursor;
  std::jthread waiter([&] { EXPECT_EQ(KindOf(b->AwaitChange(cursor, 600'000).status()), ErrorKind::kCancelled); });
  b->Cancel();
  waiter.join();
  EXPECT_EQ(KindOf(b->Since(cursor, 1).status()), ErrorKind::kCancelled);
}

}  // namespace
}  // namespace gigapi
