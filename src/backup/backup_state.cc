#include "backup/backup_state.h"

namespace gigapi {

BackupPhase PhaseAfter(const Status& end) {
  if (end.ok()) return BackupPhase::kDone;
  return KindOf(end) == ErrorKind::kCancelled ? BackupPhase::kCancelled : BackupPhase::kFailed;
}

}  // namespace gigapi
