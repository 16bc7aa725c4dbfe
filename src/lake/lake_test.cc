#include "lake/lake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "lake/flush_planner.h"
#include "lake/lake_impl.h"
#include "lake/testing/lake_rows.h"

namespace gigapi {
namespace {

TEST(Lake, WrittenRowsAreVisibleAtOnceAndAfterAFlush) {
  FaultFileSystem fs;
  auto lake = Open(&fs);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {1, 2, 3}, 2)).ok());
  EXPECT_EQ(Visible(lake.get(), &fs), (Ids{1, 2, 3}));
  ASSERT_TRUE(lake->FlushAll().ok());
  EXPECT_EQ(lake->metrics().buffered_rows, 0);
  EXPECT_EQ(lake->metrics().files, 2);
  EXPECT_EQ(Visible(lake.get(), &fs), (Ids{1, 2, 3}));
}

TEST(Lake, WidensIntegersAndRefusesOtherTypes) {
  FaultFileSystem fs;
  auto lake = Open(&fs);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("f", {1}, 1, ColumnType::kFloat64)).ok());
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("f", {2}, 1, ColumnType::kInt64)).ok());
  const auto chunks = lake->Snapshot()->databases.at("db").at("f")->memory.at(0)->chunks;
  EXPECT_EQ(chunks.at(1)->Find("id")->f64()[0], 2);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("i", {1}, 1, ColumnType::kInt64)).ok());
  EXPECT_EQ(KindOf(WriteAndWait(lake.get(), Rows("i", {1}, 1, ColumnType::kFloat64))), ErrorKind::kConflict);
}

TEST(Lake, KeepsEveryAcknowledgedRowOnceThroughCrashes) {
  for (const uint64_t seed : {1, 2, 3, 4}) {
    std::mt19937_64 random(seed);
    std::vector<std::unique_ptr<FaultFileSystem>> disks;
    disks.push_back(std::make_unique<FaultFileSystem>(seed));
    Ids acknowledged;
    int64_t next_id = 0;
    for (int round = 0; round < 12; ++round) {
      FaultFileSystem* const fs = disks.back().get();
      auto lake = Open(fs);
      ASSERT_NE(lake, nullptr);
      ASSERT_EQ(Visible(lake.get(), fs), acknowledged) << "seed " << seed << " round " << round;
      for (int i = 0; i < 15; ++i) {
        std::vector<int64_t> ids(random() % 50 + 1);
        for (int64_t& id : ids) id = next_id++;
        ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", ids, 3)).ok());
        acknowledged.insert(ids.begin(), ids.end());
        if (random() % 6 == 0) {
          ASSERT_TRUE(lake->FlushAll().ok());
        }
        if (random() % 6 == 0) {
          // A flush that fails half-way loses nothing and doubles nothing.
          using Operation = FaultFileSystem::Operation;
          const Operation operations[] = {Operation::kRename, Operation::kSyncDirectory, Operation::kCreate};
          fs->Fail(operations[random() % 3], 1, static_cast<int>(random() % 4));
          (void)lake->FlushAll();
          for (const Operation operation : operations) fs->Fail(operation, 0);
        }
      }
      ASSERT_EQ(Visible(lake.get(), fs), acknowledged);
      auto image = fs->Crash();
      lake.reset();
      disks.push_back(std::move(image));
    }
  }
}

TEST(Lake, AFullDiskRefusesWritesAndKeepsWhatIsThere) {
  FaultFileSystem fs;
  auto lake = Open(&fs);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {1})).ok());
  fs.SetFull(true);
  EXPECT_FALSE(lake->FlushAll().ok());
  EXPECT_EQ(Visible(lake.get(), &fs), (Ids{1}));
  EXPECT_EQ(lake->metrics().flush_failures_total, 1);
  fs.SetFull(false);
  ASSERT_TRUE(lake->FlushAll().ok());
  EXPECT_EQ(Visible(lake.get(), &fs), (Ids{1}));
}

TEST(Lake, AcknowledgesWithTheFileUnderDurabilityFlush) {
  FaultFileSystem fs;
  LakeOptions options = Options(Durability::kFlush);
  options.flush_interval_ms = 1;
  auto lake = Open(&fs, options);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {1, 2}, 2)).ok());
  EXPECT_EQ(lake->metrics().buffered_rows, 0);
  EXPECT_EQ(Visible(lake.get(), &fs), (Ids{1, 2}));
}

