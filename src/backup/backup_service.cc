#include "backup/backup_service.h"

#include "base/clock.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/thread.h"

namespace gigapi {

Status BackupService::Begin(const std::string& url) {
  ARROW_ASSIGN_OR_RAISE(BackupPlace place, BackupPlace::Open(url, credentials_));
  ARROW_RETURN_NOT_OK(place.CheckIsNoPartOfALake());
  const std::lock_guard lock(mutex_);
  if (stopping_) return Error(ErrorKind::kUnavailable, "the server is stopping");
  if (state_.phase == BackupPhase::kRunning) return Error(ErrorKind::kConflict, "a backup is running");
  state_ = {.phase = BackupPhase::kRunning, .place = place.store()->Describe(), .begun_ns = WallNanos()};
  cancelled_ = false;
  if (thread_.joinable()) thread_.join();  // it has told its end
  LOG_INFO("a backup begins", "place={}", state_.place);
  thread_ = StartThread("backup", [this, place = std::move(place)] { Run(place); });
  return Status::OK();
}

void BackupService::Run(const BackupPlace& place) {
  const BackupHooks hooks = HooksOf([this] { return cancelled_.load(); }, &mutex_, &state_);
  // Rows that are in files are shared with the next backup; those that no flush takes go into files of this one alone.
  const Status flushed = Guarded(source_.flush);
  if (!flushed.ok()) LOG_WARN("rows could not be flushed before a backup", "reason=\"{}\"", flushed.message());
  const Result<BackupManifest> manifest = Guarded([&] { return RunBackup(place, source_, hooks); });
  const std::lock_guard lock(mutex_);
  state_.ended_ns = WallNanos();
  if (manifest.ok()) {
    state_.phase = BackupPhase::kDone;
    state_.id = manifest->id;
    state_.totals = TotalsOf(*manifest);
    LOG_INFO("a backup is made", "place={} id={} files={} bytes={} bytes_copied={}", state_.place, state_.id,
             state_.totals.files, state_.totals.bytes, state_.progress.bytes_copied);
    return;
  }
  state_.failure = ToldOf(manifest.status(), state_.place);
  state_.phase = PhaseAfter(state_.failure);
  LOG_WARN("a backup ended early", "place={} reason=\"{}\"", state_.place, manifest.status().message());
}

bool BackupService::Cancel() {
  const std::lock_guard lock(mutex_);
  if (state_.phase != BackupPhase::kRunning) return false;
  cancelled_ = true;
  return true;
}

BackupState BackupService::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void BackupService::Stop() {
  std::jthread thread;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    cancelled_ = true;
    thread = std::move(thread_);
  }
  if (thread.joinable()) thread.join();
}

}  // namespace gigapi
