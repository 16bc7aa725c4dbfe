// Drops in a catalog that several lakes share, and what becomes of the files.
#include <atomic>
#include <future>
#include <numeric>
#include <thread>

#include "base/clock.h"
#include "catalog/drop_list.h"
#include "catalog/store_catalog.h"
#include "lake/testing/shared_lake.h"

namespace gigapi {
namespace {

using SharedDrop = SharedLake;

TEST_F(SharedDrop, AQueryDoesNotBringBackATableWhileItIsTakenOutOfTheCatalog) {
  FaultFileSystem disk;
  const auto lake = OpenNode(&disk);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {1, 2}, 2)).ok());
  ASSERT_TRUE(lake->FlushAll().ok());
  // The hours are gone by then.
  store_->SetFaults([](FaultStore::Operation operation, const std::string& key) {
    const bool is_it = operation == FaultStore::Operation::kRemove && key == "db/t/metadata.json";
    return is_it ? FaultStore::Outcome::kNotDone : FaultStore::Outcome::kDone;
  });
  EXPECT_FALSE(lake->DropTable("db", "t").ok());
  const auto queried = lake->SnapshotWith("db", "t", {});
  EXPECT_TRUE(queried.ok() && *queried == nullptr) << queried.status().ToString();
  store_->StopFailing();
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {3})).ok());
  ASSERT_TRUE(lake->FlushAll().ok());
  EXPECT_EQ(VisibleToANewNode(), Ids{3});
}

TEST_F(SharedDrop, RowsOnTheirWayMakeATableAnewThatIsForgottenMeanwhile) {
  FaultFileSystem disk;
  const auto lake = OpenNode(&disk);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {1})).ok());
  ASSERT_TRUE(lake->FlushAll().ok());
  disk.SetSyncDelay(std::chrono::milliseconds(300));
  std::promise<Status> answer;
  lake->Write("db", Rows("t", {2}), [&](Status status) { answer.set_value(std::move(status)); });
  // As another node drops it.
  ASSERT_TRUE(store_->Remove("db/t/metadata.json").ok());
  ASSERT_TRUE(lake->LookAgain("db", "t").ok());
  EXPECT_TRUE(answer.get_future().get().ok());
  disk.SetSyncDelay(std::chrono::milliseconds(0));
  EXPECT_EQ(VisibleTo(lake.get()), Ids{2});
  // Before another node makes its columns with other types.
  const int64_t deadline_ns = SteadyNanos() + 20 * kNanosPerSecond;
  while (!store_->Head("db/t/metadata.json").ok() && SteadyNanos() < deadline_ns) std::this_thread::yield();
  EXPECT_TRUE(store_->Head("db/t/metadata.json").ok());
  ASSERT_TRUE(lake->FlushAll().ok());
  EXPECT_TRUE(VisibleTo(lake.get()).contains(2));
}

TEST_F(SharedDrop, ANodeRemovesWhatItReplacedInATableThatAnotherDropped) {
  FaultFileSystem disk_a, disk_b;
  auto a = OpenNode(&disk_a);
  LakeOptions options = NodeOptions();
  options.drop_delay_ms = 300;
  auto b = Open(&disk_b, options);
  ReplaceBetweenFlushes(a.get(), b.get());
  ASSERT_TRUE(a->DropTable("db", "t").ok());
  ASSERT_TRUE(b->LookAgain("db", "t").ok());
  while (CountDataFiles("db/") > 0) std::this_thread::yield();
}

/// The feed tells of the hours first.
TEST_F(SharedDrop, ANodeThatHearsOfADropRemovesWhatItReplacedInTheTable) {
  FaultFileSystem disk_a, disk_b;
  auto a = OpenNode(&disk_a);
  LakeOptions options = NodeOptions();
  options.drop_delay_ms = 2'000;
  auto b = Open(&disk_b, options);
  ReplaceBetweenFlushes(a.get(), b.get());
  while (VisibleTo(b.get()) != Ids{3}) std::this_thread::yield();
  ASSERT_TRUE(a->DropTable("db", "t").ok());
  while (b->Snapshot()->databases.at("db").contains("t")) std::this_thread::yield();
  const int64_t deadline_ns = SteadyNanos() + 20 * kNanosPerSecond;
  while (CountDataFiles("db/") > 0 && SteadyNanos() < deadline_ns) std::this_thread::yield();
  EXPECT_EQ(CountDataFiles("db/"), 0);
}

