// The catalog in a store, with and without its checkpoint.
#include "catalog/store_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/uuid.h"
#include "catalog/catalog_checkpoint.h"
#include "catalog/catalog_key.h"
#include "catalog/guarded_catalog.h"
#include "object_store/testing/fault_store.h"
#include "object_store/testing/memory_store.h"
#include "storage/hive_path.h"

namespace gigapi {
namespace {

using Operation = FaultStore::Operation;
using Outcome = FaultStore::Outcome;

constexpr int kHours = 2'000;
constexpr char kTable[] = "db/t";

class StoreCatalogTest : public testing::Test {
 protected:
  StoreCatalogTest() {
    EXPECT_TRUE(catalog_->CreateDatabase("db").ok());
    EXPECT_TRUE(catalog_->CreateDatabase("empty").ok());
    EXPECT_TRUE(catalog_->CommitTable(kTable, "t", TableSchema({{"f", ColumnType::kFloat64}})).ok());
    for (int64_t hour = 0; hour < kHours; ++hour) Commit(hour, 1);
  }

  std::unique_ptr<Catalog> NewNode() const { return MakeStoreCatalog(store_, layers_, "node", {}); }

  void Commit(int64_t hour, uint64_t sequence) {
    const auto put = catalog_->CommitPartition(
        PartitionPath(kTable, {hour}), {.table = "t", .wal_sequences = {{"node", sequence}}, .files = {}}, versions_[hour]);
    ASSERT_TRUE(put.ok()) << put.status().ToString();
    versions_[hour] = *put;
    sequences_[hour] = sequence;
  }

  void Remove(int64_t hour) {
    ASSERT_TRUE(catalog_->RemoveMetadata(PartitionPath(kTable, {hour})).ok());
    versions_.erase(hour);
    sequences_.erase(hour);
  }

  static Status Write(Catalog* catalog) {
    return catalog->WriteCheckpoint([] { return false; });
  }

  /// Loads as a node that starts now, checks what it finds, and answers how many requests it read objects with.
  int64_t ReadsOfAStart() const {
    const int64_t before = store_->metrics().get_requests_total;
    const auto contents = NewNode()->Load(DropList());
    const int64_t reads = store_->metrics().get_requests_total - before;
    EXPECT_TRUE(contents.ok()) << contents.status().ToString();
    if (!contents.ok()) return -1;
    EXPECT_THAT(contents->databases, testing::ElementsAre("db", "empty"));
    EXPECT_EQ(contents->tables.size(), 1U);
    EXPECT_EQ(contents->tables.at(0).schema->size(), 1U);
    std::map<int64_t, std::string> versions;
    std::map<int64_t, uint64_t> sequences;
    int64_t last = INT64_MIN;
    for (const LoadedPartition& partition : contents->tables.at(0).partitions) {
      EXPECT_LT(last, partition.key.hour);
      last = partition.key.hour;
      versions[last] = partition.version;
      sequences[last] = SequenceOf(partition.metadata.wal_sequences, "node");
    }
    EXPECT_EQ(versions, versions_);
    EXPECT_EQ(sequences, sequences_);
    return reads;
  }

  std::vector<std::string> PartKeys() const {
    std::vector<std::string> keys;
    for (const ObjectInfo& object : *ListAll(store_.get(), std::string(kCheckpointPrefix))) keys.push_back(object.key);
    return keys;
  }

