#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <thread>

#include "lake/lake_impl.h"
#include "lake/testing/lake_rows.h"

namespace gigapi {
namespace {

constexpr int kHours = 3;

bool Has(Lake* lake, const std::string& table, const std::string& database = "db") {
  const LakeSnapshotPtr snapshot = lake->Snapshot();
  const auto found = snapshot->databases.find(database);
  return found != snapshot->databases.end() && found->second.contains(table);
}
bool HasDatabase(Lake* lake, const std::string& database) { return lake->Snapshot()->databases.contains(database); }

/// Half of the rows in files, half in memory and in the log.
void Fill(Lake* lake, const std::string& table, std::vector<int64_t> flushed, std::vector<int64_t> buffered) {
  ASSERT_TRUE(WriteAndWait(lake, Rows(table, flushed, kHours)).ok());
  ASSERT_TRUE(lake->FlushAll().ok());
  ASSERT_TRUE(WriteAndWait(lake, Rows(table, buffered, kHours)).ok());
}

std::vector<std::string> NamesBelow(FileSystem* fs, const std::string& directory) {
  std::vector<std::string> names;
  for (const std::string& name : *fs->List(directory)) {
    names.push_back(directory + "/" + name);
    const auto below = NamesBelow(fs, names.back());
    names.insert(names.end(), below.begin(), below.end());
  }
  return names;
}

TEST(Drop, ATableIsGoneAtOnceAndForGood) {
  FaultFileSystem fs;
  auto lake = Open(&fs);
  Fill(lake.get(), "t", {1, 2, 3}, {4, 5});
  Fill(lake.get(), "other", {6, 7}, {8});
  ASSERT_TRUE(lake->DropTable("db", "t").ok());
  EXPECT_FALSE(Has(lake.get(), "t"));
  EXPECT_EQ(KindOf(lake->DropTable("db", "t")), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(lake->DropTable("nowhere", "t")), ErrorKind::kNotFound);
  auto crashed = fs.Crash();
  while (*fs.Exists("/data/db/t")) std::this_thread::yield();
  EXPECT_EQ(Visible(lake.get(), &fs, "other"), (Ids{6, 7, 8}));
  lake.reset();
  for (FileSystem* disk : {static_cast<FileSystem*>(&fs), static_cast<FileSystem*>(crashed.get())}) {
    lake = Open(disk);
    EXPECT_FALSE(Has(lake.get(), "t"));
    EXPECT_EQ(Visible(lake.get(), disk, "other"), (Ids{6, 7, 8}));
    EXPECT_FALSE(*disk->Exists("/data/db/t"));
    lake.reset();
  }
}

TEST(Drop, ADatabaseIsGoneWithItsTables) {
  FaultFileSystem fs;
  auto lake = Open(&fs);
  Fill(lake.get(), "t", {1, 2}, {3});
  Fill(lake.get(), "u", {4}, {5});
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {6}), "kept").ok());
  ASSERT_TRUE(lake->DropDatabase("db").ok());
  EXPECT_FALSE(HasDatabase(lake.get(), "db"));
  EXPECT_EQ(KindOf(lake->DropDatabase("db")), ErrorKind::kNotFound);
  while (*fs.Exists("/data/db")) std::this_thread::yield();
  EXPECT_THAT(NamesBelow(&fs, "/data"), testing::Not(testing::Contains(testing::HasSubstr("/db"))));
  lake.reset();
  lake = Open(&fs);
  EXPECT_FALSE(HasDatabase(lake.get(), "db"));
  EXPECT_TRUE(Has(lake.get(), "t", "kept"));
}

TEST(Drop, AnEmptyDatabaseStaysGoneUntilItIsMadeAgain) {
  FaultFileSystem fs;
  auto lake = Open(&fs);
  ASSERT_TRUE(lake->CreateDatabase("db").ok());
  ASSERT_TRUE(lake->DropDatabase("db").ok());
  auto crashed = fs.Crash();
  auto reopened = Open(crashed.get());
  EXPECT_FALSE(HasDatabase(reopened.get(), "db"));
  ASSERT_TRUE(reopened->CreateDatabase("db").ok());
  auto again = crashed->Crash();
  EXPECT_TRUE(HasDatabase(Open(again.get()).get(), "db"));
}

