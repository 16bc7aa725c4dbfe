#include "backup/restore_service.h"

#include "backup/backup_place.h"
#include "base/clock.h"
#include "base/log.h"

namespace gigapi {

Status RestoreService::Begin(const RestoreRequest& request) {
  ARROW_ASSIGN_OR_RAISE(const BackupPlace place, BackupPlace::Open(request.url, credentials_));
  ARROW_ASSIGN_OR_RAISE(BackupManifest manifest, request.backup.empty() ? place.ReadNewest() : place.Read(request.backup));
  {
    const std::lock_guard lock(mutex_);
    if (state_.phase == BackupPhase::kRunning) return Error(ErrorKind::kConflict, "a restore is running");
    state_ = {.phase = BackupPhase::kRunning, .place = place.store()->Describe(), .begun_ns = WallNanos()};
    state_.id = manifest.id;
    state_.totals = TotalsOf(manifest);
    cancelled_ = false;
    due_ = {.manifest = std::move(manifest), .replace_existing = request.replace_existing};
    LOG_INFO("a restore begins", "place={} id={}", state_.place, state_.id);
  }
  wake_();
  return Status::OK();
}

bool RestoreService::Cancel() {
  const std::lock_guard lock(mutex_);
  if (state_.phase != BackupPhase::kRunning) return false;
  cancelled_ = true;
  return true;
}

BackupState RestoreService::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

bool RestoreService::IsDue() const {
  const std::lock_guard lock(mutex_);
  return due_.has_value();
}

Status RestoreService::Run(const Restore& restore, const std::function<bool()>& is_stopping) {
  std::optional<Due> due;
  {
    const std::lock_guard lock(mutex_);
    due = std::exchange(due_, std::nullopt);
  }
  BackupHooks hooks = HooksOf([&] { return cancelled_ || is_stopping(); }, &mutex_, &state_);
  hooks.gives_up = is_stopping;
  return restore(due->manifest, due->replace_existing, hooks);
}

void RestoreService::Wait(const Status& why) {
  const std::lock_guard lock(mutex_);
  state_.waits_for = ToldOf(why, state_.place);
}

void RestoreService::End(const Status& end) {
  const std::lock_guard lock(mutex_);
  due_.reset();  // of one that was never run
  state_.ended_ns = WallNanos();
  state_.waits_for = Status::OK();
  state_.phase = PhaseAfter(end);
  state_.failure = ToldOf(end, state_.place);
  if (end.ok()) LOG_INFO("a restore is made", "place={} id={} bytes={}", state_.place, state_.id, state_.totals.bytes);
  else LOG_WARN("a restore ended early", "place={} id={} reason=\"{}\"", state_.place, state_.id, end.message());
}

}  // namespace gigapi
