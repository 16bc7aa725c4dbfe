// A catalog that falls back as a whole, and tells so.
#include "base/clock.h"
#include "catalog/drop_record.h"
#include "maintenance/testing/heal_fixture.h"

namespace gigapi {
namespace {

using HealFallTest = HealServiceTest;

/// A file beside it with some of its rows would keep it from being named for ever.
TEST_F(HealFallTest, RowsThatAFileMayHaveAreNotFlushedBeforeItIsFound) {
  WriteAndFlush({1, 2});
  const auto old = CatalogNow();
  Write({3});
  FillASegmentOfTheLog();
  WriteAndFlush({4});
  flush_interval_ms_ = 1;
  FallBackAndStart([&] { ForgetSince(old); });
  WriteBatch other = Rows("v", {1});
  ASSERT_TRUE(WriteAndWait(lake_.get(), std::move(other)).ok());
  const auto is_flushed = [&] {
    const auto partitions = lake_->ListPartitions();
    return std::ranges::any_of(partitions, [](const PartitionFiles& each) { return each.table == "v"; });
  };
  while (!is_flushed()) std::this_thread::yield();
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Seen(), (Ids{1, 2, 3, 4}));
  Write({5});
  while (lake_->metrics().buffered_rows > 0) std::this_thread::yield();
  EXPECT_EQ(Listed(), (Ids{1, 2, 3, 4, 5}));
}

TEST_F(HealFallTest, BringsBackWhatACommitOfItsOwnHasHiddenBeforeARestart) {
  WriteAndFlush({1, 2});
  const std::string key = HourKey(), old = Hour();
  WriteAndFlush({3, 4});
  ASSERT_TRUE(PutObject(store_.get(), key, old).ok());
  WriteAndFlush({5});
  FallBackAndStart([] {});
  EXPECT_EQ(Listed(), (Ids{1, 2, 5}));
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Listed(), (Ids{1, 2, 3, 4, 5}));
  EXPECT_EQ(lake_->FallsOfCatalog(), 0u);
}

/// The change that it had kept is one that the catalog still knows.
TEST_F(HealFallTest, ACommitThatHidesWhatWasLostIsRememberedBeforeIt) {
  WriteAndFlush({1, 2});
  const std::string old = Hour();
  WriteAndFlush({3, 4});
  FallBackTo(old);
  WriteAndFlush({5});
  Restart();
  EXPECT_GT(lake_->FallsOfCatalog(), 0u);
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Listed(), (Ids{1, 2, 3, 4, 5}));
  EXPECT_EQ(lake_->FallsOfCatalog(), 0u);
}

TEST_F(HealFallTest, BringsBackHoursOfWhichItsLogHasNothing) {
  WriteAndFlush({1, 2});
  const std::string key = HourKey(), old = Hour();
  WriteAndFlush({3, 4});
  FillASegmentOfTheLog();
  ASSERT_TRUE(lake_->FlushAll().ok());
  FallBackAndStart([&] { ASSERT_TRUE(PutObject(store_.get(), key, old).ok()); });
  EXPECT_EQ(lake_->metrics().buffered_rows, 0);
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Listed(), (Ids{1, 2, 3, 4}));
}

TEST_F(HealFallTest, BringsBackTablesOfNodesThatAreGone) {
  WriteAndFlush({1});
  const auto old = CatalogNow();
  {
    FaultFileSystem disk;
    LakeOptions options = Options();
    options.layers = {layer_};
    options.shared_catalog = store_;
    const auto other = Open(&disk, options);
    ASSERT_TRUE(WriteAndWait(other.get(), Rows("t", {2, 3}, 2)).ok());
    ASSERT_TRUE(WriteAndWait(other.get(), Rows("gone", {4})).ok());
    ASSERT_TRUE(other->FlushAll().ok());
  }
  FallBack([&] { ForgetSince(old); });
  EXPECT_EQ(Listed(), Ids{1});
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Listed(), (Ids{1, 2, 3}));
  EXPECT_TRUE(CatalogNow().contains("db/gone/metadata.json"));
  EXPECT_EQ(heals_->metrics().files_total, 3);
}

