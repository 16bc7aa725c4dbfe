#include "backup/shared_restore_job.h"

#include <algorithm>
#include <filesystem>

#include "base/uuid.h"
#include "catalog/catalog_key.h"
#include "catalog/catalog_marker.h"
#include "catalog/drop_record.h"
#include "cluster/node_entry.h"
#include "lake/testing/lake_rows.h"
#include "object_store/testing/fault_store.h"
#include "object_store/testing/memory_store.h"
#include "storage/parquet_footer.h"

namespace gigapi {
namespace {

using Operation = FaultStore::Operation;
using Outcome = FaultStore::Outcome;

/// A bucket that nodes share, with the catalog in it.
struct Bucket {
  std::shared_ptr<FaultStore> store = std::make_shared<FaultStore>(MakeMemoryStore());
  LayerPtr layer = std::make_shared<const Layer>(LayerOptions{.name = "bucket", .is_global = true}, store, nullptr);
};

class SharedRestoreTest : public testing::Test {
 protected:
  SharedRestoreTest() { writer_ = OpenNode(&disk_, old_); }

  static LakeOptions NodeOptions(const Bucket& bucket) {
    LakeOptions options = Options();
    options.layers = {bucket.layer};
    options.shared_catalog = bucket.store;
    return options;
  }
  static std::unique_ptr<Lake> OpenNode(FileSystem* disk, const Bucket& bucket) { return Open(disk, NodeOptions(bucket)); }
  void WriteRows(const std::vector<int64_t>& ids, int hours = 1) {
    ASSERT_TRUE(WriteAndWait(writer_.get(), Rows("t", ids, hours)).ok());
  }