TEST(Drop, TheNameCanBeUsedAgainWithOtherColumns) {
  for (const Durability durability : {Durability::kFsync, Durability::kNone}) {
    FaultFileSystem fs;
    LakeOptions options = Options(durability);
    auto lake = Open(&fs, options);
    for (int64_t round = 0; round < 4; ++round) {
      const ColumnType type = round % 2 == 0 ? ColumnType::kFloat64 : ColumnType::kInt64;
      ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {round}, kHours, type)).ok());
      if (round > 0) {
        ASSERT_TRUE(lake->FlushAll().ok());
      }
      if (round < 3) {
        ASSERT_TRUE(lake->DropTable("db", "t").ok());
      }
    }
    EXPECT_EQ(Visible(lake.get(), &fs), (Ids{3}));
    auto crashed = fs.Crash();
    lake.reset();
    for (FileSystem* disk : {static_cast<FileSystem*>(&fs), static_cast<FileSystem*>(crashed.get())}) {
      lake = Open(disk, options);
      EXPECT_EQ(Visible(lake.get(), disk), (Ids{3}));
      lake.reset();
    }
  }
}

/// The heart of it: whatever instant a crash takes, the table is whole or gone, gone for sure once the drop was answered,
/// nothing of it mixes with rows of the same name that came later, and the other table has all its rows.
void CrashEverywhere(bool whole_database, Durability durability) {
  FaultFileSystem fs;
  LakeOptions options = Options(durability);
  auto lake = Open(&fs, options);
  Fill(lake.get(), "t", {1, 2, 3}, {4, 5});
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("other", {6, 7}, 1), "kept").ok());
  ASSERT_TRUE(lake->FlushAll().ok());
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {8, 9}, kHours)).ok());
  const Ids before = durability == Durability::kNone ? Ids{1, 2, 3, 4, 5} : Ids{1, 2, 3, 4, 5, 8, 9};

  std::vector<std::unique_ptr<FaultFileSystem>> crashes;
  fs.CollectCrashes(&crashes);
  ASSERT_TRUE((whole_database ? lake->DropDatabase("db") : lake->DropTable("db", "t")).ok());
  fs.CollectCrashes(nullptr);
  const size_t until_answer = crashes.size();
  crashes.push_back(fs.Crash());
  fs.CollectCrashes(&crashes);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {10, 11}, 2, ColumnType::kInt64)).ok());
  fs.CollectCrashes(nullptr);
  const size_t until_write = crashes.size();
  crashes.push_back(fs.Crash());
  fs.CollectCrashes(&crashes);
  ASSERT_TRUE(lake->FlushAll().ok());
  while (*fs.Exists("/data/db/t/date=2023-11-15/hour=00/metadata.json")) std::this_thread::yield();
  lake.reset();
  fs.CollectCrashes(nullptr);
  crashes.push_back(fs.Crash());
  ASSERT_GT(crashes.size(), 30u);

  const Ids after = {10, 11};
  for (size_t i = 0; i < crashes.size(); ++i) {
    FaultFileSystem* const disk = crashes[i].get();
    auto found = Open(disk, options);
    ASSERT_NE(found, nullptr) << "crash " << i;
    const Ids seen = Visible(found.get(), disk);
    if (i < until_answer) EXPECT_TRUE(seen == before || seen.empty()) << "crash " << i;
    else if (i < until_write) EXPECT_TRUE(seen.empty() || seen == after) << "crash " << i;
    else if (durability == Durability::kNone) EXPECT_THAT(seen, testing::IsSubsetOf(after)) << "crash " << i;
    else EXPECT_EQ(seen, after) << "crash " << i;

    // And it goes on from there: another crash later still shows just this.
    ASSERT_TRUE(WriteAndWait(found.get(), Rows("t", {20, 21}, kHours)).ok());
    ASSERT_TRUE(found->FlushAll().ok());
    Ids later = seen;
    later.insert({20, 21});
    EXPECT_EQ(Visible(found.get(), disk), later) << "crash " << i;
    auto second = disk->Crash();
    found.reset();
    auto reopened = Open(second.get(), options);
    ASSERT_NE(reopened, nullptr) << "crash " << i;
    EXPECT_EQ(Visible(reopened.get(), second.get()), later) << "crash " << i;
    const auto kept = reopened->Snapshot()->databases.at("kept").at("other");
    Ids other;
    for (const DataFilePtr& file : kept->files) AddFileIds(second.get(), *file, &other);
    EXPECT_EQ(other, (Ids{6, 7})) << "crash " << i;
  }
}

TEST(Drop, ATableSurvivesNoCrash) { CrashEverywhere(false, Durability::kFsync); }
TEST(Drop, ADatabaseSurvivesNoCrash) { CrashEverywhere(true, Durability::kFsync); }
TEST(Drop, ATableWithoutALogSurvivesNoCrash) { CrashEverywhere(false, Durability::kNone); }

