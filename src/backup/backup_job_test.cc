#include "backup/backup_job.h"

#include <chrono>
#include <filesystem>
#include <fstream>

#include "backup/restore_job.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "lake/testing/lake_rows.h"
#include "object_store/testing/fault_store.h"
#include "object_store/testing/memory_store.h"

namespace gigapi {
namespace {

using Operation = FaultStore::Operation;
using Outcome = FaultStore::Outcome;

/// A lake in a folder, a place of backups in memory that can fail, and room for a new root.
class BackupJobTest : public testing::Test {
 protected:
  BackupJobTest()
      : folder_(std::filesystem::temp_directory_path() / NewUuid()),
        store_(std::make_shared<FaultStore>(MakeMemoryStore())),
        place_(store_) {
    std::filesystem::create_directories(folder_);
    lake_ = OpenRoot("root");
  }
  ~BackupJobTest() override {
    lake_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  std::unique_ptr<Lake> OpenRoot(const std::string& name) const {
    LakeOptions options = Options();
    options.root = Path(name);
    return Open(LocalFileSystem(), std::move(options));
  }

  Result<BackupManifest> BackUp() {
    BackupHooks hooks;
    hooks.on_progress = [this](const BackupProgress& progress) { last_ = progress; };
    return RunBackup(place_, SourceOf(lake_.get()), hooks);
  }
  Status Restore(const std::string& id, OccupiedRoot occupied = OccupiedRoot::kRefuse) {
    ARROW_ASSIGN_OR_RAISE(const BackupManifest manifest, place_.Read(id));
    return RunRestore(manifest, {.root = Path("new"), .occupied = occupied}, {});
  }
  /// The ids of the rows in the files of a root, which is opened for it.
  Ids RestoredIds(const std::string& table) const {
    Ids ids;
    const auto lake = OpenRoot("new");
    for (const DataFilePtr& file : lake->Snapshot()->databases.at("db").at(table)->files) {
      AddIdsOf(*OpenDataFile(*file), file->rows, &ids);
    }
    return ids;
  }
  std::vector<std::string> ManifestIds() const { return *place_.List(); }

  const std::filesystem::path folder_;
  const std::shared_ptr<FaultStore> store_;
  const BackupPlace place_;
  std::unique_ptr<Lake> lake_;
  BackupProgress last_;
};

TEST_F(BackupJobTest, HasRowsOfFilesAndOfMemory) {
  ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", {1, 2, 3}, 2)).ok());
  ASSERT_TRUE(lake_->FlushAll().ok());
  ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", {4, 5}, 3)).ok());
  ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("m", {9})).ok());
  ASSERT_TRUE(lake_->CreateDatabase("empty").ok());
  const auto manifest = BackUp();
  ASSERT_TRUE(manifest.ok()) << manifest.status().ToString();
  EXPECT_EQ(TotalsOf(*manifest).rows, 6);
  EXPECT_EQ(last_.files_done, last_.files_total);
  ASSERT_TRUE(Restore(manifest->id).ok());
  EXPECT_EQ(RestoredIds("t"), Ids({1, 2, 3, 4, 5}));
  EXPECT_EQ(RestoredIds("m"), Ids({9}));
  EXPECT_TRUE(OpenRoot("new")->Snapshot()->databases.contains("empty"));
}

TEST_F(BackupJobTest, TheRestoredRootTakesRowsAndKeepsAllOfThemThroughAStart) {
  for (int64_t id = 0; id < 20; ++id) ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", {id})).ok());
  ASSERT_TRUE(lake_->FlushAll().ok());
  ASSERT_TRUE(Restore(BackUp()->id).ok());
  auto lake = OpenRoot("new");
  ASSERT_TRUE(WriteAndWait(lake.get(), Rows("t", {100})).ok());
  lake.reset();
  lake = OpenRoot("new");
  ASSERT_TRUE(lake->FlushAll().ok());
  lake.reset();
  EXPECT_EQ(RestoredIds("t").size(), 21u);
}

TEST_F(BackupJobTest, ASecondBackupCopiesWhatIsNew) {
  ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", {1, 2, 3}, 3)).ok());
  ASSERT_TRUE(lake_->FlushAll().ok());
  ASSERT_TRUE(BackUp().ok());
  EXPECT_EQ(last_.files_copied, 3);
  ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", {4})).ok());
  ASSERT_TRUE(lake_->FlushAll().ok());
  const auto second = BackUp();
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(last_.files_copied, 1);
  EXPECT_EQ(last_.files_done, 4);
  EXPECT_EQ(ManifestIds().size(), 2u);
  ASSERT_TRUE(Restore(second->id).ok());
  EXPECT_EQ(RestoredIds("t"), Ids({1, 2, 3, 4}));
}

TEST_F(BackupJobTest, AFileThatWentFromThePlaceIsCopiedAgain) {
  ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", {1})).ok());
  ASSERT_TRUE(lake_->FlushAll().ok());
  ASSERT_TRUE(BackUp().ok());
  for (const ObjectInfo& object : *ListAll(store_.get(), "files/")) ASSERT_TRUE(store_->Remove(object.key).ok());
  const auto second = BackUp();
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(last_.files_copied, 1);
  ASSERT_TRUE(Restore(second->id).ok());
}

TEST_F(BackupJobTest, AStoreThatFailsLeavesNoManifest) {
  ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", {1, 2, 3}, 3)).ok());
  ASSERT_TRUE(lake_->FlushAll().ok());
  for (const Operation broken : {Operation::kCreate, Operation::kAppend, Operation::kCommit, Operation::kList}) {
    store_->SetFaults([broken](Operation operation, const std::string&) {
      return operation == broken ? Outcome::kNotDone : Outcome::kDone;
    });
    EXPECT_FALSE(BackUp().ok());
    store_->StopFailing();
    EXPECT_TRUE(ManifestIds().empty());
  }
  const auto manifest = BackUp();
  ASSERT_TRUE(manifest.ok()) << manifest.status().ToString();
  ASSERT_TRUE(Restore(manifest->id).ok());
  EXPECT_EQ(RestoredIds("t"), Ids({1, 2, 3}));
}

TEST_F(BackupJobTest, ACancelledBackupLeavesNoManifest) {
  ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", {1, 2, 3}, 3)).ok());
  ASSERT_TRUE(lake_->FlushAll().ok());
  std::atomic<int> asked{0};
  BackupHooks hooks;
  hooks.is_cancelled = [&] { return ++asked > 2; };
  const auto manifest = RunBackup(place_, SourceOf(lake_.get()), hooks);
  ASSERT_FALSE(manifest.ok());
  EXPECT_EQ(KindOf(manifest.status()), ErrorKind::kCancelled);
  EXPECT_TRUE(ManifestIds().empty());
}

TEST_F(BackupJobTest, ADamagedOrMissingFileIsFoundAndTheRootStaysAsItWas) {
  ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", {1, 2, 3}, 2)).ok());
  ASSERT_TRUE(lake_->FlushAll().ok());
  const auto manifest = BackUp();
  ASSERT_TRUE(manifest.ok());
  const std::string key = ListAll(store_.get(), "files/")->front().key;
  std::string content = store_->Get(key)->content;
  const std::string whole = content;
  content[content.size() / 2] ^= 1;
  for (const std::string& damaged : {content, content.substr(1), whole + "x"}) {
    ASSERT_TRUE(PutObject(store_.get(), key, damaged).ok());
    const Status restored = Restore(manifest->id);
    ASSERT_FALSE(restored.ok());
    EXPECT_EQ(KindOf(restored), ErrorKind::kInvalidArgument) << restored.ToString();
    EXPECT_FALSE(std::filesystem::exists(Path("new")));
  }
  ASSERT_TRUE(store_->Remove(key).ok());
  EXPECT_EQ(KindOf(Restore(manifest->id)), ErrorKind::kInvalidArgument);
  ASSERT_TRUE(PutObject(store_.get(), key, whole).ok());
  ASSERT_TRUE(Restore(manifest->id).ok());
  EXPECT_EQ(RestoredIds("t"), Ids({1, 2, 3}));
}

TEST_F(BackupJobTest, ARootThatIsNotEmptyIsRefusedOrKeptBeside) {
  ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", {1})).ok());
  const auto manifest = BackUp();
  ASSERT_TRUE(manifest.ok());
  auto other = OpenRoot("new");
  ASSERT_TRUE(WriteAndWait(other.get(), Rows("t", {7, 8})).ok());
  ASSERT_TRUE(other->FlushAll().ok());
  EXPECT_EQ(KindOf(Restore(manifest->id)), ErrorKind::kConflict);
  EXPECT_EQ(KindOf(Restore(manifest->id, OccupiedRoot::kKeepBeside)), ErrorKind::kUnavailable) << "its lake is open";
  ASSERT_TRUE(other->Close().ok());
  other.reset();
  EXPECT_EQ(RestoredIds("t"), Ids({7, 8}));
  ASSERT_TRUE(Restore(manifest->id, OccupiedRoot::kKeepBeside).ok());
  EXPECT_EQ(RestoredIds("t"), Ids({1}));
  int kept = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path().filename().string().starts_with("new.before-")) {
      ++kept;
      EXPECT_TRUE(std::filesystem::exists(entry.path() / "db" / "t"));
    }
  }
  EXPECT_EQ(kept, 1);
}

