#include "app/backup_flags.h"

#include <fmt/format.h>

#include "app/stop_signal.h"
#include "object_store/open_store.h"

namespace gigapi {

void AddBackupPlaceFlags(CLI::App* command, BackupPlaceFlags* flags) {
  command->add_option("place", flags->url, "Where backups lie: file:///folder, s3://endpoint/bucket/prefix, gs://, abfs://")
      ->required()
      ->type_name("URL");
  command->add_option("--auth-key", flags->auth_key, "Of s3: the access key")
      ->envname("GIGAPI_BACKUP_AUTH_KEY")
      ->type_name("KEY");
  command
      ->add_option("--auth-secret", flags->auth_secret,
                   "Of s3: the secret key; of abfs: the account's; of gs: a key file's text")
      ->envname("GIGAPI_BACKUP_AUTH_SECRET")
      ->type_name("SECRET");
}

Result<BackupPlace> OpenBackupPlace(const BackupPlaceFlags& flags) {
  return BackupPlace::Open(AbsoluteStoreUrl(flags.url), {.auth_key = flags.auth_key, .auth_secret = flags.auth_secret});
}

void BackupBar::Show(const BackupProgress& progress) {
  if (!bar_) bar_ = std::make_unique<ProgressBar>(label_, progress.bytes_total);
  bar_->Update(progress.bytes_done, fmt::format("{} of {} files, {} MB copied", Grouped(progress.files_done),
                                                Grouped(progress.files_total), Grouped(progress.bytes_copied / 1'000'000)));
}

BackupHooks HooksOf(BackupBar* bar) {
  return {.is_cancelled = StopSignalPending,
          .on_progress = [bar](const BackupProgress& progress) { bar->Show(progress); },
          .gives_up = StopSignalPending,
          .on_waiting =
              [](const Status& why) {
                if (!why.ok()) fmt::print(stderr, "\nit is tried again: {}\n", why.message());
              }};
}

std::string Describe(const BackupTotals& totals) {
  return fmt::format("{} rows of {} tables in {} files, {} bytes", Grouped(totals.rows), Grouped(totals.tables),
                     Grouped(totals.files), Grouped(totals.bytes));
}

}  // namespace gigapi