  BackupManifest BackUp() { return *place_.Read(RunBackup(place_, SourceOf(writer_.get()), {}).ValueOrDie().id); }
  /// Nobody renews a mark here, so none is waited for.
  static SharedRestoreTarget Target(const Bucket& to, bool replace_existing = false) {
    return {.catalog = to.store,
            .layers = {to.layer},
            .replace_existing = replace_existing,
            .mark_times = {.lease_ms = 600'000, .takeover_ms = 1}};
  }
  static Status Restore(const BackupManifest& manifest, const Bucket& to, bool replace_existing = false) {
    return RunSharedRestore(manifest, Target(to, replace_existing), {});
  }
  static void Mark(const Bucket& bucket, CatalogMarker state) {
    const VersionedMarker now = *ReadCatalogMarker(bucket.store.get());
    ASSERT_TRUE(ReplaceCatalogMarker(bucket.store.get(), now, CatalogMarkerContent(state)).ok());
  }
  static bool IsBeingRestored(const Bucket& bucket) {
    return ReadCatalogMarker(bucket.store.get())->state == CatalogMarker::kRestoring;
  }

  /// What a node sees that starts now on an empty root.
  static Ids VisibleIn(const Bucket& bucket) {
    FaultFileSystem disk;
    const auto lake = OpenNode(&disk, bucket);
    return lake ? VisibleTo(lake.get()) : Ids();
  }

  /// Whether any of a backup's files would be, if no metadata named it.
  bool IsTakenForGone(const BackupManifest& manifest) const {
    const DropRecords records = *ReadDropRecords(old_.store.get());
    const auto found = records.find({"db", "t"});
    if (found == records.end()) return false;
    return std::ranges::any_of(manifest.databases.at("db").at("t").files, [&](const BackupFile& each) {
      const auto logs = ReadParquetFooter(*OpenDataFile(*each.file))->provenance->logs;
      return std::ranges::any_of(logs, [&](const auto& log) {
        return found->second.Covers(each.file->partition, log.first, log.second.back().up_to);
      });
    });
  }

  const Bucket old_;
  const Bucket new_;
  const BackupPlace place_{std::shared_ptr<ObjectStore>(MakeMemoryStore())};
  FaultFileSystem disk_;
  std::unique_ptr<Lake> writer_;
};

TEST_F(SharedRestoreTest, NodesSeeAllOfTheBackup) {
  WriteRows({1, 2, 3}, 2);
  ASSERT_TRUE(writer_->FlushAll().ok());
  WriteRows({4});
  ASSERT_TRUE(writer_->CreateDatabase("empty").ok());
  ASSERT_TRUE(Restore(BackUp(), new_).ok());
  EXPECT_EQ(VisibleIn(new_), (Ids{1, 2, 3, 4}));
  FaultFileSystem disk;
  const auto lake = OpenNode(&disk, new_);
  EXPECT_TRUE(lake->Snapshot()->databases.contains("empty"));
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {5})).ok());
  ASSERT_TRUE(lake->FlushAll().ok());
  EXPECT_EQ(VisibleIn(new_), (Ids{1, 2, 3, 4, 5}));
}

TEST_F(SharedRestoreTest, AWriterThatStillHasItsLogBringsWhatTheBackupLacks) {
  WriteRows({1, 2, 3});
  ASSERT_TRUE(writer_->FlushAll().ok());
  const BackupManifest manifest = BackUp();
  WriteRows({4});
  const auto disk = disk_.Crash();
  ASSERT_TRUE(Restore(manifest, new_).ok());
  const auto writer = OpenNode(disk.get(), new_);
  EXPECT_EQ(VisibleTo(writer.get()), (Ids{1, 2, 3, 4}));
}

TEST_F(SharedRestoreTest, ALakeThatIsNotEmptyIsRefusedOrReplaced) {
  WriteRows({1, 2, 3}, 2);
  ASSERT_TRUE(writer_->FlushAll().ok());
  const BackupManifest manifest = BackUp();
  WriteRows({4, 5});
  ASSERT_TRUE(writer_->FlushAll().ok());
  writer_.reset();
  EXPECT_EQ(KindOf(Restore(manifest, old_)), ErrorKind::kConflict);
  EXPECT_EQ(VisibleIn(old_), (Ids{1, 2, 3, 4, 5}));
  ASSERT_TRUE(Restore(manifest, old_, true).ok());
  EXPECT_EQ(VisibleIn(old_), (Ids{1, 2, 3}));
}

TEST_F(SharedRestoreTest, ATableThatWasDroppedIsNoLongerKnownAsSuch) {
  WriteRows({1, 2, 3}, 2);
  ASSERT_TRUE(writer_->FlushAll().ok());
  const BackupManifest manifest = BackUp();
  ASSERT_TRUE(writer_->DropTable("db", "t").ok());
  writer_.reset();
  EXPECT_FALSE(ReadDropRecords(old_.store.get())->empty());
  ASSERT_TRUE(Restore(manifest, old_, true).ok());
  EXPECT_EQ(VisibleIn(old_), (Ids{1, 2, 3}));
  EXPECT_FALSE(IsTakenForGone(manifest)) << "a repair would leave its files out";
}

/// Else healing, repairs and sweeps would take them for files whose metadata was lost.
TEST_F(SharedRestoreTest, FilesThatCameAfterTheBackupAreKnownAsGone) {
  WriteRows({1, 2, 3}, 2);
  ASSERT_TRUE(writer_->FlushAll().ok());
  const BackupManifest manifest = BackUp();
  WriteRows({4, 5}, 3);
  ASSERT_TRUE(writer_->FlushAll().ok());
  const BackupManifest later = BackUp();
  ASSERT_TRUE(writer_->Close().ok());
  writer_.reset();
  ASSERT_TRUE(Restore(manifest, old_, true).ok());
  EXPECT_FALSE(IsTakenForGone(manifest));
  EXPECT_TRUE(IsTakenForGone(later));
  EXPECT_EQ(VisibleIn(old_), (Ids{1, 2, 3}));
  ASSERT_TRUE(Restore(later, old_, true).ok());
  EXPECT_FALSE(IsTakenForGone(later)) << "they are there again";
  EXPECT_EQ(VisibleIn(old_), (Ids{1, 2, 3, 4, 5}));
}

/// A log lets go of them late. What no file had is the writer's.
TEST_F(SharedRestoreTest, RowsOfFilesThatWentDoNotComeBackFromALog) {
  WriteRows({1, 2, 3});
  ASSERT_TRUE(writer_->FlushAll().ok());
  const BackupManifest manifest = BackUp();
  WriteRows({4}, 1);
  ASSERT_TRUE(WriteAndWait(writer_.get(), Rows("u", {5})).ok());
  ASSERT_TRUE(writer_->FlushAll().ok());
  WriteRows({6});
  const auto disk = disk_.Crash();
  old_.store->SetFaults([](Operation, const std::string&) { return Outcome::kNotDone; });
  writer_.reset();  // it would flush
  old_.store->StopFailing();
  ASSERT_TRUE(Restore(manifest, old_, true).ok());
  const auto writer = OpenNode(disk.get(), old_);
  EXPECT_EQ(VisibleTo(writer.get()), (Ids{1, 2, 3, 6}));
  EXPECT_FALSE(writer->Snapshot()->databases.at("db").contains("u"));
}

/// Its own list of drops still has that one.
TEST_F(SharedRestoreTest, TheNodeThatDroppedATableHasItAgain) {
  WriteRows({1, 2, 3}, 2);
  ASSERT_TRUE(writer_->FlushAll().ok());
  const BackupManifest manifest = BackUp();
  ASSERT_TRUE(writer_->DropTable("db", "t").ok());
  ASSERT_TRUE(writer_->Close().ok());
  writer_.reset();
  ASSERT_TRUE(Restore(manifest, old_, true).ok());
  writer_ = OpenNode(&disk_, old_);
  EXPECT_EQ(VisibleTo(writer_.get()), (Ids{1, 2, 3}));
  WriteRows({4});
  ASSERT_TRUE(writer_->FlushAll().ok());
  EXPECT_EQ(VisibleIn(old_), (Ids{1, 2, 3, 4}));
}

TEST_F(SharedRestoreTest, FilesOfOthersAreRefused) {
  WriteRows({1});
  const BackupManifest manifest = BackUp();
  ASSERT_TRUE(PutObject(new_.store.get(), "db/t/date=2026-01-01/hour=00/" + NewUuid() + ".1.parquet", "x").ok());
  EXPECT_EQ(KindOf(Restore(manifest, new_)), ErrorKind::kConflict);
}

TEST_F(SharedRestoreTest, ADamagedBackupChangesNothing) {
  WriteRows({1, 2, 3});
  ASSERT_TRUE(writer_->FlushAll().ok());
  const BackupManifest manifest = BackUp();
  const std::string key = ListAll(place_.store(), "files/")->front().key;
  ASSERT_TRUE(PutObject(place_.store(), key, "damaged").ok());
  WriteRows({4});
  ASSERT_TRUE(writer_->Close().ok());
  writer_.reset();
  EXPECT_EQ(KindOf(Restore(manifest, new_)), ErrorKind::kInvalidArgument);
  EXPECT_EQ(VisibleIn(new_), Ids());
}

TEST_F(SharedRestoreTest, ANodeThatRunsIsLeftAlone) {
  WriteRows({1});
  const BackupManifest manifest = BackUp();
  NodeEntry entry{.node = "n", .epoch = "e", .interval_ms = 60'000};
  BackupHooks hooks;
  const auto beat = [&] {
    ++entry.heartbeats;
    EXPECT_TRUE(PutObject(new_.store.get(), NodeKey(entry.node), EncodeNodeEntry(entry)).ok());
    return false;
  };
  (void)beat();
  hooks.is_cancelled = beat;
  const Status refused = RunSharedRestore(manifest, Target(new_), hooks);
  EXPECT_EQ(KindOf(refused), ErrorKind::kConflict) << refused.ToString();
  entry.interval_ms = 1;
  (void)beat();
  EXPECT_TRUE(Restore(manifest, new_).ok()) << "its entry is all that is left of it";
}

/// It gives up then, and a catalog that was lost or is being rebuilt must not be taken for a whole one.
TEST_F(SharedRestoreTest, ANodeThatComesMeanwhileLeavesTheCatalogWhatItWas) {
  WriteRows({1});
  const BackupManifest manifest = BackUp();
  constexpr char kMarker[] = ".gigapi/catalog";
  const auto marker = [&] {
    const auto found = new_.store->Get(kMarker);
    return found.ok() ? found->content.substr(0, found->content.find(' ')) : std::string();
  };
  for (const std::string before : {"", "unfinished", "whole"}) {
    if (!before.empty()) {
      ASSERT_TRUE(PutObject(new_.store.get(), kMarker, before + " 1").ok());
    }
    NodeEntry entry{.node = "n", .epoch = "e", .interval_ms = 60'000};
    BackupHooks hooks;
    hooks.is_cancelled = [&] {
      ++entry.heartbeats;
      EXPECT_TRUE(PutObject(new_.store.get(), NodeKey(entry.node), EncodeNodeEntry(entry)).ok());
      return false;
    };
    EXPECT_EQ(KindOf(RunSharedRestore(manifest, Target(new_, true), hooks)), ErrorKind::kConflict);
    EXPECT_EQ(marker(), before);
    ASSERT_TRUE(new_.store->Remove(NodeKey("n")).ok());
  }
}

/// Both began on a lake that nobody restored into.
TEST_F(SharedRestoreTest, OfTwoAtOnceTheOneThatIsBehindGivesUp) {
  WriteRows({1});
  const BackupManifest manifest = BackUp();
  BackupHooks hooks;
  hooks.on_progress = [&](const BackupProgress&) { Mark(new_, CatalogMarker::kRestoring); };
  EXPECT_EQ(KindOf(RunSharedRestore(manifest, Target(new_), hooks)), ErrorKind::kConflict);
  EXPECT_TRUE(IsBeingRestored(new_)) << "the other one is at it";
}

/// It took the other one for one that was cut short.
TEST_F(SharedRestoreTest, ARestoreThatAnotherHasEndedMeanwhileTakesNothingFromTheNodes) {
  WriteRows({1});
  const BackupManifest manifest = BackUp();
  Mark(new_, CatalogMarker::kRestoring);
  BackupHooks hooks;
  hooks.on_progress = [&](const BackupProgress&) {
    if (!IsBeingRestored(new_)) return;
    Mark(new_, CatalogMarker::kWhole);
    FaultFileSystem disk;
    const auto node = OpenNode(&disk, new_);
    ASSERT_TRUE(WriteAndWait(node.get(), Rows("t", {2})).ok());
    ASSERT_TRUE(node->Close().ok());
  };
  EXPECT_EQ(KindOf(RunSharedRestore(manifest, Target(new_), hooks)), ErrorKind::kConflict);
  EXPECT_EQ(VisibleIn(new_), Ids{2});
}

/// The second one comes while the first replaces what the catalog has, and could take it for one that was cut short.
TEST_F(SharedRestoreTest, OfTwoAtOnceTheContentIsOfOne) {
  WriteRows({1, 2, 3}, 2);
  ASSERT_TRUE(writer_->FlushAll().ok());
  const BackupManifest first = BackUp();
  WriteRows({4}, 2);
  ASSERT_TRUE(writer_->FlushAll().ok());
  const BackupManifest second = BackUp();
  SharedRestoreTarget target = Target(new_);
  target.mark_times = {.lease_ms = 1'000, .takeover_ms = 2'000};
  std::atomic<int> left = 1;
  new_.store->SetFaults([&](Operation operation, const std::string& key) {
    const bool fails = operation == Operation::kPutIf && ParseCatalogKey(key) && left-- > 0;
    return fails ? Outcome::kNotDone : Outcome::kDone;
  });
  int refused = 0;
  BackupHooks hooks;
  hooks.gives_up = [] { return false; };
  hooks.on_waiting = [&](const Status& why) {
    if (why.ok()) return;
    ++refused;
    EXPECT_EQ(KindOf(RunSharedRestore(second, target, {})), ErrorKind::kConflict);
  };
  EXPECT_TRUE(RunSharedRestore(first, target, hooks).ok());
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(VisibleIn(new_), (Ids{1, 2, 3}));
}

/// From the mark on it can neither go on nor be undone, so it waits, and says why.
TEST_F(SharedRestoreTest, AStoreThatFailsInTheMarkedPhaseIsAskedAgain) {
  WriteRows({1, 2, 3}, 3);
  ASSERT_TRUE(writer_->FlushAll().ok());
  const BackupManifest manifest = BackUp();
  for (const Outcome outcome : {Outcome::kNotDone, Outcome::kAnswerLost}) {
    bool failed = true;
    for (int step = 0; failed; step += 4) {
      ASSERT_LT(step, 1'000);
      const Bucket bucket;
      std::atomic<int> left = step;
      std::atomic<bool> is_marked = false;
      failed = false;
      // Beginning with the mark.
      bucket.store->SetFaults([&](Operation operation, const std::string& key) {
        if (operation == Operation::kPutIf && key == kCatalogMarkerKey) is_marked = true;
        return is_marked && left-- == 0 ? outcome : Outcome::kDone;
      });
      std::vector<Status> told;
      BackupHooks hooks;
      hooks.gives_up = [] { return false; };
      hooks.on_waiting = [&](const Status& why) { told.push_back(why); };
      const Status restored = RunSharedRestore(manifest, Target(bucket), hooks);
      ASSERT_TRUE(restored.ok()) << step << ": " << restored;
      failed = left < 0;
      ASSERT_TRUE(!failed || !told.empty() || outcome == Outcome::kAnswerLost) << step;
      ASSERT_TRUE(told.empty() || (!told.front().ok() && told.back().ok())) << step << ": it waits no more";
      bucket.store->StopFailing();
      ASSERT_EQ(VisibleIn(bucket), (Ids{1, 2, 3})) << step;
    }
  }
}

TEST_F(SharedRestoreTest, WhoGivesUpInTheMarkedPhaseLeavesItToARestoreThatGoesOn) {
  WriteRows({1, 2, 3});
  ASSERT_TRUE(writer_->FlushAll().ok());
  const BackupManifest manifest = BackUp();
  new_.store->SetFaults([&](Operation operation, const std::string& key) {
    return operation == Operation::kPutIf && ParseCatalogKey(key) ? Outcome::kNotDone : Outcome::kDone;
  });
  std::atomic<bool> is_stopping = false;
  BackupHooks hooks;
  hooks.gives_up = [&] { return is_stopping.load(); };
  hooks.on_waiting = [&](const Status& why) { is_stopping = !why.ok(); };
  EXPECT_EQ(KindOf(RunSharedRestore(manifest, Target(new_), hooks)), ErrorKind::kUnavailable);
  new_.store->StopFailing();
  EXPECT_TRUE(IsBeingRestored(new_));
  SharedRestoreTarget target = Target(new_);
  target.mark_times.takeover_ms = 600'000;  // it has let go of its mark
  EXPECT_TRUE(RunSharedRestore(manifest, target, {}).ok());
  EXPECT_EQ(VisibleIn(new_), (Ids{1, 2, 3}));
}

/// Of a restore that was cut short at any step a node that starts sees nothing, and the next try brings all of it.
TEST_F(SharedRestoreTest, CutShortNothingIsVisibleAndItGoesOn) {
  WriteRows({1, 2, 3}, 3);
  ASSERT_TRUE(writer_->FlushAll().ok());
  const BackupManifest manifest = BackUp();
  int steps = 0;
  for (bool done = false; !done; ++steps) {
    ASSERT_LT(steps, 1'000);
    const Bucket bucket;
    std::atomic<int> left = steps;
    bucket.store->SetFaults([&](Operation, const std::string&) { return left-- > 0 ? Outcome::kDone : Outcome::kNotDone; });
    done = Restore(manifest, bucket).ok();
    bucket.store->StopFailing();
    if (done) break;
    FaultFileSystem disk;
    const auto lake = Lake::Open(NodeOptions(bucket), &disk);
    if (lake.ok()) {
      EXPECT_TRUE((*lake)->Snapshot()->databases.empty()) << steps;
    } else {
      EXPECT_EQ(KindOf(lake.status()), ErrorKind::kUnavailable) << lake.status().ToString();
    }
    const Status again = Restore(manifest, bucket);
    ASSERT_TRUE(again.ok()) << steps << ": " << again.ToString();
    ASSERT_EQ(VisibleIn(bucket), (Ids{1, 2, 3})) << steps;
  }
  EXPECT_GT(steps, 10);
}

}  // namespace
}  // namespace gigapi
