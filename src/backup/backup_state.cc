#include "backup/backup_state.h"

#include <utility>

namespace gigapi {

BackupPhase PhaseAfter(const Status& end) {
  if (end.ok()) return BackupPhase::kDone;
  return KindOf(end) == ErrorKind::kCancelled ? BackupPhase::kCancelled : BackupPhase::kFailed;
}

Status ToldOf(const Status& failure, const std::string& place) {
  if (failure.ok() || failure.detail() != nullptr || KindOf(failure) != ErrorKind::kUnavailable) return failure;
  return Errorf(ErrorKind::kUnavailable,
                "a disk is full or fails, the server's own or that of {}; the server's log says which", place);
}

BackupHooks HooksOf(std::function<bool()> is_cancelled, std::mutex* mutex, BackupState* state) {
  return {.is_cancelled = std::move(is_cancelled),
          .on_progress =
              [mutex, state](const BackupProgress& progress) {
                const std::lock_guard lock(*mutex);
                state->progress = progress;
              },
          .on_waiting =
              [mutex, state](const Status& why) {
                const std::lock_guard lock(*mutex);
                state->waits_for = ToldOf(why, state->place);
              }};
}

}  // namespace gigapi
