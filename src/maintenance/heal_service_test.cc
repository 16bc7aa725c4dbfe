#include "maintenance/heal_service.h"

#include "catalog/store_catalog.h"
#include "maintenance/testing/heal_fixture.h"

namespace gigapi {
namespace {

TEST_F(HealServiceTest, BringsBackTheFilesOfCommitsThatWereLost) {
  WriteAndFlush({1, 2});
  const std::string old = Hour();
  WriteAndFlush({3, 4});
  WriteAndFlush({5});
  FallBackTo(old);
  WriteAndFlush({6});  // meets another version than it knows
  EXPECT_EQ(Listed(), (Ids{1, 2, 6}));
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Listed(), (Ids{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(heals_->metrics().files_total, 2);
  EXPECT_EQ(heals_->metrics().rows_total, 3);
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(heals_->metrics().files_total, 2);
  WriteAndFlush({7});
  EXPECT_EQ(Listed(), (Ids{1, 2, 3, 4, 5, 6, 7}));
}

TEST_F(HealServiceTest, BringsBackTheColumnsOfTheFilesToo) {
  WriteAndFlush({1, 2});
  const std::string old = Hour();
  const std::string old_columns = store_->Get("db/t/metadata.json")->content;
  WriteBatch rows = Rows("t", {3});
  rows.tables[0].rows.columns[0].name = "rack";
  ASSERT_TRUE(WriteAndWait(lake_.get(), std::move(rows)).ok());
  ASSERT_TRUE(lake_->FlushAll().ok());
  FallBackTo(old);
  ASSERT_TRUE(PutObject(store_.get(), "db/t/metadata.json", old_columns).ok());
  WriteAndFlush({4});
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Listed(), (Ids{1, 2, 3, 4}));
  const auto catalog = MakeStoreCatalog(store_, {layer_}, "other", {});
  EXPECT_TRUE((*catalog->GetTable("db/t"))->Find("rack"));
}

TEST_F(HealServiceTest, BringsBackFilesOfOtherNodes) {
  WriteAndFlush({1, 2});
  const std::string old = Hour();
  FaultFileSystem disk;
  LakeOptions options = Options();
  options.layers = {layer_};
  options.shared_catalog = store_;
  const auto other = Open(&disk, options);
  ASSERT_TRUE(WriteAndWait(other.get(), Rows("t", {3})).ok());
  ASSERT_TRUE(other->FlushAll().ok());
  WriteAndFlush({4});
  FallBackTo(old);
  WriteAndFlush({5});
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Listed(), (Ids{1, 2, 3, 4, 5}));
}

/// The merge that replaced them is lost too: they are needed again.
TEST_F(HealServiceTest, BringsBackFilesThatWereToBeRemoved) {
  WriteAndFlush({1, 2});
  const std::string old = Hour();
  WriteAndFlush({3, 4});
  const auto merges = MergeService::Start(lake_.get(), {.enabled = false});
  const PartitionFiles partition = lake_->ListPartitions().at(0);
  ASSERT_TRUE(merges->Merge(partition, {.inputs = partition.files, .output_level = 2}).ok());
  EXPECT_EQ(lake_->metrics().drop_queue_files, 2);
  FallBackTo(old);
  WriteAndFlush({5});
  EXPECT_EQ(Listed(), (Ids{1, 2, 5}));
  EXPECT_EQ(lake_->metrics().drop_queue_files, 0);
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Listed(), (Ids{1, 2, 3, 4, 5}));
}

/// A file of a flush that failed after the upload is found as well, and its rows are still in memory.
TEST_F(HealServiceTest, RowsOfAFlushThatFailedCountOnceWhenItsFileIsFound) {
  WriteAndFlush({1});
  const std::string old = Hour();
  WriteAndFlush({2});
  ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", {3})).ok());
  store_->SetFaults([key = HourKey()](FaultStore::Operation operation, const std::string& of) {
    const bool fails = operation == FaultStore::Operation::kPutIf && of == key;
    return fails ? FaultStore::Outcome::kNotDone : FaultStore::Outcome::kDone;
  });
  EXPECT_FALSE(lake_->FlushAll().ok());
  store_->StopFailing();
  FallBackTo(old);
  LookAtTheCatalog();
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(heals_->metrics().files_total, 2);
  EXPECT_EQ(Seen(), (Ids{1, 2, 3}));
  WriteAndFlush({4});
  EXPECT_EQ(Listed(), (Ids{1, 2, 3, 4}));
}

/// What a node writes after its restart must not stand for rows that it does not have any more.
TEST_F(HealServiceTest, FilesThatTheCatalogLostBeforeARestartAreNotTakenForReplaced) {
  WriteAndFlush({1, 2});
  const std::string key = HourKey(), old = Hour();
  WriteAndFlush({3, 4});
  FillASegmentOfTheLog();
  ASSERT_TRUE(lake_->FlushAll().ok());
  ASSERT_TRUE(PutObject(store_.get(), key, old).ok());
  Restart();
  WriteAndFlush({5});
  RepairOptions options{.node = lake_->node(), .is_shared = true, .add_unlisted = true};
  const CatalogKey hour = *ParseCatalogKey(key);
  const auto inventory = ReadHourInventory(Sources(), hour, lake_->node(), {});
  ASSERT_TRUE(inventory.ok()) << inventory.status();
  const RepairPlan plan = MakeRepairPlan(*inventory, options);
  ASSERT_EQ(plan.hours.size(), 1u);
  ASSERT_EQ(plan.hours[0].added.size(), 1u);
  EXPECT_EQ(plan.hours[0].added[0]->rows, 2);
}

/// Of the rows of a file some are in the log still.
TEST_F(HealServiceTest, BringsBackFilesThatTheCatalogLostBeforeARestart) {
  WriteAndFlush({1, 2});
  const std::string key = HourKey(), old = Hour();
  Write({3});
  FillASegmentOfTheLog();
  WriteAndFlush({4});
  ASSERT_TRUE(PutObject(store_.get(), key, old).ok());
  Restart();
  EXPECT_GT(lake_->metrics().buffered_rows, 0);
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Seen(), (Ids{1, 2, 3, 4}));
  WriteAndFlush({5});
  EXPECT_EQ(Listed(), (Ids{1, 2, 3, 4, 5}));
}

