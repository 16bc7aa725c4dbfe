#include "maintenance/merge_service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "base/clock.h"
#include "base/testing/fault_file_system.h"
#include "maintenance/merge_job.h"
#include "maintenance/sorted_merge.h"
#include "object_store/testing/memory_store.h"
#include "storage/testing/random_rows.h"

namespace gigapi {
namespace {

class MergeServiceTest : public testing::Test {
 protected:
  void Open(FileSystem* fs) {
    LakeOptions options;
    options.root = fs == LocalFileSystem() ? directory_.path() + "/lake" : "/data";
    options.flush_interval_ms = 3'600'000;
    options.drop_delay_ms = 0;
    lake_ = Lake::Open(options, fs).ValueOrDie();
  }

  /// Writes rows of two hours and flushes them: one more file an hour.
  void WriteAndFlush() {
    RandomRowsOptions options;
    options.rows = 500;
    options.missing_share = 0;
    options.begin_ns = 1'700'000'000'000'000'000 / kNanosPerHour * kNanosPerHour;
    options.span_ns = 2 * kNanosPerHour;
    WriteBatch batch;
    batch.accepted_rows = static_cast<int64_t>(options.rows);
    batch.tables.push_back({"t", RandomRows(*schema_, options, &random_)});
    const auto lines = Lines(*schema_, batch.tables[0].rows);
    expected_.insert(expected_.end(), lines.begin(), lines.end());
    std::promise<Status> done;
    lake_->Write("db", std::move(batch), [&](Status status) { done.set_value(std::move(status)); });
    ASSERT_TRUE(done.get_future().get().ok());
    ASSERT_TRUE(lake_->FlushAll().ok());
  }

  size_t Files() {
    size_t files = 0;
    for (const PartitionFiles& partition : lake_->ListPartitions()) files += partition.files.size();
    return files;
  }

