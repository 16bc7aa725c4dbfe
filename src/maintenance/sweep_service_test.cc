#include "maintenance/sweep_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/path.h"
#include "lake/testing/lake_rows.h"
#include "object_store/testing/fault_store.h"
#include "object_store/testing/memory_store.h"

namespace gigapi {
namespace {

constexpr int64_t kEverythingIsOld = -3'600'000'000'000;

/// A lake whose only layer and catalog are a store.
class SweepServiceTest : public testing::Test {
 protected:
  SweepServiceTest() {
    LakeOptions options = Options();
    options.layers = {layer_};
    options.shared_catalog = store_;
    lake_ = Open(&disk_, options);
    EXPECT_TRUE(WriteAndWait(lake_.get(), Rows("t", {1, 2, 3})).ok());
    EXPECT_TRUE(lake_->FlushAll().ok());
    listed_ = lake_->ListPartitions().at(0).files.at(0)->key;
  }

  std::unique_ptr<SweepService> Sweeps(int64_t age_min_ns) {
    return SweepService::Make(lake_.get(), {.layers = {layer_}, .catalog_store = store_}, {layer_},
                              {.age_min_ns = age_min_ns});
  }

  /// The listed file once more, as a flush leaves it that was cut short and begun again.
  std::string Leave(const std::string& name) {
    const std::string key = ParentOf(listed_) + '/' + name;
    EXPECT_TRUE(PutObject(store_.get(), key, store_->Get(listed_)->content).ok());
    return key;
  }

  bool IsThere(const std::string& key) { return store_->Head(key).ok(); }

  FaultFileSystem disk_;
  const std::shared_ptr<FaultStore> store_ = std::make_shared<FaultStore>(MakeMemoryStore());
  const LayerPtr layer_ = std::make_shared<const Layer>(LayerOptions{.name = "s3", .is_global = true}, store_, nullptr);
  std::unique_ptr<Lake> lake_;
  std::string listed_;
};

TEST_F(SweepServiceTest, RemovesWhatListedFilesHave) {
  const std::string left = Leave("0b7d8b4e-0000-4000-8000-000000000001.1.parquet");
  const std::string note = Leave("notes.txt");
  const auto sweeps = Sweeps(kEverythingIsOld);
  ASSERT_TRUE(sweeps->Run().ok());
  EXPECT_FALSE(IsThere(left));
  EXPECT_TRUE(IsThere(listed_));
  EXPECT_TRUE(IsThere(note)) << "is not ours";
  EXPECT_EQ(sweeps->metrics().removed_files_total, 1);
  EXPECT_GT(sweeps->metrics().removed_bytes_total, 0);
  ASSERT_TRUE(sweeps->Run().ok());
  EXPECT_EQ(sweeps->metrics().removed_files_total, 1);
}

TEST_F(SweepServiceTest, LeavesWhatIsYoung) {
  const std::string left = Leave("0b7d8b4e-0000-4000-8000-000000000001.1.parquet");
  ASSERT_TRUE(Sweeps(3'600'000'000'000)->Run().ok());
  EXPECT_TRUE(IsThere(left));
}

/// What this node has in mind may be behind: what the catalog says now counts.
TEST_F(SweepServiceTest, AsksTheCatalogBeforeItRemoves) {
  LakeOptions options = Options();
  options.layers = {layer_};
  options.shared_catalog = store_;
  FaultFileSystem other_disk;
  const auto other = Open(&other_disk, options);
  ASSERT_TRUE(WriteAndWait(other.get(), Rows("t", {4})).ok());
  ASSERT_TRUE(other->FlushAll().ok());
  ASSERT_TRUE(Sweeps(kEverythingIsOld)->Run().ok());
  const PartitionFiles partition = other->ListPartitions().at(0);
  EXPECT_EQ(partition.files.size(), 2u);
  for (const DataFilePtr& file : partition.files) EXPECT_TRUE(IsThere(file->key));
}

TEST_F(SweepServiceTest, AFailingStoreKeepsEverythingThatIsNamed) {
  const std::string left = Leave("0b7d8b4e-0000-4000-8000-000000000001.1.parquet");
  const auto sweeps = Sweeps(kEverythingIsOld);
  store_->SetFaults([](FaultStore::Operation operation, const std::string&) {
    return operation == FaultStore::Operation::kRead ? FaultStore::Outcome::kNotDone : FaultStore::Outcome::kDone;
  });
  EXPECT_FALSE(sweeps->Run().ok());
  store_->StopFailing();
  EXPECT_TRUE(IsThere(left)) << "its hour could not be looked at";
  EXPECT_EQ(sweeps->metrics().failures_total, 1);
  ASSERT_TRUE(sweeps->Run().ok());
  EXPECT_FALSE(IsThere(left));
  EXPECT_TRUE(IsThere(listed_));
}

/// Its files wait for queries to end, and who would have removed them is gone.
TEST_F(SweepServiceTest, RemovesWhatIsLeftOfADroppedTable) {
  FaultFileSystem disk;
  LakeOptions options = Options();
  options.layers = {layer_};
  options.shared_catalog = store_;
  options.drop_delay_ms = 3'600'000;
  auto dropper = Open(&disk, options);
  ASSERT_TRUE(dropper->DropTable("db", "t").ok());
  dropper.reset();
  while (!lake_->Snapshot()->databases.at("db").empty()) std::this_thread::yield();
  ASSERT_TRUE(IsThere(listed_));
  const auto inventory = ReadInventory({.layers = {layer_}, .catalog_store = store_}, "", {});
  ASSERT_TRUE(inventory.ok()) << inventory.status();
  const RepairPlan plan = MakeRepairPlan(*inventory, {.is_shared = true, .add_unlisted = true});
  EXPECT_TRUE(plan.hours.empty()) << "a repair does not bring it back";
  ASSERT_TRUE(Sweeps(3'600'000'000'000)->Run().ok());
  EXPECT_TRUE(IsThere(listed_)) << "queries may still read it";
  ASSERT_TRUE(Sweeps(kEverythingIsOld)->Run().ok());
  EXPECT_FALSE(IsThere(listed_));
}

TEST_F(SweepServiceTest, RemovesJournalsOfNodesThatAreGone) {
  const std::string journal = ".gigapi/journal/gone";
  ASSERT_TRUE(PutObject(store_.get(), journal, "run\n0\n").ok());
  ASSERT_TRUE(Sweeps(kEverythingIsOld)->Run().ok());
  EXPECT_TRUE(IsThere(journal)) << "of a node that may come back";
  const auto sweeps = SweepService::Make(lake_.get(), {.layers = {layer_}, .catalog_store = store_}, {layer_},
                                         {.journal_age_min_ns = kEverythingIsOld});
  ASSERT_TRUE(sweeps->Run().ok());
  EXPECT_FALSE(IsThere(journal));
}

TEST_F(SweepServiceTest, EndsUploadsThatNeverEnded) {
  auto writer = *store_->Create("db/t/upload.1.parquet");
  ASSERT_TRUE(writer->Append("half").ok());
  writer.reset();
  const auto sweeps = Sweeps(kEverythingIsOld);
  ASSERT_TRUE(sweeps->Run().ok());
  EXPECT_EQ(sweeps->metrics().removed_uploads_total, 1);
}

}  // namespace
}  // namespace gigapi
