#include "maintenance/tier_service.h"

#include <gtest/gtest.h>

#include "lake/testing/lake_rows.h"
#include "maintenance/tier_job.h"
#include "object_store/local_store.h"
#include "object_store/testing/fault_store.h"
#include "object_store/testing/memory_store.h"
#include "storage/testing/random_rows.h"

namespace gigapi {
namespace {

/// A lake on a local disk whose files go on to a store that can fail.
class TierServiceTest : public testing::Test {
 protected:
  struct Node {
    std::vector<LayerPtr> layers;
    std::unique_ptr<Lake> lake;
    std::unique_ptr<MergeService> merges;
    std::unique_ptr<TierService> tiers;
  };

  Node Start(FileSystem* disk, int64_t cold_ttl_ns = 0) { return StartWith(disk, 1, cold_ttl_ns, {}); }

  Node StartWith(FileSystem* disk, int64_t hot_ttl_ns, int64_t cold_ttl_ns, const TierOptions& tier_options) {
    Node node;
    node.layers = {MakeLocalLayer(disk, kRoot, {.name = "hot", .ttl_ns = hot_ttl_ns}),
                   std::make_shared<const Layer>(LayerOptions{.name = "cold", .ttl_ns = cold_ttl_ns}, store_, nullptr)};
    LakeOptions options = Options();
    options.layers = node.layers;
    options.drop_delay_ms = drop_delay_ms_;
    node.lake = Open(disk, options);
    node.merges = MergeService::Start(node.lake.get(), {.enabled = false});
    // Without its thread: tests say when.
    node.tiers = TierService::Make(node.lake.get(), node.merges.get(), node.layers, tier_options);
    return node;
  }

  static Ids VisibleIn(const Node& node) {
    Ids ids;
    const auto snapshot = node.lake->Snapshot();
    if (!snapshot->databases.contains("db")) return ids;
    const TableSnapshot& table = *snapshot->databases.at("db").at("t");
    AddBufferedIds(table, &ids);
    for (const DataFilePtr& file : table.files) AddIdsOf(*OpenDataFile(*file), file->rows, &ids);
    return ids;
  }

  static size_t FilesIn(const Node& node, const std::string& layer) {
    size_t count = 0;
    for (const PartitionFiles& partition : node.lake->ListPartitions()) {
      for (const DataFilePtr& file : partition.files) count += file->layer->name() == layer;
    }
    return count;
  }

