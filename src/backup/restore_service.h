// A restore that a running server is asked for: one at a time, asked about while it works.
//
// It cannot happen beside an open lake. So a request only waits here, checked as far as it can be, and wakes the owner of
// the process, which closes everything, calls Run, opens the lake again, and tells the End.
//
// Thread-safe. Run and End are the owner's.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "backup/backup_job.h"
#include "backup/backup_state.h"
#include "backup/manifest.h"
#include "object_store/open_store.h"

namespace gigapi {

struct RestoreRequest {
  std::string url;     // the place of the backups
  std::string backup;  // its id; empty: the newest
  /// Whether what the lake has may go.
  bool replace_existing = false;
};

class RestoreService {
 public:
  /// The credentials are for every place that is named. `wake` is called after each Begin that succeeds, on its thread.
  RestoreService(StoreCredentials credentials, std::function<void()> wake)
      : credentials_(std::move(credentials)), wake_(std::move(wake)) {}

  /// kConflict while one runs; kNotFound when there is no such backup. Asks the place, so it may block.
  Status Begin(const RestoreRequest& request);
  /// Makes the one that runs end soon; false when none does.
  bool Cancel();
  BackupState state() const;

  /// Whether one waits for Run.
  bool IsDue() const;
  using Restore = std::function<Status(const BackupManifest&, bool replace_existing, const BackupHooks&)>;
  /// Carries out what waits. `is_stopping` is asked now and then: true cancels, and gives up what cannot be undone.
  Status Run(const Restore& restore, const std::function<bool()>& is_stopping);
  /// Why the lake cannot be opened again yet.
  void Wait(const Status& why);
  /// How it ended, told once whoever asks finds it so.
  void End(const Status& end);

 private:
  struct Due {
    BackupManifest manifest;
    bool replace_existing = false;
  };

  const StoreCredentials credentials_;
  const std::function<void()> wake_;
  std::atomic<bool> cancelled_{false};
  mutable std::mutex mutex_;  // for what is below
  BackupState state_;
  std::optional<Due> due_;
};

}  // namespace gigapi