TEST(Drop, OneThatFailsLeavesTheTableAndItsLaterRows) {
  using Operation = FaultFileSystem::Operation;
  for (const Operation operation :
       {Operation::kCreate, Operation::kWrite, Operation::kSync, Operation::kRename, Operation::kSyncDirectory}) {
    FaultFileSystem fs;
    auto lake = Open(&fs);
    Fill(lake.get(), "t", {1, 2}, {3});
    fs.Fail(operation, 1);
    EXPECT_EQ(KindOf(lake->DropTable("db", "t")), ErrorKind::kUnavailable);
    fs.Fail(operation, 0);
    EXPECT_EQ(Visible(lake.get(), &fs), (Ids{1, 2, 3}));
    ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {4})).ok());
    auto early = fs.Crash();
    ASSERT_TRUE(lake->FlushAll().ok());
    auto late = fs.Crash();
    lake.reset();
    // It was answered with a failure: gone or not, but rows that came later are there.
    lake = Open(early.get());
    const Ids seen = Visible(lake.get(), early.get());
    EXPECT_TRUE(seen == (Ids{1, 2, 3, 4}) || seen == (Ids{4})) << seen.size();
    lake.reset();
    lake = Open(late.get());
    EXPECT_EQ(Visible(lake.get(), late.get()), (Ids{1, 2, 3, 4})) << "committed after the failure";
    lake.reset();  // before its disk
  }
}

TEST(Drop, AQueryThatRunsKeepsItsFiles) {
  FaultFileSystem fs;
  auto lake = Open(&fs);
  Fill(lake.get(), "t", {1, 2, 3}, {});
  LakeSnapshotPtr snapshot = lake->Snapshot();
  const TableSnapshotPtr table = snapshot->databases.at("db").at("t");
  ASSERT_TRUE(lake->DropTable("db", "t").ok());
  while (*fs.Exists("/data/db/t/metadata.json")) std::this_thread::yield();
  Ids ids;
  for (const DataFilePtr& file : table->files) AddFileIds(&fs, *file, &ids);
  EXPECT_EQ(ids, (Ids{1, 2, 3}));
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {4}, kHours)).ok());
  ASSERT_TRUE(lake->FlushAll().ok());
  const std::string path = PathOf(*table->files[0]);
  EXPECT_TRUE(*fs.Exists(path));
  snapshot.reset();
  const_cast<TableSnapshotPtr&>(table).reset();
  while (*fs.Exists(path)) std::this_thread::yield();
  EXPECT_EQ(Visible(lake.get(), &fs), (Ids{4}));
}

TEST(Drop, ATableOfBeforeTheFirstRecordStaysGone) {
  FaultFileSystem fs;
  auto lake = Open(&fs);
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {1})).ok());
  ASSERT_TRUE(lake->FlushAll().ok());
  const std::string path = std::string(kRoot) + "/" + lake->ListPartitions().at(0).path + "/metadata.json";
  lake.reset();
  // As a restored root has it: files that no record of its log stands behind.
  auto metadata = DecodePartitionMetadata(*ReadWholeFile(&fs, path), {{MakeLocalLayer(&fs, kRoot)}, "db/t", {1}, ""});
  ASSERT_TRUE(metadata.ok());
  metadata->wal_sequences.clear();
  for (DataFilePtr& file : metadata->files) {
    DataFile restored = *file;
    restored.min_sequence = restored.max_sequence = 0;
    file = std::make_shared<const DataFile>(restored);
  }
  ASSERT_TRUE(ReplaceFile(&fs, path, EncodePartitionMetadata(*metadata)).ok());
  for (const std::string& segment : *fs.List("/data/.gigapi/wal")) {
    ASSERT_TRUE(fs.Remove("/data/.gigapi/wal/" + segment).ok());
  }
  ASSERT_TRUE(fs.SyncDirectory("/data/.gigapi/wal").ok());
  lake = Open(&fs);
  ASSERT_EQ(Visible(lake.get(), &fs), (Ids{1}));
  LakeSnapshotPtr reader = lake->Snapshot();  // keeps the files where they are
  ASSERT_TRUE(lake->DropTable("db", "t").ok());
  auto image = fs.Crash();
  auto again = Open(image.get());
  EXPECT_EQ(Visible(again.get(), image.get()), Ids());
}