TEST_F(BackupJobTest, ARootThatWasNeverUsedIsReplacedWithoutATrace) {
  ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", {1, 2})).ok());
  const auto manifest = BackUp();
  ASSERT_TRUE(manifest.ok());
  auto other = OpenRoot("new");
  ASSERT_TRUE(other->Close().ok());
  other.reset();
  ASSERT_TRUE(Restore(manifest->id, OccupiedRoot::kReplaceUnused).ok());
  EXPECT_EQ(RestoredIds("t"), Ids({1, 2}));
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    EXPECT_FALSE(entry.path().filename().string().starts_with("new.")) << entry.path();
  }
  EXPECT_EQ(KindOf(Restore(manifest->id, OccupiedRoot::kReplaceUnused)), ErrorKind::kConflict) << "it is used now";
}

TEST_F(BackupJobTest, APlaceInALakeIsRefused) {
  std::filesystem::create_directories(Path("lake/.gigapi"));
  std::ofstream(Path("lake/.gigapi/node")) << "n";
  std::filesystem::create_directories(Path("lake/db"));
  std::filesystem::create_directory_symlink(Path("lake/db"), Path("link"));
  for (const char* inside : {"lake", "lake/db/backups", "link/backups"}) {
    const auto place = BackupPlace::Open("file://" + Path(inside), {});
    ASSERT_TRUE(place.ok()) << place.status();
    EXPECT_EQ(KindOf(place->CheckIsNoPartOfALake()), ErrorKind::kInvalidArgument) << inside;
  }
  for (const char* outside : {"place", "lake-backups"}) {
    EXPECT_TRUE(BackupPlace::Open("file://" + Path(outside), {})->CheckIsNoPartOfALake().ok()) << outside;
  }
}