  int64_t drop_delay_ms_ = 0;
  const std::shared_ptr<FaultStore> store_ = std::make_shared<FaultStore>(MakeMemoryStore());
};

TEST_F(TierServiceTest, MovesWhatIsDueAndRemovesTheOldFile) {
  FaultFileSystem disk;
  Node node = Start(&disk);
  ASSERT_TRUE(WriteAndWait(node.lake.get(), Rows("t", {1, 2, 3}, 2)).ok());
  ASSERT_TRUE(node.lake->FlushAll().ok());
  const std::string old_path = PathOf(*node.lake->ListPartitions().at(0).files.at(0));
  ASSERT_TRUE(node.tiers->RunDue().ok());
  EXPECT_EQ(FilesIn(node, "hot"), 0u);
  EXPECT_EQ(FilesIn(node, "cold"), 2u);
  EXPECT_EQ(VisibleIn(node), (Ids{1, 2, 3}));
  EXPECT_EQ(node.tiers->metrics().moves_total, 2);
  while (*disk.Exists(old_path)) std::this_thread::yield();
  node = {};
  node = Start(&disk);
  EXPECT_EQ(VisibleIn(node), (Ids{1, 2, 3}));
  ASSERT_TRUE(node.tiers->RunDue().ok());
  EXPECT_EQ(node.tiers->metrics().moves_total, 0) << "the last layer keeps for ever";
}

TEST_F(TierServiceTest, DropsWhatTheLastLayerKeepsNoLonger) {
  FaultFileSystem disk;
  Node node = Start(&disk, 1);
  ASSERT_TRUE(WriteAndWait(node.lake.get(), Rows("t", {1, 2})).ok());
  ASSERT_TRUE(node.lake->FlushAll().ok());
  ASSERT_TRUE(node.tiers->RunDue().ok());
  EXPECT_EQ(VisibleIn(node), (Ids{1, 2}));
  ASSERT_TRUE(node.tiers->RunDue().ok());
  EXPECT_EQ(VisibleIn(node), Ids());
  EXPECT_EQ(node.tiers->metrics().dropped_rows_total, 2);
  while (!ListAll(store_.get(), "")->empty()) std::this_thread::yield();
  // Rows that were flushed do not come back out of the log.
  auto image = disk.Crash();
  node = {};
  node = Start(image.get());
  EXPECT_EQ(VisibleIn(node), Ids());
}

TEST_F(TierServiceTest, AFullDiskGivesNoMoreAwayThanItLacks) {
  FaultFileSystem disk;
  drop_delay_ms_ = 3'600'000;  // moved files lie there for long
  Node node = StartWith(&disk, 0, 0, {.free_bytes_min = 1'000, .free_percent_min = 0, .disk_space = [](const std::string&) {
                                        return DiskSpace{.total_bytes = 1 << 20, .free_bytes = 999};
                                      }});
  for (const int64_t id : {1, 2, 3}) {
    ASSERT_TRUE(WriteAndWait(node.lake.get(), Rows("t", {id})).ok());
    ASSERT_TRUE(node.lake->FlushAll().ok());
  }
  for (int round = 0; round < 3; ++round) ASSERT_TRUE(node.tiers->RunDue().ok());
  EXPECT_EQ(FilesIn(node, "cold"), 1u);
  EXPECT_EQ(FilesIn(node, "hot"), 2u);
  EXPECT_GT(node.lake->metrics().drop_queue_bytes.at("hot"), 0);
}

TEST_F(TierServiceTest, SmallFilesAreMergedBeforeTheyMoveUnlessMergesAreOff) {
  drop_delay_ms_ = 3'600'000;
  for (const bool merges : {true, false}) {
    FaultFileSystem disk;
    Node node = StartWith(&disk, kNanosPerHour, 0, {.merges = merges});
    for (const int64_t id : {1, 2, 3}) {
      ASSERT_TRUE(WriteAndWait(node.lake.get(), Rows("t", {id})).ok());
      ASSERT_TRUE(node.lake->FlushAll().ok());
    }
    const PartitionFiles partition = node.lake->ListPartitions().at(0);
    std::vector<DataFile> aged;
    for (const DataFilePtr& file : partition.files) {
      DataFile& copy = aged.emplace_back(*file);
      copy.id = NewDataFileId();
      copy.oldest_in_layer_ns = copy.newest_in_layer_ns = WallNanos() - kNanosPerHour - kNanosPerSecond;
    }
    ASSERT_TRUE(node.lake->ReplaceFiles(partition, partition.files, std::move(aged)).ok());
    ASSERT_TRUE(node.tiers->RunDue().ok());
    EXPECT_EQ(FilesIn(node, "hot"), merges ? 1u : 0u);
    EXPECT_EQ(FilesIn(node, "cold"), merges ? 0u : 3u);
    EXPECT_EQ(node.merges->metrics().merges_total, merges ? 1 : 0);
  }
}

TEST_F(TierServiceTest, ACopyThatArrivedDamagedOnADiskIsRemovedAndMadeAgain) {
  FaultFileSystem disk;
  const auto cold = std::make_shared<FaultStore>(MakeLocalStore(&disk, "/cold"));
  const LayerPtr layer =
      std::make_shared<const Layer>(LayerOptions{.name = "cold", .local_directory = "/cold"}, cold, nullptr);
  Node node = Start(&disk);
  ASSERT_TRUE(WriteAndWait(node.lake.get(), Rows("t", {1, 2, 3})).ok());
  ASSERT_TRUE(node.lake->FlushAll().ok());
  const DataFilePtr file = node.lake->ListPartitions().at(0).files.at(0);
  bool is_cut = false;
  cold->SetFaults([&](FaultStore::Operation operation, const std::string& key) {
    if (operation != FaultStore::Operation::kOpen) return FaultStore::Outcome::kDone;
    std::string content = *ReadWholeFile(&disk, "/cold/" + key);
    if (is_cut) content.pop_back();
    else content[content.size() / 2] ^= 1;
    EXPECT_TRUE(ReplaceFile(&disk, "/cold/" + key, content).ok());
    return FaultStore::Outcome::kDone;
  });
  const auto give_up = [&](const DataFile& copy) { ASSERT_TRUE(cold->Remove(copy.key).ok()); };
  for (const bool cut : {false, true}) {
    is_cut = cut;
    EXPECT_EQ(KindOf(CopyToLayer(
                         *file, layer, 1, [] { return false; }, give_up)
                         .status()),
              ErrorKind::kUnavailable);
    EXPECT_TRUE(ListAll(cold.get(), "")->empty());
  }
  cold->StopFailing();
  EXPECT_TRUE(CopyToLayer(
                  *file, layer, 1, [] { return false; }, give_up)
                  .ok());
}

TEST_F(TierServiceTest, AMoveLeavesTheCacheToWhatQueriesRead) {
  FaultFileSystem disk;
  Node node = Start(&disk);
  ASSERT_TRUE(WriteAndWait(node.lake.get(), Rows("t", {1, 2, 3})).ok());
  ASSERT_TRUE(node.lake->FlushAll().ok());
  const DataFilePtr file = node.lake->ListPartitions().at(0).files.at(0);
  const TemporaryDirectory directory;
  const std::shared_ptr<ReadCache> cache =
      *ReadCache::Create({.directory = directory.path(), .disk_bytes_max = 64 << 20, .memory_bytes_max = 1 << 20});
  const LayerPtr bucket = std::make_shared<const Layer>(LayerOptions{.name = "cold"}, store_, cache);
  const auto moved = CopyToLayer(
      *file, bucket, 1, [] { return false; }, [](const DataFile&) {});
  ASSERT_TRUE(moved.ok());
  const int64_t gets = store_->metrics().get_requests_total;
  Ids ids;
  AddIdsOf(*OpenDataFile(*moved), moved->rows, &ids);
  EXPECT_EQ(ids, (Ids{1, 2, 3}));
  EXPECT_GT(store_->metrics().get_requests_total, gets) << "it came out of the cache";
}

TEST_F(TierServiceTest, AStoreThatFailsHalfTheTimeLosesNothing) {
  FaultFileSystem disk;
  Node node = Start(&disk);
  Ids written;
  for (int64_t round = 0; round < 10; ++round) {
    ASSERT_TRUE(WriteAndWait(node.lake.get(), Rows("t", {round}, 2)).ok());
    ASSERT_TRUE(node.lake->FlushAll().ok());
    written.insert(round);
    store_->FailAtRandom(0.5, static_cast<uint64_t>(round));
    (void)node.tiers->RunDue();
    store_->StopFailing();
    ASSERT_EQ(VisibleIn(node), written);
  }
  EXPECT_GT(node.tiers->metrics().failures_total, 0);
  ASSERT_TRUE(node.tiers->RunDue().ok());
  EXPECT_EQ(FilesIn(node, "hot"), 0u);
  EXPECT_EQ(VisibleIn(node), written);
}

TEST_F(TierServiceTest, ACrashAtAnyStepLosesNothingAndDoublesNothing) {
  FaultFileSystem disk;
  Node node = Start(&disk);
  for (const int64_t id : {1, 2, 3}) {
    ASSERT_TRUE(WriteAndWait(node.lake.get(), Rows("t", {id}, 2)).ok());
    ASSERT_TRUE(node.lake->FlushAll().ok());
  }
  std::vector<std::unique_ptr<FaultFileSystem>> crashes;
  disk.CollectCrashes(&crashes);
  ASSERT_TRUE(node.tiers->RunDue().ok());
  disk.CollectCrashes(nullptr);
  ASSERT_FALSE(crashes.empty());
  for (auto& crashed : crashes) {
    Node after = Start(crashed.get());
    ASSERT_EQ(VisibleIn(after), (Ids{1, 2, 3}));
    ASSERT_TRUE(after.tiers->RunDue().ok());
    ASSERT_EQ(VisibleIn(after), (Ids{1, 2, 3}));
  }
}

}  // namespace
}  // namespace gigapi