TEST_F(HealServiceTest, LeavesACatalogAloneThatHasEverything) {
  WriteAndFlush({1, 2});
  ASSERT_TRUE(PutObject(store_.get(), HourKey(), Hour()).ok());
  WriteAndFlush({3});
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(heals_->metrics().files_total, 0);
  EXPECT_EQ(Listed(), (Ids{1, 2, 3}));
}

TEST_F(HealServiceTest, DoesNotBringBackWhatWasDropped) {
  WriteAndFlush({1, 2});
  ASSERT_TRUE(lake_->DropTable("db", "t").ok());
  WriteAndFlush({3});
  const std::string old = Hour();
  WriteAndFlush({4});
  FallBackTo(old);
  WriteAndFlush({5});
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Listed(), (Ids{3, 4, 5})) << "the dropped file may still lie there";
}

TEST_F(HealServiceTest, DoesNotBringBackWhatIsDroppedWhileItTriesAgain) {
  WriteAndFlush({1, 2});
  const std::string old = Hour();
  WriteAndFlush({3});
  FallBackTo(old);
  LookAtTheCatalog();
  store_->SetFaults([](FaultStore::Operation operation, const std::string&) {
    return operation == FaultStore::Operation::kList ? FaultStore::Outcome::kNotDone : FaultStore::Outcome::kDone;
  });
  EXPECT_FALSE(heals_->Run().ok());
  store_->StopFailing();
  ASSERT_TRUE(lake_->DropTable("db", "t").ok());
  WriteAndFlush({4});
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Listed(), (Ids{4}));
}

TEST_F(HealServiceTest, DoesNotAddFilesThatWereFoundBeforeADrop) {
  WriteAndFlush({1, 2});
  const PartitionFiles before = lake_->ListPartitions().at(0);
  const FoundFiles found{.listed = {},
                         .added = before.files,
                         .replaced = {},
                         .sequences = {},
                         .dropped_up_to = lake_->DroppedUpTo(before.Key())};
  ASSERT_TRUE(lake_->DropTable("db", "t").ok());
  Write({3});
  EXPECT_EQ(KindOf(lake_->AddFiles(before.Key(), found)), ErrorKind::kConflict);
}

TEST_F(HealServiceTest, TriesAnHourOnceThatWasNoticedTwice) {
  WriteAndFlush({1, 2});
  const std::string old = Hour();
  WriteAndFlush({3});
  FallBackTo(old);
  LookAtTheCatalog();
  LookAtTheCatalog();
  EXPECT_EQ(lake_->TakeFallenBack().size(), 1u);
}