/// What answers at an address may say anything.
TEST_F(BackupJobTest, RefusesAManifestThatNoMemoryHolds) {
  const std::string id = NewBackupId(WallNanos());
  std::filesystem::create_directories(Path("place/backups"));
  std::ofstream(Path("place") + "/" + ManifestKey(id)) << "{";
  std::filesystem::resize_file(Path("place") + "/" + ManifestKey(id), uintmax_t{1} << 42);
  const BackupPlace place = *BackupPlace::Open("file://" + Path("place"), {});
  EXPECT_EQ(KindOf(place.Read(id).status()), ErrorKind::kInvalidArgument);
}

TEST_F(BackupJobTest, TakesAwayWhatUploadsThatNeverEndedHaveLeft) {
  ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", {1})).ok());
  std::filesystem::create_directories(Path("place/files/db/t"));
  const auto two_days_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(48);
  for (const char* name : {"files/db/t/old.tmp", "files/db/t/young.tmp", "of_somebody_else.tmp"}) {
    std::ofstream(Path("place") + "/" + name) << "x";
    if (!std::string_view(name).ends_with("young.tmp")) {
      std::filesystem::last_write_time(Path("place") + "/" + name, two_days_ago);
    }
  }
  const BackupPlace place = *BackupPlace::Open("file://" + Path("place"), {});
  ASSERT_TRUE(RunBackup(place, SourceOf(lake_.get()), {}).ok());
  EXPECT_FALSE(std::filesystem::exists(Path("place/files/db/t/old.tmp")));
  EXPECT_TRUE(std::filesystem::exists(Path("place/files/db/t/young.tmp"))) << "another backup may be writing it";
  EXPECT_TRUE(std::filesystem::exists(Path("place/of_somebody_else.tmp")));
}

TEST_F(BackupJobTest, ARootThatIsALinkIsRestoredToWhereItLeads) {
  ASSERT_TRUE(WriteAndWait(lake_.get(), Rows("t", {1, 2})).ok());
  const auto manifest = BackUp();
  ASSERT_TRUE(manifest.ok());
  std::filesystem::create_directories(Path("disk/root"));
  std::filesystem::create_directory_symlink(Path("disk/root"), Path("new"));
  for (const OccupiedRoot occupied : {OccupiedRoot::kRefuse, OccupiedRoot::kKeepBeside}) {
    const Status restored = Restore(manifest->id, occupied);
    EXPECT_TRUE(restored.ok()) << restored.ToString();
    EXPECT_TRUE(std::filesystem::is_symlink(Path("new")));
    EXPECT_EQ(RestoredIds("t"), Ids({1, 2}));
  }
}

}  // namespace
}  // namespace gigapi
