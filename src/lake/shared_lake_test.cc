// Several lakes over one catalog and one layer, both in a store that can fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "lake/testing/lake_rows.h"
#include "object_store/testing/fault_store.h"
#include "object_store/testing/memory_store.h"

namespace gigapi {
namespace {

class SharedLake : public testing::Test {
 protected:
  LakeOptions NodeOptions() const {
    LakeOptions options = Options();
    options.layers = {layer_};
    options.shared_catalog = store_;
    return options;
  }
  std::unique_ptr<Lake> OpenNode(FileSystem* disk) const { return Open(disk, NodeOptions()); }

  /// What a node sees that starts now.
  Ids VisibleToANewNode() const {
    FaultFileSystem disk;
    const auto lake = OpenNode(&disk);
    return lake ? VisibleTo(lake.get()) : Ids();
  }

  static Ids VisibleTo(Lake* lake) {
    Ids ids;
    const auto snapshot = lake->Snapshot();
    const auto database = snapshot->databases.find("db");
    if (database == snapshot->databases.end() || !database->second.contains("t")) return ids;
    const TableSnapshot& table = *database->second.at("t");
    AddBufferedIds(table, &ids);
    for (const DataFilePtr& file : table.files) AddIdsOf(*OpenDataFile(*file), file->rows, &ids);
    return ids;
  }

  const std::shared_ptr<FaultStore> store_ = std::make_shared<FaultStore>(MakeMemoryStore());
  const LayerPtr layer_ = std::make_shared<const Layer>(LayerOptions{.name = "bucket", .is_global = true}, store_, nullptr);
};

TEST_F(SharedLake, ANewNodeSeesWhatAnotherHasFlushed) {
  FaultFileSystem disk;
  auto lake = OpenNode(&disk);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {1, 2, 3}, 2)).ok());
  EXPECT_EQ(VisibleToANewNode(), Ids());
  ASSERT_TRUE(lake->FlushAll().ok());
  EXPECT_EQ(VisibleToANewNode(), (Ids{1, 2, 3}));
  EXPECT_EQ(VisibleTo(lake.get()), (Ids{1, 2, 3}));
  lake.reset();
  lake = OpenNode(&disk);
  EXPECT_EQ(VisibleTo(lake.get()), (Ids{1, 2, 3}));
}

TEST_F(SharedLake, WritersOfOneHourLoseNothingAndDoubleNothing) {
  constexpr int kNodes = 8;
  constexpr int kRounds = 6;
  std::vector<std::unique_ptr<FaultFileSystem>> disks(kNodes);
  std::vector<std::thread> writers;
  for (int node = 0; node < kNodes; ++node) {
    disks[node] = std::make_unique<FaultFileSystem>(static_cast<uint64_t>(node) + 1);
    writers.emplace_back([&, node] {
      auto lake = OpenNode(disks[node].get());
      for (int64_t round = 0; round < kRounds; ++round) {
        ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {node * 100 + round}, 2)).ok());
        ASSERT_TRUE(lake->FlushAll().ok());
      }
    });
  }
  for (auto& writer : writers) writer.join();
  Ids expected;
  for (int node = 0; node < kNodes; ++node) {
    for (int64_t round = 0; round < kRounds; ++round) expected.insert(node * 100 + round);
  }
  EXPECT_EQ(VisibleToANewNode(), expected);
}

TEST_F(SharedLake, AStoreThatFailsHalfTheTimeAndCrashesLoseNothing) {
  for (const uint64_t seed : {1, 2, 3}) {
    std::vector<std::unique_ptr<FaultFileSystem>> disks;
    disks.push_back(std::make_unique<FaultFileSystem>(seed));
    Ids acknowledged = VisibleToANewNode();
    int64_t next_id = static_cast<int64_t>(seed) * 100'000;
    for (int round = 0; round < 8; ++round) {
      FaultFileSystem* const disk = disks.back().get();
      auto lake = OpenNode(disk);
      ASSERT_NE(lake, nullptr);
      ASSERT_EQ(VisibleTo(lake.get()), acknowledged) << "seed " << seed << " round " << round;
      store_->FailAtRandom(0.5, seed * 100 + static_cast<uint64_t>(round));
      for (int i = 0; i < 6; ++i) {
        const std::vector<int64_t> ids{next_id, next_id + 1};
        next_id += 2;
        ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", ids, 2)).ok());
        acknowledged.insert(ids.begin(), ids.end());
        for (int attempt = 0; attempt < 5; ++attempt) (void)lake->FlushAll();
      }
      store_->StopFailing();
      EXPECT_EQ(VisibleTo(lake.get()), acknowledged);
      disks.push_back(disk->Crash());
      store_->SetFaults([](FaultStore::Operation, const std::string&) { return FaultStore::Outcome::kNotDone; });
      lake.reset();  // the crashed process says nothing more to the store
      store_->StopFailing();
    }
    auto lake = OpenNode(disks.back().get());
    ASSERT_TRUE(lake->FlushAll().ok());
    ASSERT_EQ(VisibleToANewNode(), acknowledged);
  }
}

TEST_F(SharedLake, ARunningNodeSeesWhatOthersDo) {
  FaultFileSystem disk_a, disk_b;
  LakeOptions options = NodeOptions();
  options.drop_delay_ms = 600'000;  // the reader may be reading what was dropped
  auto writer = Open(&disk_a, options);
  options.accepts_writes = false;
  auto reader = Open(&disk_b, options);
  EXPECT_EQ(KindOf(WriteAndWait(reader.get(), Rows("t", {9}))), ErrorKind::kForbidden);
  ASSERT_TRUE(WriteAndWait(writer.get(), Rows("t", {1, 2}, 2)).ok());
  ASSERT_TRUE(writer->FlushAll().ok());
  while (VisibleTo(reader.get()) != Ids{1, 2}) std::this_thread::yield();
  ASSERT_TRUE(WriteAndWait(writer.get(), Rows("t", {3}, 2)).ok());
  ASSERT_TRUE(writer->FlushAll().ok());
  while (VisibleTo(reader.get()) != Ids{1, 2, 3}) std::this_thread::yield();
  ASSERT_TRUE(writer->DropTable("db", "t").ok());
  while (VisibleTo(reader.get()) != Ids()) std::this_thread::yield();
  ASSERT_TRUE(WriteAndWait(writer.get(), Rows("t", {4})).ok());
  ASSERT_TRUE(writer->FlushAll().ok());
  while (VisibleTo(reader.get()) != Ids{4}) std::this_thread::yield();
}

TEST_F(SharedLake, ColumnsOfTwoNodesComeTogether) {
  FaultFileSystem disk_a, disk_b;
  auto a = OpenNode(&disk_a);
  auto b = OpenNode(&disk_b);
  WriteBatch rows = Rows("t", {1});
  rows.tables[0].rows.columns[0].name = "rack";
  ASSERT_TRUE(WriteAndWait(a.get(), std::move(rows)).ok());
  ASSERT_TRUE(WriteAndWait(b.get(), Rows("t", {2})).ok());
  ASSERT_TRUE(a->FlushAll().ok());
  ASSERT_TRUE(b->FlushAll().ok());
  const auto schema = b->Snapshot()->databases.at("db").at("t")->schema;
  EXPECT_TRUE(schema->Find("rack") && schema->Find("host") && schema->Find("id"));
  EXPECT_EQ(VisibleTo(b.get()), (Ids{1, 2}));
}

}  // namespace
}  // namespace gigapi