TEST(Lake, ReplacesFilesInOneStepAndRemovesThemLater) {
  FaultFileSystem fs;
  auto lake = Open(&fs);
  for (const int64_t id : {1, 2}) {
    ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {id})).ok());
    ASSERT_TRUE(lake->FlushAll().ok());
  }
  PartitionFiles partition = lake->ListPartitions().at(0);
  ASSERT_EQ(partition.files.size(), 2u);
  auto batch = std::make_shared<const ColumnBatch>(std::move(Rows("t", {1, 2}).tables[0].rows));
  const ColumnBatch sorted = *SortChunks(*partition.schema, {batch});
  const LayerPtr layer = partition.files[0]->layer;
  const std::string key = partition.path + "/merged.2.parquet";
  DataFile merged = *WriteParquet(*layer->Create(key), *partition.schema, sorted, {});
  merged.layer = layer;
  merged.key = key;
  merged.partition = partition.partition;
  merged.level = 2;
  const std::string old_path = PathOf(*partition.files[0]);
  ASSERT_TRUE(lake->ReplaceFiles(partition, partition.files, {merged}).ok());
  EXPECT_EQ(KindOf(lake->ReplaceFiles(partition, partition.files, {merged})), ErrorKind::kConflict);
  EXPECT_EQ(Visible(lake.get(), &fs), (Ids{1, 2}));
  EXPECT_TRUE(*fs.Exists(old_path)) << "still read by somebody who holds the list";
  partition.files.clear();
  while (lake->metrics().drop_queue_files > 0) std::this_thread::yield();
  while (*fs.Exists(old_path)) std::this_thread::yield();
  // No other commit follows, and yet the names do not stay for ever.
  const std::string metadata_path = std::string(kRoot) + "/" + partition.path + "/metadata.json";
  const auto names_inputs = [&] {
    return ReadWholeFile(&fs, metadata_path)->find("\"drop_queue\":[]") == std::string::npos;
  };
  for (int i = 0; i < 10'000 && names_inputs(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_FALSE(names_inputs());
  lake.reset();
  lake = Open(&fs);
  EXPECT_EQ(Visible(lake.get(), &fs), (Ids{1, 2}));
}

TEST(Lake, ReadOnlySeesBufferedAndFlushedRowsAndChangesNothing) {
  FaultFileSystem fs;
  auto lake = Open(&fs);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {1})).ok());
  ASSERT_TRUE(lake->FlushAll().ok());
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {2})).ok());
  LakeOptions options = Options();
  options.read_only = true;
  auto reader = Open(&fs, options);
  EXPECT_EQ(Visible(reader.get(), &fs), (Ids{1, 2}));
  EXPECT_EQ(KindOf(WriteAndWait(reader.get(), Rows("t", {3}))), ErrorKind::kForbidden);
}

TEST(Lake, ManySmallWritesAreGathered) {
  FaultFileSystem fs;
  auto lake = Open(&fs);
  Ids expected;
  for (int64_t id = 0; id < 300; ++id) {
    ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {id})).ok());
    expected.insert(id);
  }
  const auto chunks = [&] { return lake->Snapshot()->databases.at("db").at("t")->memory.at(0)->chunks.size(); };
  while (chunks() > 100) std::this_thread::yield();
  EXPECT_EQ(Visible(lake.get(), &fs), expected);
  ASSERT_TRUE(lake->FlushAll().ok());
  EXPECT_EQ(Visible(lake.get(), &fs), expected);
}

TEST(Lake, WritesWaitForRoomAndThenAreRefused) {
  FaultFileSystem fs;
  LakeOptions options = Options();
  options.buffer_bytes_max = 4096;
  options.buffer_wait_ms_max = 50;
  auto lake = Open(&fs, options);
  std::vector<int64_t> ids(100);
  fs.Fail(FaultFileSystem::Operation::kRename, 1'000'000);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", ids)).ok());
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {7})).ok());
  Status status = Status::OK();
  for (int i = 0; i < 100 && status.ok(); ++i) status = WriteAndWait(lake.get(), Rows("t", {8}));
  EXPECT_EQ(KindOf(status), ErrorKind::kOverloaded);
  fs.Fail(FaultFileSystem::Operation::kRename, 0);
}

TEST(Lake, WhoWaitsForRoomDoesNotWaitForTheEndOfALongFlush) {
  FaultFileSystem fs;
  LakeOptions options = Options();
  options.buffer_bytes_max = 4096;
  options.buffer_wait_ms_max = 50;
  auto lake = Open(&fs, options);
  fs.SetSyncDelay(std::chrono::milliseconds(5));
  std::vector<int64_t> ids(400);
  std::iota(ids.begin(), ids.end(), 0);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", ids, 400)).ok());  // one is admitted whatever it takes: each hour a flush
  EXPECT_EQ(KindOf(WriteAndWait(lake.get(), Rows("t", {7}))), ErrorKind::kOverloaded);
  fs.SetSyncDelay(std::chrono::milliseconds(0));
}

