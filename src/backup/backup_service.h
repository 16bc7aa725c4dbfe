// Backups of a server that runs: one at a time, in the background, asked about while it works.
//
// Thread-safe. Stop before the source goes.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "backup/backup_job.h"
#include "backup/backup_state.h"
#include "object_store/open_store.h"

namespace gigapi {

class BackupService {
 public:
  /// The credentials are for every place that is named.
  BackupService(BackupSource source, StoreCredentials credentials)
      : source_(std::move(source)), credentials_(std::move(credentials)) {}
  ~BackupService() { Stop(); }

  /// Begins a backup that has all rows acknowledged by now. kConflict while one runs. Asks the place whether it answers, so
  /// it may block.
  Status Begin(const std::string& url);
  /// Makes the one that runs end soon; false when none does.
  bool Cancel();
  BackupState state() const;

  /// Ends the one that runs; no more begin. Idempotent.
  void Stop();

 private:
  void Run(const BackupPlace& place);

  const BackupSource source_;
  const StoreCredentials credentials_;
  std::atomic<bool> cancelled_{false};
  mutable std::mutex mutex_;  // for what is below
  bool stopping_ = false;
  BackupState state_;
  std::jthread thread_;
};

}  // namespace gigapi
