#include "backup/backup_state.h"

#include <utility>

namespace gigapi {

BackupPhase PhaseAfter(const Status& end) {
  if (end.ok()) return BackupPhase::kDone;
  return KindOf(end) == ErrorKind::kCancelled ? BackupPhase::kCancelled : BackupPhase::kFailed;
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
                state->waits_for = why;
              }};
}

}  // namespace gigapi