  const std::shared_ptr<FaultStore> store_ = std::make_shared<FaultStore>(MakeMemoryStore());
  const std::vector<LayerPtr> layers_{
      std::make_shared<const Layer>(LayerOptions{.name = "bucket", .is_global = true}, store_, nullptr)};
  const std::unique_ptr<Catalog> catalog_ = NewNode();
  std::map<int64_t, std::string> versions_;
  std::map<int64_t, uint64_t> sequences_;
};

TEST_F(StoreCatalogTest, AStartReadsACheckpointInsteadOfEachHour) {
  EXPECT_GE(ReadsOfAStart(), kHours);
  ASSERT_TRUE(Write(catalog_.get()).ok());
  EXPECT_LE(ReadsOfAStart(), static_cast<int64_t>(PartKeys().size()) + 1);
}

TEST_F(StoreCatalogTest, WhatTheCheckpointDoesNotKnowIsRead) {
  ASSERT_TRUE(Write(catalog_.get()).ok());
  const auto parts = static_cast<int64_t>(PartKeys().size());
  Commit(3, 2);
  Commit(1'999, 2);
  Commit(kHours, 1);
  Remove(1'000);
  const int64_t reads = ReadsOfAStart();
  EXPECT_GE(reads, 3);
  EXPECT_LE(reads, parts + 4);
}

TEST_F(StoreCatalogTest, OnlyPartsThatChangedMuchAreWrittenAgain) {
  ASSERT_TRUE(Write(catalog_.get()).ok());
  const auto puts = [&] { return store_->metrics().put_requests_total; };
  const auto puts_of = [&](Catalog* catalog) {
    const int64_t before = puts();
    EXPECT_TRUE(Write(catalog).ok());
    return puts() - before;
  };
  EXPECT_EQ(puts_of(catalog_.get()), 0);
  EXPECT_EQ(puts_of(NewNode().get()), 0) << "another node finds it good";
  Commit(5, 2);
  EXPECT_EQ(puts_of(catalog_.get()), 0) << "one hour";
  for (int64_t hour = 0; hour < 100; ++hour) Commit(hour, 3);
  const int64_t written = puts_of(catalog_.get());
  EXPECT_GE(written, 1);
  EXPECT_LE(written, 4);
  EXPECT_LT(ReadsOfAStart(), 100);
}

TEST_F(StoreCatalogTest, PartsWithoutObjectsGo) {
  ASSERT_TRUE(Write(catalog_.get()).ok());
  const size_t parts = PartKeys().size();
  ASSERT_GT(parts, 2U);
  for (int64_t hour = 0; hour < kHours - 100; ++hour) Remove(hour);
  ASSERT_TRUE(Write(catalog_.get()).ok());
  EXPECT_LT(PartKeys().size(), parts);
  EXPECT_LT(ReadsOfAStart(), 100);
}

TEST_F(StoreCatalogTest, ADamagedCheckpointIsNotUsedAndIsReplaced) {
  ASSERT_TRUE(Write(catalog_.get()).ok());
  const auto parts = PartKeys();
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string content = store_->Get(parts[i])->content;
    ASSERT_TRUE(PutObject(store_.get(), parts[i], i % 2 == 0 ? "nonsense" : content.substr(0, content.size() / 2)).ok());
  }
  EXPECT_GE(ReadsOfAStart(), kHours);
  ASSERT_TRUE(Write(NewNode().get()).ok());
  EXPECT_LE(ReadsOfAStart(), static_cast<int64_t>(PartKeys().size()) + 1);
}

/// It may name a layer that was given up since.
TEST_F(StoreCatalogTest, WhatCannotBeReadOfAnOldCheckpointIsNotMissed) {
  std::vector<CheckpointEntry> entries;
  for (int64_t hour = 0; hour < 100; ++hour) {
    entries.push_back({.key = MetadataKey(PartitionPath(kTable, {hour})), .version = "old", .content = "nonsense"});
  }
  ASSERT_TRUE(PutObject(store_.get(), CheckpointPartKey(""), EncodeCheckpointPart(entries, "id")).ok());
  EXPECT_GE(ReadsOfAStart(), kHours);
}

TEST_F(StoreCatalogTest, ACheckpointOfANewerVersionIsLeftAlone) {
  ASSERT_TRUE(Write(catalog_.get()).ok());
  constexpr char kNewer[] = "gigapi checkpoint 9 in some other way\n";
  for (const std::string& key : PartKeys()) ASSERT_TRUE(PutObject(store_.get(), key, kNewer).ok());
  EXPECT_GE(ReadsOfAStart(), kHours);
  ASSERT_TRUE(Write(NewNode().get()).ok());
  for (const std::string& key : PartKeys()) EXPECT_EQ(store_->Get(key)->content, kNewer);
}

TEST_F(StoreCatalogTest, AStoreThatFailsCostsTheCheckpointAlone) {
  // Nothing of the checkpoint can be read.
  ASSERT_TRUE(Write(catalog_.get()).ok());
  store_->SetFaults([](Operation operation, const std::string& key) {
    return operation == Operation::kRead && key.starts_with(kCheckpointPrefix) ? Outcome::kNotDone : Outcome::kDone;
  });
  EXPECT_GE(ReadsOfAStart(), kHours);
  // Whatever becomes of its writes, a start finds what is there.
  for (uint64_t seed = 0; seed < 10; ++seed) {
    for (int64_t hour = 0; hour < kHours; hour += 7) Commit(hour, seed + 10);
    store_->FailAtRandom(0.02, seed);
    (void)Write(NewNode().get());
    store_->StopFailing();
    ReadsOfAStart();
  }
}

TEST_F(StoreCatalogTest, NodesThatWriteItAtOnceDoNotHarm) {
  store_->SetFaults([wrote = false](Operation operation, const std::string&) mutable {
    if (operation != Operation::kPutIf || std::exchange(wrote, true)) return Outcome::kDone;
    return Outcome::kLate;
  });
  EXPECT_FALSE(Write(catalog_.get()).ok());
  store_->StopFailing();
  ASSERT_TRUE(Write(NewNode().get()).ok());
  store_->DeliverLate();
  EXPECT_LE(ReadsOfAStart(), static_cast<int64_t>(PartKeys().size()) + 1);
}

TEST_F(StoreCatalogTest, WritingIsGivenUpWhenAsked) {
  EXPECT_EQ(KindOf(catalog_->WriteCheckpoint([] { return true; })), ErrorKind::kCancelled);
  EXPECT_THAT(PartKeys(), testing::IsEmpty());
}

/// A list of many pages, or a part of many objects, may take minutes.
TEST_F(StoreCatalogTest, BetweenTwoRequestsListsAndWritingAreGivenUp) {
  std::atomic<bool> cancelled = false;
  int64_t requests_after = 0;
  store_->SetFaults([&](Operation operation, const std::string& key) {
    if (cancelled) ++requests_after;
    // By the first page of the catalog.
    if (operation == Operation::kList && key != kCheckpointPrefix) cancelled = true;
    return Outcome::kDone;
  });
  EXPECT_EQ(KindOf(catalog_->List([&] { return cancelled.load(); }).status()), ErrorKind::kCancelled);
  EXPECT_EQ(requests_after, 0);
  std::atomic<int64_t> reads = 0;
  store_->SetFaults([&](Operation operation, const std::string& key) {
    if (operation == Operation::kRead && !key.starts_with(kCheckpointPrefix)) ++reads;
    return Outcome::kDone;
  });
  EXPECT_EQ(KindOf(catalog_->WriteCheckpoint([&] { return reads > 0; })), ErrorKind::kCancelled);
  EXPECT_LE(reads, 16) << "one for each thread at most";
  store_->StopFailing();
}

TEST_F(StoreCatalogTest, ForeignNamesAmongThePartsAreNoBoundaries) {
  ASSERT_TRUE(Write(catalog_.get()).ok());
  const std::vector<std::string> parts = PartKeys();
  // Keys of the catalog lie between the name and what is a character shorter.
  const std::string foreign = std::string(kCheckpointPrefix) + "from/db/t/date=1970-02-1x";
  ASSERT_TRUE(PutObject(store_.get(), foreign, "x").ok());
  EXPECT_LE(ReadsOfAStart(), static_cast<int64_t>(parts.size()) + 1);
  EXPECT_EQ(catalog_->List([] { return false; })->size(), static_cast<size_t>(kHours) + 3);
  ASSERT_TRUE(Write(catalog_.get()).ok());
  EXPECT_THAT(PartKeys(), testing::Contains(foreign)) << "it is another's";
}

TEST_F(StoreCatalogTest, APartOfANewerVersionIsKeptWhereOthersGo) {
  ASSERT_TRUE(Write(catalog_.get()).ok());
  const std::string newer = CheckpointPartKey(MetadataKey(PartitionPath(kTable, {3 * kHours})));
  const std::string old = CheckpointPartKey(MetadataKey(PartitionPath(kTable, {4 * kHours})));
  ASSERT_TRUE(PutObject(store_.get(), newer, "gigapi checkpoint 9 in some other way\n").ok());
  ASSERT_TRUE(PutObject(store_.get(), old, EncodeCheckpointPart({}, "id")).ok());
  ASSERT_TRUE(Write(catalog_.get()).ok());
  EXPECT_THAT(PartKeys(), testing::Contains(newer));
  EXPECT_THAT(PartKeys(), testing::Not(testing::Contains(old)));
}

TEST_F(StoreCatalogTest, AFirstPartThatIsGoneIsWrittenAgain) {
  ASSERT_TRUE(Write(catalog_.get()).ok());
  ASSERT_TRUE(store_->Remove(CheckpointPartKey("")).ok());
  ASSERT_TRUE(Write(catalog_.get()).ok());
  EXPECT_THAT(PartKeys(), testing::Contains(CheckpointPartKey("")));
}

TEST_F(StoreCatalogTest, ACatalogThatShrinksLosesItsCheckpoint) {
  ASSERT_TRUE(Write(catalog_.get()).ok());
  EXPECT_THAT(PartKeys(), testing::Not(testing::IsEmpty()));
  ASSERT_TRUE(catalog_->RemoveMetadata(kTable).ok());
  ASSERT_TRUE(Write(catalog_.get()).ok());
  EXPECT_THAT(PartKeys(), testing::IsEmpty());
}

TEST_F(StoreCatalogTest, ListsVersionsWithoutReading) {
  const int64_t before = store_->metrics().get_requests_total;
  const auto entries = catalog_->List([] { return false; });
  ASSERT_TRUE(entries.ok());
  EXPECT_EQ(store_->metrics().get_requests_total, before);
  EXPECT_EQ(entries->size(), static_cast<size_t>(kHours) + 3);
  for (const CatalogEntry& entry : *entries) {
    EXPECT_TRUE(!entry.key.partition || entry.version == versions_.at(entry.key.partition->hour));
  }
}

/// Hours whose files lie in a layer.
class StoreCatalogFilesTest : public testing::Test {
 protected:
  static constexpr int kFilesOfAnHour = 50;
  static constexpr int kHoursWithFiles = 400;

  void CommitHours(const LayerPtr& layer) {
    const auto catalog = NewNode();
    ASSERT_TRUE(catalog->CommitTable(kTable, "t", TableSchema({{"f", ColumnType::kFloat64}})).ok());
    for (int64_t hour = 0; hour < kHoursWithFiles; ++hour) {
      const std::string path = PartitionPath(kTable, {hour});
      PartitionMetadata metadata{.table = "t", .files = {}};
      for (int number = 0; number < kFilesOfAnHour; ++number) {
        DataFile file{.layer = layer, .key = fmt::format("{}/{:08x}.1.parquet", path, number), .partition = {hour}};
        ASSERT_TRUE(PutObject(layer->store(), file.key, "").ok());
        metadata.files.push_back(std::make_shared<const DataFile>(std::move(file)));
      }
      ASSERT_TRUE(catalog->CommitPartition(path, metadata, "").ok());
    }
    ASSERT_TRUE(catalog->WriteCheckpoint([] { return false; }).ok());
  }

  std::unique_ptr<Catalog> NewNode() const { return MakeStoreCatalog(store_, {bucket_, cold_}, "node", {}); }

  /// Loads as a node that starts now, checks how many files it finds, and answers how many requests it listed with.
  int64_t ListsOfAStart(size_t files) const {
    const int64_t before = store_->metrics().list_requests_total;
    const auto contents = NewNode()->Load(DropList());
    size_t found = 0;
    for (const LoadedPartition& partition : contents->tables.at(0).partitions) found += partition.metadata.files.size();
    EXPECT_EQ(found, files);
    return store_->metrics().list_requests_total - before;
  }

  /// Of lists that know nothing of what is there.
  int64_t ListsOfRanges() const {
    const int64_t before = store_->metrics().list_requests_total;
    EXPECT_TRUE(NewNode()->List([] { return false; }).ok());
    return store_->metrics().list_requests_total - before;
  }

  static LayerPtr NewLayer(const std::string& name, std::shared_ptr<ObjectStore> store) {
    return std::make_shared<const Layer>(LayerOptions{.name = name, .is_global = true}, std::move(store), nullptr);
  }

  const std::shared_ptr<ObjectStore> store_ = MakeMemoryStore();
  const LayerPtr bucket_ = NewLayer("bucket", store_);
  const LayerPtr cold_ = NewLayer("cold", MakeMemoryStore());
};

TEST_F(StoreCatalogFilesTest, AStartListsFilesInFullPages) {
  CommitHours(bucket_);
  constexpr int kKeys = kHoursWithFiles * (kFilesOfAnHour + 1);
  const auto parts = static_cast<int64_t>(ListAll(store_.get(), std::string(kCheckpointPrefix))->size());
  const int64_t lists = ListsOfAStart(static_cast<size_t>(kHoursWithFiles * kFilesOfAnHour));
  EXPECT_GE(lists, kKeys / 1'000);
  EXPECT_LE(lists, kKeys / 1'000 + parts + 3);
}

TEST_F(StoreCatalogFilesTest, FilesElsewhereAreNotExpectedAmongTheCatalog) {
  CommitHours(cold_);
  EXPECT_LE(ListsOfAStart(static_cast<size_t>(kHoursWithFiles * kFilesOfAnHour)), ListsOfRanges());
}

TEST_F(StoreCatalogFilesTest, WhatCameAfterTheCheckpointIsFoundAmongTheFiles) {
  CommitHours(bucket_);
  const auto catalog = NewNode();
  const auto add = [&](int64_t hour, const std::string& name) {
    const std::string path = PartitionPath(kTable, {hour});
    auto old = *catalog->GetPartition(kTable, {hour});
    DataFile file{.layer = bucket_, .key = path + '/' + name, .partition = {hour}};
    ASSERT_TRUE(PutObject(store_.get(), file.key, "").ok());
    old.metadata.table = "t";
    old.metadata.files.push_back(std::make_shared<const DataFile>(std::move(file)));
    ASSERT_TRUE(catalog->CommitPartition(path, old.metadata, old.version).ok());
  };
  size_t files = static_cast<size_t>(kHoursWithFiles * kFilesOfAnHour);
  for (int64_t hour = -5; hour < kHoursWithFiles + 5; hour += 3) {
    for (int number = 0; number < 3; ++number, ++files) add(hour, fmt::format("{}.1.parquet", NewUuid()));
  }
  ASSERT_TRUE(catalog->RemoveMetadata(PartitionPath(kTable, {200})).ok());
  files -= static_cast<size_t>(kFilesOfAnHour);
  ListsOfAStart(files);
}

TEST(GuardedCatalog, IsNotRebuiltWhileItIsRestored) {
  const auto store = MakeMemoryStore();
  const VersionedMarker whole = *ReadCatalogMarker(store.get());
  ASSERT_TRUE(ReplaceCatalogMarker(store.get(), whole, CatalogMarkerContent(CatalogMarker::kRestoring)).ok());
  EXPECT_EQ(KindOf(BeginRebuild(store.get()).status()), ErrorKind::kConflict);
  EXPECT_EQ(ReadCatalogMarker(store.get())->state, CatalogMarker::kRestoring);
  EXPECT_EQ(KindOf(EndRebuild(store.get())), ErrorKind::kConflict) << "the restore has begun meanwhile";
}

TEST(StoreCatalog, ASmallOneHasNoCheckpoint) {
  const std::shared_ptr<ObjectStore> store = MakeMemoryStore();
  const auto catalog = MakeStoreCatalog(store, {}, "node", {});
  ASSERT_TRUE(catalog->CreateDatabase("db").ok());
  ASSERT_TRUE(catalog->WriteCheckpoint([] { return false; }).ok());
  EXPECT_THAT(*ListAll(store.get(), std::string(kCheckpointPrefix)), testing::IsEmpty());
}

}  // namespace
}  // namespace gigapi
