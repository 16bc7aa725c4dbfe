// How far a backup or a restore is, or how the last one ended.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "backup/backup_job.h"

namespace gigapi {

enum class BackupPhase {
  kNone,  // since the start
  kRunning,
  kDone,
  kFailed,
  kCancelled,
};

struct BackupState {
  BackupPhase phase = BackupPhase::kNone;
  std::string place;  // without credentials
  BackupProgress progress = {};
  int64_t begun_ns = 0;      // wall time
  int64_t ended_ns = 0;      // 0: runs
  std::string id = {};       // kDone; of a restore always
  BackupTotals totals = {};  // kDone; of a restore always
  Status failure = {};       // kFailed and kCancelled
  Status waits_for = {};     // kRunning: what keeps it from going on, and is tried again
};

/// The phase that a job which has ended so is in.
BackupPhase PhaseAfter(const Status& end);

/// What whoever asks is told of a failure: a disk's own words have paths of the server, which its log has.
Status ToldOf(const Status& failure, const std::string& place);

/// Hooks of a job whose progress, and what it waits for, goes into a state that others look at under the mutex. Both must
/// outlive the job.
BackupHooks HooksOf(std::function<bool()> is_cancelled, std::mutex* mutex, BackupState* state);

}  // namespace gigapi