TEST_F(HealServiceTest, TellsOfFilesThatItLeaves) {
  WriteAndFlush({1, 2});
  const PartitionFiles hour = lake_->ListPartitions().at(0);
  auto old = DecodePartitionMetadata(Hour(), {{layer_}, hour.path, hour.partition, lake_->node()});
  ASSERT_TRUE(old.ok());
  FaultFileSystem other_disk;
  LakeOptions options = Options();
  options.layers = {layer_};
  options.shared_catalog = store_;
  const auto other = Open(&other_disk, options);
  // On that node's own disk: nobody else can tell which of its rows it has.
  DataFile elsewhere = *old->files[0];
  elsewhere.node = other->node();
  elsewhere.key = hour.path + "/0.1.parquet";
  old->files.push_back(std::make_shared<const DataFile>(elsewhere));
  ASSERT_TRUE(WriteAndWait(other.get(), Rows("t", {3})).ok());
  ASSERT_TRUE(other->FlushAll().ok());
  WriteAndFlush({4});
  FallBackTo(EncodePartitionMetadata(*old));
  LookAtTheCatalog();
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(heals_->metrics().files_total, 1);
  EXPECT_EQ(heals_->metrics().rows_total, 1);
  EXPECT_EQ(heals_->metrics().left_files_total, 1);
}

/// A merge that was paused before its commit, while the catalog fell back to before its inputs.
TEST_F(HealServiceTest, AMergeThatComesTooLateLeavesItsFileToWhoHasFoundIt) {
  WriteAndFlush({1});
  const std::string key = HourKey(), old = Hour();
  WriteAndFlush({2});
  WriteAndFlush({3});
  FaultFileSystem disk;
  LakeOptions options = Options();
  options.layers = {layer_};
  const auto faults = std::make_shared<FaultStore>(store_);
  options.shared_catalog = faults;
  auto other = Open(&disk, options);
  const PartitionFiles hour = other->ListPartitions().at(0);
  const std::vector<DataFilePtr> inputs(hour.files.begin() + 1, hour.files.end());
  ASSERT_EQ(inputs.size(), 2u);
  bool was_paused = false;
  faults->SetFaults([&](FaultStore::Operation operation, const std::string& of) {
    if (operation == FaultStore::Operation::kPutIf && of == key && !std::exchange(was_paused, true)) {
      FallBackTo(old);
      LookAtTheCatalog();
      EXPECT_TRUE(heals_->Run().ok());
    }
    return FaultStore::Outcome::kDone;
  });
  const auto merges = MergeService::Start(other.get(), {.enabled = false});
  EXPECT_EQ(KindOf(merges->Merge(hour, {.inputs = inputs, .output_level = 2})), ErrorKind::kConflict);
  EXPECT_TRUE(was_paused);
  EXPECT_EQ(heals_->metrics().files_total, 1);
  other.reset();
  EXPECT_EQ(Listed(), (Ids{1, 2, 3}));
}

/// Nobody lists it by mistake, and it does not stay.
TEST_F(HealServiceTest, AMergeThatComesTooLateRemovesItsFile) {
  WriteAndFlush({1});
  WriteAndFlush({2});
  FaultFileSystem disk;
  LakeOptions options = Options();
  options.layers = {layer_};
  options.shared_catalog = store_;
  auto other = Open(&disk, options);
  const auto merges = MergeService::Start(other.get(), {.enabled = false});
  const PartitionFiles hour = other->ListPartitions().at(0);
  ASSERT_TRUE(lake_->ReplaceFiles(lake_->ListPartitions().at(0), {lake_->ListPartitions().at(0).files[0]}, {}).ok());
  EXPECT_EQ(KindOf(merges->Merge(hour, {.inputs = hour.files, .output_level = 2})), ErrorKind::kConflict);
  const auto merged_files = [&] {
    const auto objects = *ListAll(store_.get(), "db/");
    return std::ranges::count_if(objects, [](const ObjectInfo& object) { return object.key.ends_with(".2.parquet"); });
  };
  while (merged_files() > 0) std::this_thread::yield();
  EXPECT_EQ(Listed(), Ids{2});
}

}  // namespace
}  // namespace gigapi