TEST(Drop, WritesBesideItAreWhollyBeforeOrAfter) {
  FaultFileSystem fs;
  LakeOptions options = Options();
  options.flush_interval_ms = 5;
  auto lake = Open(&fs, options);
  std::atomic<int64_t> next{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  Ids since_last_drop;
  std::vector<std::thread> writers;
  for (int i = 0; i < 3; ++i) {
    writers.emplace_back([&] {
      while (!stop) {
        const int64_t id = next++;
        // The schema may be gone between its check and the log: the server would parse again.
        Status status = Error(ErrorKind::kConflict, "");
        while (!status.ok() && KindOf(status) == ErrorKind::kConflict) status = WriteAndWait(lake.get(), Rows("t", {id}, 1));
        EXPECT_TRUE(status.ok()) << status;
        const std::lock_guard lock(mutex);
        since_last_drop.insert(id);
      }
    });
  }
  for (int drop = 0; drop < 20; ++drop) {
    while (next < (drop + 1) * 20) std::this_thread::yield();
    Ids acknowledged;
    {
      const std::lock_guard lock(mutex);
      acknowledged.swap(since_last_drop);
    }
    const Status dropped = lake->DropTable("db", "t");
    // No write may have come since the last drop; one may come right after this.
    EXPECT_TRUE(dropped.ok() || KindOf(dropped) == ErrorKind::kNotFound) << dropped;
    const Ids seen = Visible(lake.get(), &fs);
    for (const int64_t id : acknowledged) EXPECT_FALSE(seen.contains(id)) << "acknowledged before the drop began";
  }
  stop = true;
  for (std::thread& writer : writers) writer.join();
  const Ids last = Visible(lake.get(), &fs);
  auto crashed = fs.Crash();
  lake.reset();
  lake = Open(crashed.get(), options);
  EXPECT_EQ(Visible(lake.get(), crashed.get()), last);
  lake.reset();  // before its disk
}

TEST(Drop, WhoWaitsForAFlushIsAnswered) {
  FaultFileSystem fs;
  auto lake = Open(&fs, Options(Durability::kFlush));
  std::atomic<int> answers{0};
  lake->Write("db", Rows("t", {1, 2, 3}, kHours), [&](Status status) { answers += status.ok() ? 1 : 100; });
  while (!Has(lake.get(), "t") || lake->metrics().buffered_rows == 0) std::this_thread::yield();
  // Either the flush or the drop answers, once.
  (void)lake->DropTable("db", "t");
  while (answers == 0) std::this_thread::yield();
  lake.reset();
  EXPECT_EQ(answers, 1);
}

TEST(Drop, TheLogLetsGoOfRowsThatNoFileWillHave) {
  FaultFileSystem fs;
  auto lake = Open(&fs);
  std::vector<int64_t> ids(6'000);  // more than a segment of the log
  std::iota(ids.begin(), ids.end(), 0);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", ids)).ok());
    ASSERT_TRUE(lake->DropTable("db", "t").ok());
  }
  constexpr int64_t kHalfOfTheirBytes = 1'000'000;
  const int64_t deadline_ns = SteadyNanos() + 10 * kNanosPerSecond;
  while (lake->metrics().wal_disk_bytes > kHalfOfTheirBytes && SteadyNanos() < deadline_ns) std::this_thread::yield();
  EXPECT_LE(lake->metrics().wal_disk_bytes, kHalfOfTheirBytes);
}

TEST(Drop, TheListIsForgottenWhenTheLogHasMovedOn) {
  FaultFileSystem fs;
  auto lake = Open(&fs);
  for (int64_t i = 0; i < 8; ++i) {
    const std::string table = "t" + std::to_string(i);
    // Each fills more than a segment of the log.
    std::vector<int64_t> ids(6'000);
    for (size_t k = 0; k < ids.size(); ++k) ids[k] = static_cast<int64_t>(k);
    ASSERT_TRUE(WriteAndWait(lake.get(), Rows(table, ids)).ok());
    ASSERT_TRUE(lake->DropTable("db", table).ok());
    while (*fs.Exists("/data/db/" + table)) std::this_thread::yield();
    ASSERT_TRUE(WriteAndWait(lake.get(), Rows("u", {i})).ok());
    ASSERT_TRUE(lake->FlushAll().ok());
  }
  const DropList list = *DecodeDropList(*ReadWholeFile(&fs, "/data/.gigapi/drops.json"));
  EXPECT_LT(list.drops().size(), 5u);
  auto crashed = fs.Crash();
  EXPECT_FALSE(Has(Open(crashed.get()).get(), "t0"));
}

}  // namespace
}  // namespace gigapi