  /// Every row of the lake, in no order.
  std::vector<std::string> StoredRows() {
    std::vector<std::string> lines;
    for (const PartitionFiles& partition : lake_->ListPartitions()) {
      for (const DataFilePtr& file : partition.files) {
        auto rows = SortedMerge::Open({OpenDataFile(*file).ValueOrDie()}, *partition.schema).ValueOrDie();
        EXPECT_TRUE(rows->Fill(1'000'000).ok());
        const auto some = Lines(*schema_, rows->batch());
        lines.insert(lines.end(), some.begin(), some.end());
      }
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }

  void ExpectAllRows(FileSystem* fs) {
    std::sort(expected_.begin(), expected_.end());
    EXPECT_EQ(StoredRows(), expected_);
  }

  TemporaryDirectory directory_;
  std::mt19937_64 random_{21};
  const SchemaPtr schema_ = EveryTypeSchema();
  std::vector<std::string> expected_;
  std::unique_ptr<Lake> lake_;
};

TEST_F(MergeServiceTest, MergeAllLeavesOneFileAnHourWithAllRows) {
  FileSystem* const fs = LocalFileSystem();
  Open(fs);
  for (int i = 0; i < 20; ++i) WriteAndFlush();
  EXPECT_EQ(Files(), 40u);
  auto service = MergeService::Start(lake_.get(), {.enabled = false});
  ASSERT_TRUE(service->MergeAll().ok());
  EXPECT_EQ(Files(), 2u);
  ExpectAllRows(fs);
  EXPECT_GE(service->metrics().merges_total, 2);
  EXPECT_EQ(service->metrics().failures_total, 0);
  EXPECT_GT(service->metrics().bytes_in_total, service->metrics().bytes_out_total / 2);
  service = nullptr;
  ASSERT_TRUE(lake_->Close().ok());
  lake_ = nullptr;
  Open(fs);
  EXPECT_EQ(Files(), 2u);
  ExpectAllRows(fs);
}

TEST_F(MergeServiceTest, GoesOnAfterARestartWithoutANewWrite) {
  FileSystem* const fs = LocalFileSystem();
  Open(fs);
  for (int i = 0; i < 3; ++i) WriteAndFlush();
  ASSERT_TRUE(lake_->Close().ok());
  lake_ = nullptr;
  Open(fs);
  ASSERT_EQ(Files(), 6u);
  auto service = MergeService::Start(lake_.get(), {.enabled = true, .merge_timeout_s = 0.01});
  const int64_t deadline = SteadyNanos() + 60 * kNanosPerSecond;
  while (Files() > 2 && SteadyNanos() < deadline) std::this_thread::yield();
  service->Stop();
  EXPECT_EQ(Files(), 2u);
  ExpectAllRows(fs);
}

TEST_F(MergeServiceTest, AFailedMergeChangesNothingAndTheNextOneSucceeds) {
  FaultFileSystem fs;
  Open(&fs);
  for (int i = 0; i < 2; ++i) WriteAndFlush();
  auto service = MergeService::Start(lake_.get(), {.enabled = false});
  const std::string directory = "/data/" + lake_->ListPartitions()[0].path;
  const size_t names = fs.List(directory)->size();
  for (const auto operation :
       {FaultFileSystem::Operation::kCreate, FaultFileSystem::Operation::kWrite, FaultFileSystem::Operation::kSync,
        FaultFileSystem::Operation::kRename, FaultFileSystem::Operation::kSyncDirectory}) {
    fs.Fail(operation, 1);
    EXPECT_FALSE(service->MergeAll().ok());
    EXPECT_EQ(Files(), 4u);
    EXPECT_EQ(fs.List(directory)->size(), names);
  }
  EXPECT_EQ(service->metrics().failures_total, 5);
  ASSERT_TRUE(service->MergeAll().ok());
  EXPECT_EQ(Files(), 2u);
  ExpectAllRows(&fs);
  service = nullptr;
  lake_ = nullptr;
}

TEST_F(MergeServiceTest, ACrashBeforeTheCommitLeavesTheOldFilesOnly) {
  FaultFileSystem fs;
  Open(&fs);
  for (int i = 0; i < 2; ++i) WriteAndFlush();
  const PartitionFiles partition = lake_->ListPartitions()[0];
  MergePlan plan{partition.files, 4};
  const DataFile merged = RunMerge(
                              partition, plan, [] { return false; }, [](const DataFile&) {})
                              .ValueOrDie();
  EXPECT_TRUE(*fs.Exists("/data/" + merged.key));
  const auto crashed = fs.Crash();
  lake_ = nullptr;
  Open(crashed.get());
  EXPECT_FALSE(*crashed->Exists("/data/" + merged.key));
  EXPECT_EQ(Files(), 4u);
  ExpectAllRows(crashed.get());
  lake_ = nullptr;
}

TEST_F(MergeServiceTest, StoppingGivesAMergeUpAndLeavesNothing) {
  FaultFileSystem fs;
  Open(&fs);
  for (int i = 0; i < 2; ++i) WriteAndFlush();
  const PartitionFiles partition = lake_->ListPartitions()[0];
  const size_t names = fs.List("/data/" + partition.path)->size();
  const auto merged = RunMerge(
      partition, {partition.files, 4}, [] { return true; }, [](const DataFile&) {});
  EXPECT_EQ(KindOf(merged.status()), ErrorKind::kCancelled);
  EXPECT_EQ(fs.List("/data/" + partition.path)->size(), names);
  lake_ = nullptr;
}

TEST_F(MergeServiceTest, StopsAtOnce) {
  FileSystem* const fs = LocalFileSystem();
  Open(fs);
  auto service = MergeService::Start(lake_.get(), {.enabled = true, .merge_timeout_s = 3600});
  service->Stop();
  service->Stop();
}

/// A writer of a shared lake: its files go to a folder of its own first, those of a bucket are other nodes' work.
TEST_F(MergeServiceTest, OwnFilesAloneAreMergedWhereTheRestIsNotThisNodes) {
  FaultFileSystem disk;
  for (const bool is_global : {false, true}) {
    const LayerPtr layer = MakeLocalLayer(&disk, is_global ? "/shared" : "/own", {.name = "hot", .is_global = is_global});
    LakeOptions options;
    options.root = is_global ? "/first" : "/second";
    options.layers = {layer};
    options.shared_catalog = MakeMemoryStore();
    options.flush_interval_ms = 3'600'000;
    lake_ = Lake::Open(options, &disk).ValueOrDie();
    WriteAndFlush();
    WriteAndFlush();
    ASSERT_EQ(Files(), 4u);
    auto service = MergeService::Start(lake_.get(), {.enabled = false, .scope = FileScope::kOwnFiles, .merge_timeout_s = 0});
    service->RunDue();
    EXPECT_EQ(Files(), is_global ? 4u : 2u);
    service.reset();
    ASSERT_TRUE(lake_->Close().ok());
    lake_.reset();
  }
}

}  // namespace
}  // namespace gigapi
