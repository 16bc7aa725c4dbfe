#include "maintenance/heal_service.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "catalog/catalog_key.h"
#include "catalog/store_catalog.h"
#include "lake/testing/falling_feed.h"
#include "lake/testing/lake_rows.h"
#include "maintenance/merge_service.h"
#include "object_store/testing/fault_store.h"
#include "object_store/testing/memory_store.h"

namespace gigapi {
namespace {

/// A lake whose only layer and catalog are a store, which forgets.
class HealServiceTest : public testing::Test {
 protected:
  HealServiceTest() { OpenLake(); }

  void OpenLake() {
    LakeOptions options = Options();
    options.layers = {layer_};
    options.shared_catalog = store_;
    options.catalog_feed = feed_ = std::make_shared<FallingFeed>(falls_);
    options.drop_delay_ms = 3'600'000;
    options.flush_interval_ms = flush_interval_ms_;
    options.durability = durability_;
    lake_ = Open(&disk_, options);
    heals_ = HealService::Make(lake_.get(), Sources());
  }
  void Stop() {
    // What the lake knows is kept by then.
    while (lake_->FallsOfCatalog() == 0 && durability_ != Durability::kNone && !*disk_.Exists(kPositionPath)) {
      std::this_thread::yield();
    }
    heals_.reset();
    lake_.reset();
  }
  void Restart() {
    Stop();
    OpenLake();
  }
  /// While the lake does not run.
  void FallBackAndStart(const std::function<void()>& forget) {
    Stop();
    forget();
    ++*falls_;
    OpenLake();
    EXPECT_GT(lake_->FallsOfCatalog(), 0u);
  }
  /// While it does.
  void FallBack(const std::function<void()>& forget) {
    forget();
    feed_->FallBack();
    while (lake_->FallsOfCatalog() == 0) std::this_thread::yield();
  }
  /// As at some instant.
  std::map<std::string, std::string> CatalogNow() {
    std::map<std::string, std::string> catalog;
    for (const ObjectInfo& object : *ListAll(store_.get(), "")) {
      if (ParseCatalogKey(object.key)) catalog[object.key] = store_->Get(object.key)->content;
    }
    return catalog;
  }
  void ForgetSince(const std::map<std::string, std::string>& catalog) {
    for (const auto& [key, content] : CatalogNow()) {
      if (!catalog.contains(key)) EXPECT_TRUE(store_->Remove(key).ok());
    }
    for (const auto& [key, content] : catalog) EXPECT_TRUE(PutObject(store_.get(), key, content).ok());
  }
  void MergeAll() {
    const auto merges = MergeService::Start(lake_.get(), {.enabled = false});
    const PartitionFiles hour = lake_->ListPartitions().at(0);
    int level = 1;
    for (const DataFilePtr& file : hour.files) level = std::max(level, file->level);
    ASSERT_TRUE(merges->Merge(hour, {.inputs = hour.files, .output_level = level + 1}).ok());
  }
  /// As the drop queue does after a while.
  void RemoveFilesBut(const std::vector<DataFilePtr>& kept) {
    for (const ObjectInfo& object : *ListAll(store_.get(), "db/")) {
      const bool is_kept = std::ranges::any_of(kept, [&](const DataFilePtr& file) { return file->key == object.key; });
      if (object.key.ends_with(".parquet") && !is_kept) EXPECT_TRUE(store_->Remove(object.key).ok());
    }
  }
  RepairSources Sources() const { return {.layers = {layer_}, .catalog_store = store_}; }

  void WriteAndFlush(const std::vector<int64_t>& ids) {
    ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", ids)).ok());
    ASSERT_TRUE(lake_->FlushAll().ok());
  }
  void Write(const std::vector<int64_t>& ids) { ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", ids)).ok()); }
  /// Of rows that are flushed with the next ones.
  void FillASegmentOfTheLog() {
    std::vector<int64_t> ids(6'000);
    std::iota(ids.begin(), ids.end(), 0);
    ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("u", ids)).ok());
  }
  std::string HourKey() { return MetadataKey(lake_->ListPartitions().at(0).path); }
  std::string Hour() { return store_->Get(HourKey())->content; }
  void FallBackTo(const std::string& content) { ASSERT_TRUE(PutObject(store_.get(), HourKey(), content).ok()); }

