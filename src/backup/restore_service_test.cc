#include "backup/restore_service.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "backup/backup_place.h"
#include "base/uuid.h"

namespace gigapi {
namespace {

class RestoreServiceTest : public ::testing::Test {
 protected:
  RestoreServiceTest() : folder_(std::filesystem::temp_directory_path() / NewUuid()) {}
  ~RestoreServiceTest() override { std::filesystem::remove_all(folder_); }

  std::string Url() const { return "file://" + folder_.string(); }
  /// A backup of a database without tables.
  void MakeBackup(const std::string& id) const {
    BackupManifest manifest{.id = id, .created_ns = 1};
    manifest.databases[id];
    ASSERT_TRUE(BackupPlace::Open(Url(), {})->Write(manifest).ok());
  }

  const std::filesystem::path folder_;
  const std::string old_id_ = NewBackupId(1'000'000'000);
  const std::string new_id_ = NewBackupId(2'000'000'000);
  int woken_ = 0;
  RestoreService service_{{}, [this] { ++woken_; }};
};

TEST_F(RestoreServiceTest, TakesTheNewestBackupOrTheOneThatIsNamed) {
  MakeBackup(old_id_);
  MakeBackup(new_id_);
  ASSERT_TRUE(service_.Begin({.url = Url()}).ok());
  EXPECT_EQ(service_.state().id, new_id_);
  service_.End(Status::OK());
  ASSERT_TRUE(service_.Begin({.url = Url(), .backup = old_id_}).ok());
  EXPECT_EQ(service_.state().id, old_id_);
  EXPECT_EQ(woken_, 2);
}

TEST_F(RestoreServiceTest, ARequestThatCannotBeMetWakesNobody) {
  EXPECT_EQ(KindOf(service_.Begin({.url = Url()})), ErrorKind::kNotFound);
  MakeBackup(old_id_);
  EXPECT_EQ(KindOf(service_.Begin({.url = Url(), .backup = new_id_})), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(service_.Begin({.url = Url(), .backup = "../etc"})), ErrorKind::kInvalidArgument);
  EXPECT_FALSE(service_.IsDue());
  EXPECT_EQ(woken_, 0);
  EXPECT_EQ(service_.state().phase, BackupPhase::kNone);
}

TEST_F(RestoreServiceTest, OneRunsAtATimeUntilItsEndIsTold) {
  MakeBackup(old_id_);
  ASSERT_TRUE(service_.Begin({.url = Url(), .replace_existing = true}).ok());
  EXPECT_TRUE(service_.IsDue());
  const auto restore = [&](const BackupManifest& manifest, bool replace_existing, const BackupHooks& hooks) {
    EXPECT_TRUE(manifest.databases.contains(old_id_) && replace_existing && !hooks.is_cancelled());
    hooks.on_progress({.files_done = 3});
    return Status::OK();
  };
  const Status run = service_.Run(restore, [] { return false; });
  EXPECT_TRUE(run.ok() && !service_.IsDue());
  EXPECT_EQ(service_.state().phase, BackupPhase::kRunning) << "its rows are not there yet";
  EXPECT_EQ(service_.state().progress.files_done, 3);
  EXPECT_EQ(KindOf(service_.Begin({.url = Url()})), ErrorKind::kConflict);
  service_.End(run);
  EXPECT_EQ(service_.state().phase, BackupPhase::kDone);
  EXPECT_FALSE(service_.Cancel());
  EXPECT_TRUE(service_.Begin({.url = Url()}).ok());
}

TEST_F(RestoreServiceTest, TellsWhyItWaitsAndOfADiskWithoutItsPaths) {
  MakeBackup(old_id_);
  ASSERT_TRUE(service_.Begin({.url = Url()}).ok());
  const Status full = Status::IOError("write /srv/lake/x.tmp: No space left on device");
  const auto restore = [&](const BackupManifest&, bool, const BackupHooks& hooks) {
    hooks.on_waiting(Error(ErrorKind::kUnavailable, "the bucket does not answer"));
    EXPECT_EQ(service_.state().waits_for.message(), "the bucket does not answer");
    hooks.on_waiting(Status::OK());
    EXPECT_TRUE(service_.state().waits_for.ok());
    EXPECT_FALSE(hooks.gives_up());
    return full;
  };
  service_.Wait(full);
  EXPECT_EQ(service_.state().waits_for.message().find("/srv"), std::string::npos);
  service_.End(service_.Run(restore, [] { return false; }));
  const BackupState state = service_.state();
  EXPECT_EQ(state.phase, BackupPhase::kFailed);
  EXPECT_TRUE(state.waits_for.ok());
  EXPECT_NE(state.failure.message().find("a disk is full"), std::string::npos) << state.failure;
  EXPECT_EQ(state.failure.message().find("/srv"), std::string::npos) << state.failure;
}

TEST_F(RestoreServiceTest, IsCancelledByWhoAsksAndByAStop) {
  MakeBackup(old_id_);
  const auto restore = [](const BackupManifest&, bool, const BackupHooks& hooks) {
    return hooks.is_cancelled() ? Error(ErrorKind::kCancelled, "cancelled") : Status::OK();
  };
  ASSERT_TRUE(service_.Begin({.url = Url()}).ok());
  EXPECT_TRUE(service_.Cancel());
  service_.End(service_.Run(restore, [] { return false; }));
  EXPECT_EQ(service_.state().phase, BackupPhase::kCancelled);
  ASSERT_TRUE(service_.Begin({.url = Url()}).ok());
  service_.End(service_.Run(restore, [] { return true; }));
  EXPECT_EQ(service_.state().phase, BackupPhase::kCancelled);
}

}  // namespace
}  // namespace gigapi
