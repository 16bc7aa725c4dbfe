// What `gigapi backup` and `gigapi restore` have in common: the place of backups, and a bar.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "app/progress_bar.h"
#include "backup/backup_job.h"
#include "backup/backup_place.h"

namespace gigapi {

struct BackupPlaceFlags {
  std::string url;
  std::string auth_key;
  std::string auth_secret;
};

void AddBackupPlaceFlags(CLI::App* command, BackupPlaceFlags* flags);

/// Asks whether it answers.
Result<BackupPlace> OpenBackupPlace(const BackupPlaceFlags& flags);

/// Draws a bar of bytes. Used by one thread at a time.
class BackupBar {
 public:
  explicit BackupBar(std::string label) : label_(std::move(label)) {}
  void Show(const BackupProgress& progress);

 private:
  const std::string label_;
  std::unique_ptr<ProgressBar> bar_;
};

/// Ends when a stop signal comes; shows progress on the bar, which must outlive it.
BackupHooks HooksOf(BackupBar* bar);

/// "3 files, 1,234 bytes, 10 rows of 2 tables".
std::string Describe(const BackupTotals& totals);

}  // namespace gigapi