TEST(Lake, RowsInVeryManyHoursAreRefused) {
  FaultFileSystem fs;
  auto lake = Open(&fs);
  std::vector<int64_t> ids(100'001);
  std::iota(ids.begin(), ids.end(), 0);
  const Status refused = WriteAndWait(lake.get(), Rows("t", ids, 100'001));
  EXPECT_EQ(KindOf(refused), ErrorKind::kTooLarge);
  EXPECT_FALSE(lake->Snapshot()->databases.contains("db")) << "it makes no table";
  EXPECT_TRUE(WriteAndWait(lake.get(), Rows("t", ids, 10)).ok());
}

TEST(Lake, AfterAFailedSyncEveryWriteIsRefusedUntilRestart) {
  FaultFileSystem fs;
  auto lake = Open(&fs);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {1})).ok());
  EXPECT_TRUE(lake->CheckHealth().ok());
  fs.Fail(FaultFileSystem::Operation::kSync, 1);
  const Status failed = WriteAndWait(lake.get(), Rows("t", {2}));
  EXPECT_EQ(KindOf(failed), ErrorKind::kUnavailable);
  EXPECT_THAT(failed.message(), testing::HasSubstr("the write-ahead log has failed"));
  EXPECT_EQ(lake->CheckHealth(), failed);
  EXPECT_TRUE(lake->metrics().wal_failed);
  // The disk works again, but nobody knows what it holds. A refused write makes no table.
  EXPECT_EQ(WriteAndWait(lake.get(), Rows("new", {3})), failed);
  EXPECT_FALSE(lake->Snapshot()->databases.at("db").contains("new"));
  EXPECT_EQ(Visible(lake.get(), &fs), (Ids{1})) << "reading goes on";
  lake = nullptr;
  lake = Open(&fs);
  EXPECT_TRUE(lake->CheckHealth().ok());
  EXPECT_TRUE(WriteAndWait(lake.get(), Rows("new", {3})).ok());
  EXPECT_TRUE(Visible(lake.get(), &fs).contains(1));
}

TEST(Lake, ReplayOfALogLargerThanMemoryFlushesWhatHasMostRows) {
  FaultFileSystem fs;
  auto lake = Open(&fs);
  Ids expected;
  std::vector<int64_t> many(1000);
  int64_t next = 0;
  for (int i = 0; i < 50; ++i) {
    // A table with most of the rows, and one with few in each of many hours.
    for (int64_t& id : many) expected.insert(id = next++);
    ASSERT_TRUE(WriteAndWait(lake.get(), Rows("large", many)).ok());
    ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {i}, 50)).ok());
  }
  auto disk = fs.Crash();
  LakeOptions options = Options();
  options.buffer_bytes_max = 400 << 10;
  const auto replayed = Open(disk.get(), options);
  EXPECT_EQ(Visible(replayed.get(), disk.get(), "large"), expected);
  EXPECT_EQ(Visible(replayed.get(), disk.get()).size(), 50u);
  EXPECT_LE(replayed->metrics().buffered_bytes, options.buffer_bytes_max);
  EXPECT_THAT(replayed->metrics().files, testing::AllOf(testing::Ge(3), testing::Le(20)));
}

TEST(FlushPlanner, TakesTheDueTheFullAndTheOldest) {
  const FlushPolicy policy{.interval_ns = 100,
                           .partition_bytes = 1000,
                           .waiters_interval_ns = 10,
                           .total_bytes_high = 5000,
                           .wal_bytes_high = 50};
  const std::vector<FlushCandidate> candidates{
      {.index = 0, .bytes = 10, .age_ns = 99, .first_sequence = 5},
      {.index = 1, .bytes = 10, .age_ns = 100, .first_sequence = 6},
      {.index = 2, .bytes = 1000, .age_ns = 1, .first_sequence = 7},
      {.index = 3, .bytes = 10, .age_ns = 10, .first_sequence = 4, .has_waiters = true},
      {.index = 4, .bytes = 9999, .age_ns = 999, .first_sequence = 1, .retry_in_ns = 1},
  };
  EXPECT_THAT(PlanFlushes(candidates, policy, {.total_bytes = 1030}), testing::ElementsAre(1, 3, 2));
  EXPECT_THAT(PlanFlushes(candidates, policy, {.total_bytes = 5001}), testing::ElementsAre(2, 1, 3));
  EXPECT_THAT(PlanFlushes(candidates, policy, {.total_bytes = 1030, .wal_bytes = 51}), testing::ElementsAre(3, 1, 2));
}

TEST(Admission, AdmitsInOrderAndExpires) {
  Admission admission(100, 100, 1);
  std::vector<std::string> log;
  const auto note = [&](const char* name) {
    return [&log, name](Status status) { log.push_back(name + std::string(status.ok() ? "+" : "-")); };
  };
  admission.Acquire(500, 0, note("alone"));
  admission.Acquire(60, 0, note("a"));
  admission.Acquire(30, 0, note("b"));
  admission.Acquire(60, 0, note("too much"));
  EXPECT_THAT(log, testing::ElementsAre("alone+", "too much-"));
  admission.Adjust(-500);
  EXPECT_THAT(log, testing::ElementsAre("alone+", "too much-", "a+", "b+"));
  admission.Acquire(60, 0, note("late"));
  admission.Expire(1'000'000);
  EXPECT_EQ(log.back(), "late-");
  EXPECT_EQ(admission.used_bytes(), 90);
}

}  // namespace
}  // namespace gigapi