  /// What the catalog says.
  Ids Listed() {
    FaultFileSystem disk;
    LakeOptions options = Options();
    options.layers = {layer_};
    options.shared_catalog = store_;
    const auto other = Open(&disk, options);
    Ids ids;
    for (const PartitionFiles& partition : other->ListPartitions()) {
      if (partition.table != "t") continue;
      for (const DataFilePtr& file : partition.files) AddIdsOf(*OpenDataFile(*file), file->rows, &ids);
    }
    return ids;
  }

  /// As a query does for which another node says that it knows more.
  void LookAtTheCatalog() {
    const PartitionKey hour = lake_->ListPartitions().at(0).partition;
    const BufferedRows other{.node = "other", .partitions = {{.partition = hour, .flushed_sequence = 1'000, .chunks = {}}}};
    ASSERT_TRUE(lake_->SnapshotWith("db", "t", {other}).ok());
  }
  /// Rows of the node itself, in memory and in files.
  Ids Seen() {
    Ids ids = Listed();
    AddBufferedIds(*lake_->Snapshot()->databases.at("db").at("t"), &ids);
    return ids;
  }

  static constexpr char kPositionPath[] = "/data/.gigapi/catalog_position";

  FaultFileSystem disk_;
  int64_t flush_interval_ms_ = 3'600'000;
  Durability durability_ = Durability::kFsync;
  const std::shared_ptr<int> falls_ = std::make_shared<int>(0);
  std::shared_ptr<FallingFeed> feed_;
  const std::shared_ptr<FaultStore> store_ = std::make_shared<FaultStore>(MakeMemoryStore());
  const LayerPtr layer_ = std::make_shared<const Layer>(LayerOptions{.name = "s3", .is_global = true}, store_, nullptr);
  std::unique_ptr<Lake> lake_;
  std::unique_ptr<HealService> heals_;
};

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

/// A file beside it with some of its rows would keep it from being named for ever.
TEST_F(HealServiceTest, RowsThatAFileMayHaveAreNotFlushedBeforeItIsFound) {
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

TEST_F(HealServiceTest, BringsBackWhatACommitOfItsOwnHasHiddenBeforeARestart) {
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
TEST_F(HealServiceTest, ACommitThatHidesWhatWasLostIsRememberedBeforeIt) {
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

TEST_F(HealServiceTest, BringsBackHoursOfWhichItsLogHasNothing) {
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

TEST_F(HealServiceTest, BringsBackTablesOfNodesThatAreGone) {
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

TEST_F(HealServiceTest, LooksAgainAfterACrashUntilAllIsFound) {
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
TEST_F(HealServiceTest, NamesTheFileOfAMergeAgainWhoseInputsAreGone) {
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
TEST_F(HealServiceTest, NamesTheFileOfMergesOfMergesAgainWhoseInputsAreGone) {
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

/// Without a log nothing tells which sequences it had.
TEST_F(HealServiceTest, SequencesAreNotUsedAgainForOtherRows) {
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

/// The node was killed before its first flush after the restore, so its log has rows of an hour that has files without a
/// name.
TEST_F(HealServiceTest, DoesNotBringBackWhatWentWhenABackupWasRestored) {
  WriteAndFlush({1, 2});
  const std::string backup = Hour();
  const PartitionFiles hour = lake_->ListPartitions().at(0);
  WriteAndFlush({3, 4});
  const WalSequences all{{lake_->node(), hour.files.at(0)->max_sequence + 1}};
  ASSERT_TRUE(lake_->Close().ok());
  FallBackTo(backup);
  DropRecord record{.database = "db", .table = "t", .wal_sequences = all, .dropped_ns = 1};
  record.kept[hour.partition] = {{lake_->node(), hour.files.at(0)->max_sequence}};
  ASSERT_TRUE(PutDropRecord(record, store_.get()).ok());
  heals_.reset();
  lake_.reset();
  ASSERT_TRUE(ForgetLog(Options().root, &disk_).ok());
  OpenLake();
  Write({5});
  const auto disk = disk_.Crash();
  heals_.reset();
  lake_.reset();
  LakeOptions options = Options();
  options.layers = {layer_};
  options.shared_catalog = store_;
  lake_ = Open(disk.get(), options);
  heals_ = HealService::Make(lake_.get(), Sources());
  ASSERT_TRUE(heals_->Run().ok());
  EXPECT_EQ(Seen(), (Ids{1, 2, 5}));
  EXPECT_EQ(heals_->metrics().files_total, 0);
  lake_.reset();
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