/// Else a repair would take its next file of the table for one that was dropped.
TEST_F(SharedDrop, SequencesGoOnAboveADropAlsoWhenTheLogIsLost) {
  FaultFileSystem disk;
  auto lake = OpenNode(&disk);
  for (const int64_t id : {1, 2, 3}) ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {id})).ok());
  ASSERT_TRUE(lake->FlushAll().ok());
  ASSERT_TRUE(lake->DropTable("db", "t").ok());
  const DropRecord record = *ReadDropRecord(store_.get(), "db", "t");
  const uint64_t dropped_up_to = record.wal_sequences.at(lake->node());
  lake.reset();
  const std::string directory = Options().root + "/.gigapi";
  for (const auto& segment : *disk.List(directory + "/wal")) ASSERT_TRUE(disk.Remove(directory + "/wal/" + segment).ok());
  ASSERT_TRUE(disk.Remove(directory + "/drops.json").ok());
  lake = OpenNode(&disk);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {4})).ok());
  ASSERT_TRUE(lake->FlushAll().ok());
  EXPECT_GT(lake->ListPartitions().at(0).files.at(0)->min_sequence, dropped_up_to);
}

TEST_F(SharedDrop, WhatANodeHasNotHeardOfCanBeDroppedThere) {
  FaultFileSystem disk_a, disk_b;
  LakeOptions options = NodeOptions();
  options.catalog_feed = std::make_shared<SilentFeed>();
  auto a = Open(&disk_a, options);
  auto b = OpenNode(&disk_b);
  ASSERT_TRUE(WriteAndWait(b.get(), Rows("t", {1})).ok());
  ASSERT_TRUE(b->FlushAll().ok());
  ASSERT_FALSE(a->Snapshot()->databases.contains("db"));
  EXPECT_TRUE(a->DropTable("db", "t").ok());
  EXPECT_EQ(VisibleToANewNode(), Ids());
  EXPECT_EQ(KindOf(a->DropTable("db", "t")), ErrorKind::kNotFound);
}

/// One of the writers does not answer, after another one has dropped its rows.
TEST_F(SharedDrop, ADropThatIsRefusedCostsNoFile) {
  FaultFileSystem disk_a, disk_b;
  std::unique_ptr<Lake> b = OpenNode(&disk_b);
  LakeOptions options = NodeOptions();
  options.drop_elsewhere.drop_rows = [&](const std::string& database, const std::string& table) -> Result<WalSequences> {
    ARROW_RETURN_NOT_OK(b->DropRows(database, table));
    return Error(ErrorKind::kUnavailable, "another node does not answer");
  };
  auto a = Open(&disk_a, options);
  ASSERT_TRUE(WriteAndWait(a.get(), Rows("t", {1, 2}, 2)).ok());
  ASSERT_TRUE(a->FlushAll().ok());
  while (VisibleTo(b.get()) != Ids{1, 2}) std::this_thread::yield();
  EXPECT_EQ(KindOf(a->DropTable("db", "t")), ErrorKind::kUnavailable);
  // What was dropped first is removed first.
  ASSERT_TRUE(WriteAndWait(b.get(), Rows("u", {3})).ok());
  ASSERT_TRUE(b->FlushAll().ok());
  ASSERT_TRUE(b->DropTable("db", "u").ok());
  while (CountDataFiles("db/u/") > 0) std::this_thread::yield();
  EXPECT_EQ(VisibleToANewNode(), (Ids{1, 2}));
}