TEST_F(HealFallTest, LooksAgainAfterACrashUntilAllIsFound) {
  WriteAndFlush({1});
  const auto old = CatalogNow();
  WriteAndFlush({2});
  FallBack([&] { ForgetSince(old); });
  store_->SetFaults([](FaultStore::Operation operation, const std::string&) {
    return operation == FaultStore::Operation::kList ? FaultStore::Outcome::kNotDone : FaultStore::Outcome::kDone;
  });
  EXPECT_FALSE(heals_->Run().ok());
  store_->StopFailing();
  Restart();
  EXPECT_GT(lake_->FallsOfCatalog(), 0u);
  Restart();
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Listed(), (Ids{1, 2}));
  EXPECT_EQ(lake_->FallsOfCatalog(), 0u);
}

/// The catalog names the inputs again, and they are gone.
TEST_F(HealFallTest, NamesTheFileOfAMergeAgainWhoseInputsAreGone) {
  WriteAndFlush({1, 2});
  WriteAndFlush({3});
  const auto old = CatalogNow();
  MergeAll();
  RemoveFilesBut(lake_->ListPartitions().at(0).files);
  FallBack([&] { ForgetSince(old); });
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Listed(), (Ids{1, 2, 3}));
  WriteAndFlush({4});
  EXPECT_EQ(Listed(), (Ids{1, 2, 3, 4}));
}

/// Its footer does not name them any more.
TEST_F(HealFallTest, NamesTheFileOfMergesOfMergesAgainWhoseInputsAreGone) {
  WriteAndFlush({1, 2});
  WriteAndFlush({3});
  const auto old = CatalogNow();
  MergeAll();
  WriteAndFlush({4});
  MergeAll();
  RemoveFilesBut(lake_->ListPartitions().at(0).files);
  FallBackAndStart([&] { ForgetSince(old); });
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Listed(), (Ids{1, 2, 3, 4}));
}

/// `gigapi restore --force` leaves a record of what the backup has; other files of before are nobody's.
TEST_F(HealFallTest, LeavesWhatARestoreHasReplaced) {
  WriteAndFlush({1});
  const auto backup = CatalogNow();
  const PartitionFiles hour = lake_->ListPartitions().at(0);
  WriteAndFlush({2});
  const PartitionFiles later = lake_->ListPartitions().at(0);
  uint64_t last = 0;
  for (const DataFilePtr& file : later.files) last = std::max(last, file->max_sequence);
  const std::string node = lake_->node();
  FallBackAndStart([&] {
    ForgetSince(backup);
    ASSERT_TRUE(PutDropRecord({.database = hour.database,
                               .table = hour.table,
                               .wal_sequences = {{node, last}},
                               .dropped_ns = WallNanos(),
                               .kept = {{hour.partition, {{node, hour.files.at(0)->max_sequence}}}}},
                              store_.get())
                    .ok());
  });
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Listed(), Ids{1});
  EXPECT_EQ(heals_->metrics().left_files_total, 0);
}

/// Without a log nothing tells which sequences it had.
TEST_F(HealFallTest, SequencesAreNotUsedAgainForOtherRows) {
  durability_ = Durability::kNone;
  Restart();
  WriteAndFlush({1, 2});
  const auto old = CatalogNow();
  WriteAndFlush({3, 4});
  Stop();
  ForgetSince(old);
  OpenLake();
  for (const int64_t id : {5, 6, 7}) WriteAndFlush({id});
  FallBack([] {});
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Listed(), (Ids{1, 2, 3, 4, 5, 6, 7}));
}

/// As after a drop, or where its time was over; only somebody else can tell that nobody needs it.
TEST_F(HealFallTest, GoesOnTryingWhereAFileIsGone) {
  WriteAndFlush({1});
  const auto old = CatalogNow();
  WriteAndFlush({2});
  ASSERT_TRUE(store_->Remove(lake_->ListPartitions().at(0).files[0]->key).ok());
  FallBack([&] { ForgetSince(old); });
  while (heals_->metrics().failures_total == 0) EXPECT_FALSE(heals_->Run().ok());
  EXPECT_GT(lake_->FallsOfCatalog(), 0u) << "a restart tries too";
  const PartitionFiles hour = lake_->ListPartitions().at(0);
  ASSERT_TRUE(lake_->ReplaceFiles(hour, hour.files, {}).ok());
  while (lake_->FallsOfCatalog() > 0) ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Listed(), Ids{2});
  EXPECT_EQ(heals_->metrics().failures_total, 1);
}

}  // namespace
}  // namespace gigapi