TEST_F(SharedDrop, ANodeTakesNoTableOutOfTheCatalogThatAnotherDrops) {
  FaultFileSystem disk_a, disk_b;
  auto a = OpenNode(&disk_a);
  ASSERT_TRUE(WriteAndWait(a.get(), Rows("t", {1, 2}, 2)).ok());
  ASSERT_TRUE(a->FlushAll().ok());
  LakeOptions options = NodeOptions();
  options.durability = Durability::kFlush;
  auto b = Open(&disk_b, options);
  // Answered while the table is dropped: then b flushes other rows.
  Status flushed = Error(ErrorKind::kInternal, "not called");
  b->Write("db", Rows("t", {3}), [&](const Status&) { flushed = b->FlushAll(); });
  while (b->metrics().buffered_rows < 1) std::this_thread::yield();
  std::promise<Status> other;
  b->Write("db", Rows("u", {4}), [&](Status status) { other.set_value(std::move(status)); });
  while (b->metrics().buffered_rows < 2) std::this_thread::yield();
  ASSERT_TRUE(b->DropRows("db", "t").ok());
  EXPECT_TRUE(flushed.ok()) << flushed.ToString();
  EXPECT_TRUE(other.get_future().get().ok());
  EXPECT_EQ(VisibleToANewNode(), (Ids{1, 2}));
}

/// The one that drops has not heard of them.
TEST_F(SharedDrop, FilesOfADroppedTableAreRemovedByTheNodesThatKnowThem) {
  FaultFileSystem disk_a, disk_b;
  std::unique_ptr<Lake> b = OpenNode(&disk_b);
  LakeOptions options = NodeOptions();
  options.catalog_feed = std::make_shared<SilentFeed>();
  options.drop_elsewhere.drop_rows = DropRowsOf(b.get());
  options.drop_elsewhere.look_again = [&](const auto& database, const auto& table) { return b->LookAgain(database, table); };
  auto a = Open(&disk_a, options);
  ASSERT_TRUE(WriteAndWait(a.get(), Rows("t", {1})).ok());
  ASSERT_TRUE(WriteAndWait(b.get(), Rows("t", {2, 3}, 2)).ok());
  ASSERT_TRUE(b->FlushAll().ok());
  EXPECT_EQ(CountDataFiles("db/t/"), 2);
  ASSERT_TRUE(a->DropTable("db", "t").ok());
  while (CountDataFiles("db/t/") > 0) std::this_thread::yield();
}

TEST_F(SharedDrop, ADatabaseThatWasMadeAndDroppedIsGoneForEveryNode) {
  FaultFileSystem disk_a, disk_b;
  auto a = OpenNode(&disk_a);
  ASSERT_TRUE(a->CreateDatabase("db").ok());
  ASSERT_TRUE(WriteAndWait(a.get(), Rows("t", {1})).ok());
  ASSERT_TRUE(a->DropDatabase("db").ok());
  EXPECT_FALSE(OpenNode(&disk_b)->Snapshot()->databases.contains("db"));
  ASSERT_TRUE(a->CreateDatabase("empty").ok());
  auto b = OpenNode(&disk_b);
  EXPECT_TRUE(b->Snapshot()->databases.contains("empty"));
  ASSERT_TRUE(a->DropDatabase("empty").ok());
  while (b->Snapshot()->databases.contains("empty")) std::this_thread::yield();
  a.reset();
  a = OpenNode(&disk_a);
  EXPECT_FALSE(a->Snapshot()->databases.contains("empty"));
  ASSERT_TRUE(a->CreateDatabase("empty").ok());
  while (!b->Snapshot()->databases.contains("empty")) std::this_thread::yield();
}

TEST_F(SharedDrop, ADatabaseIsDroppedWithTheTablesThatOtherNodesMadeMeanwhile) {
  FaultFileSystem disk_a, disk_b;
  std::unique_ptr<Lake> b = OpenNode(&disk_b);
  LakeOptions options = NodeOptions();
  options.catalog_feed = std::make_shared<SilentFeed>();  // it does not hear of them
  options.drop_elsewhere.drop_rows = DropRowsOf(b.get());
  options.drop_elsewhere.look_again = [&](const auto& database, const auto& table) { return b->LookAgain(database, table); };
  auto a = Open(&disk_a, options);
  ASSERT_TRUE(WriteAndWait(a.get(), Rows("u", {1})).ok());
  ASSERT_TRUE(WriteAndWait(b.get(), Rows("t", {2})).ok());
  ASSERT_TRUE(b->FlushAll().ok());
  ASSERT_TRUE(a->DropDatabase("db").ok());
  EXPECT_EQ(VisibleToANewNode(), Ids());
  while (CountDataFiles("db/") > 0) std::this_thread::yield();
}

/// Before it hears of the drop.
TEST_F(SharedDrop, ANodeThatMergesMakesNothingOfADroppedTableAnew) {
  FaultFileSystem disk_a, disk_b;
  auto a = OpenNode(&disk_a);
  ASSERT_TRUE(WriteAndWait(a.get(), Rows("t", {1})).ok());
  ASSERT_TRUE(a->FlushAll().ok());
  LakeOptions options = NodeOptions();
  options.catalog_feed = std::make_shared<SilentFeed>();
  options.membership = std::make_shared<Membership>(store_, MembershipOptions());
  options.accepts_writes = false;
  auto b = Open(&disk_b, options);
  const PartitionFiles partition = b->ListPartitions().at(0);
  ASSERT_TRUE(b->LeasePartition(partition).ok());
  ASSERT_TRUE(a->DropDatabase("db").ok());
  DataFile merged = *partition.files.at(0);
  merged.key = partition.path + "/merged.2.parquet";
  EXPECT_EQ(KindOf(b->ReplaceFiles(partition, partition.files, {merged})), ErrorKind::kConflict);
  EXPECT_EQ(KindOf(b->LeasePartition(partition)), ErrorKind::kConflict);
  const auto catalog = MakeStoreCatalog(store_, {layer_}, "other", {});
  EXPECT_THAT(catalog->Load(DropList())->databases, testing::IsEmpty());
}

/// Each drop is kept until no file of it can lie there any more.
TEST_F(SharedDrop, TheListOfDropsIsForgottenAlthoughDropsNeverEnd) {
  FaultFileSystem disk;
  LakeOptions options = NodeOptions();
  options.drop_delay_ms = 100;
  auto lake = Open(&disk, options);
  const auto has_first = [&] {
    const auto list = DecodeDropList(*ReadWholeFile(&disk, Options().root + "/.gigapi/drops.json"));
    return std::ranges::any_of(list->drops(), [](const Drop& drop) { return drop.table == "t0"; });
  };
  std::vector<int64_t> ids(6'000);  // more than a segment of the log
  std::iota(ids.begin(), ids.end(), 0);
  const int64_t deadline_ns = SteadyNanos() + 10 * kNanosPerSecond;
  int tables = 0;
  do {
    const std::string table = "t" + std::to_string(tables++);
    ASSERT_TRUE(WriteAndWait(lake.get(), Rows(table, ids)).ok());
    ASSERT_TRUE(lake->DropTable("db", table).ok());
  } while (has_first() && SteadyNanos() < deadline_ns);
  EXPECT_FALSE(has_first()) << tables;
  EXPECT_GT(tables, 1);
}

class FailingRemovals {
 public:
  explicit FailingRemovals(FaultStore* store) : store_(store) {
    store_->SetFaults([this](FaultStore::Operation operation, const std::string& key) {
      const bool is_it = operation == FaultStore::Operation::kRemove && key.ends_with(".parquet");
      if (is_it) ++failures_;
      return is_it ? FaultStore::Outcome::kNotDone : FaultStore::Outcome::kDone;
    });
  }
  /// Until one has failed.
  void EndAfterOne() {
    while (failures_ == 0) std::this_thread::yield();
    store_->StopFailing();
  }

 private:
  FaultStore* const store_;
  std::atomic<int> failures_ = 0;
};

/// Else `gigapi repair` would take them for a table whose metadata was lost.
TEST_F(SharedDrop, FilesOfADroppedTableAreRemovedWhenTheStoreAnswersAgain) {
  FaultFileSystem disk;
  auto lake = OpenNode(&disk);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {1, 2, 3}, 3)).ok());
  ASSERT_TRUE(lake->FlushAll().ok());
  FailingRemovals removals(store_.get());
  ASSERT_TRUE(lake->DropTable("db", "t").ok());
  removals.EndAfterOne();
  const int64_t deadline_ns = SteadyNanos() + 20 * kNanosPerSecond;
  while (CountDataFiles("db/t/") > 0 && SteadyNanos() < deadline_ns) std::this_thread::yield();
  EXPECT_EQ(CountDataFiles("db/t/"), 0);
}

/// Else rows whose time is over would be kept for ever.
TEST_F(SharedDrop, AReplacedFileIsRemovedWhenTheStoreAnswersAgain) {
  FaultFileSystem disk;
  auto lake = OpenNode(&disk);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {1})).ok());
  ASSERT_TRUE(lake->FlushAll().ok());
  FailingRemovals removals(store_.get());
  {
    const PartitionFiles partition = lake->ListPartitions().at(0);
    ASSERT_TRUE(lake->ReplaceFiles(partition, partition.files, {}).ok());
  }
  removals.EndAfterOne();
  const int64_t deadline_ns = SteadyNanos() + 20 * kNanosPerSecond;
  while (CountDataFiles("db/t/") > 0 && SteadyNanos() < deadline_ns) std::this_thread::yield();
  EXPECT_EQ(CountDataFiles("db/t/"), 0);
}

TEST_F(SharedDrop, RowsAreFlushedWhileFilesOfALargeTableAreRemoved) {
  constexpr int kHours = 800;
  FaultFileSystem disk;
  LakeOptions options = NodeOptions();
  options.flush_interval_ms = 1;
  auto lake = Open(&disk, options);
  std::vector<int64_t> ids(kHours);
  std::iota(ids.begin(), ids.end(), 0);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", ids, kHours)).ok());
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("u", {0})).ok());
  ASSERT_TRUE(lake->FlushAll().ok());
  int removed = 0;
  std::promise<int> removed_before;
  store_->SetFaults([&, is_flushed = false](FaultStore::Operation operation, const std::string& key) mutable {
    const bool is_file = key.ends_with(".parquet");
    if (is_file && operation == FaultStore::Operation::kRemove && ++removed == 1) {
      EXPECT_TRUE(WriteAndWait(lake.get(), Rows("u", {1})).ok());
    }
    if (is_file && operation == FaultStore::Operation::kCreate && !std::exchange(is_flushed, true)) {
      removed_before.set_value(removed);
    }
    return FaultStore::Outcome::kDone;
  });
  ASSERT_TRUE(lake->DropTable("db", "t").ok());
  EXPECT_LT(removed_before.get_future().get(), kHours);
  while (CountDataFiles("db/t/") > 0) std::this_thread::yield();
  store_->StopFailing();
}

TEST_F(SharedDrop, ANodeThatMissedADropForgetsTheTable) {
  FaultFileSystem disk_a, disk_b;
  LakeOptions options = NodeOptions();
  const auto feed = std::make_shared<SilentFeed>();
  options.catalog_feed = feed;
  auto missed = Open(&disk_a, options);
  options.catalog_feed = std::make_shared<SilentFeed>();
  auto other = Open(&disk_b, options);
  ASSERT_TRUE(WriteAndWait(missed.get(), Rows("t", {1})).ok());
  ASSERT_TRUE(WriteAndWait(missed.get(), Rows("kept", {1})).ok());
  ASSERT_TRUE(missed->FlushAll().ok());
  ASSERT_TRUE(other->LookAgain("db", "t").ok());
  ASSERT_TRUE(other->DropTable("db", "t").ok());
  feed->ForgetAndWait();
  EXPECT_FALSE(missed->Snapshot()->databases.at("db").contains("t"));
  EXPECT_TRUE(missed->Snapshot()->databases.at("db").contains("kept"));
  ASSERT_TRUE(WriteAndWait(missed.get(), Rows("t", {2})).ok());
  ASSERT_TRUE(missed->FlushAll().ok());
  EXPECT_EQ(VisibleToANewNode(), Ids{2});
}

}  // namespace
}  // namespace gigapi
