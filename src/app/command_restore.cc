// gigapi restore: a backup into a folder that becomes a data root.
#include <fmt/format.h>

#include <memory>

#include "app/backup_flags.h"
#include "app/commands.h"
#include "app/stop_signal.h"
#include "backup/restore_job.h"
#include "base/log.h"

namespace gigapi {
namespace {

constexpr char kNewest[] = "newest";

struct RestoreCommandOptions {
  BackupPlaceFlags place;
  std::string backup = kNewest;
  RestoreOptions restore;
  bool list = false;
};

Status List(const BackupPlace& place) {
  ARROW_ASSIGN_OR_RAISE(const auto ids, place.List());
  for (const std::string& id : ids) {
    ARROW_ASSIGN_OR_RAISE(const BackupManifest manifest, place.Read(id));
    fmt::print("{}  {}\n", id, Describe(TotalsOf(manifest)));
  }
  return Status::OK();
}

Result<BackupManifest> ReadBackup(const BackupPlace& place, std::string id) {
  if (id == kNewest) {
    ARROW_ASSIGN_OR_RAISE(auto ids, place.List());
    if (ids.empty()) return Errorf(ErrorKind::kNotFound, "there is no backup in {}", place.store()->Describe());
    id = std::move(ids.back());
  }
  return place.Read(id);
}

Status Restore(const RestoreCommandOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const BackupPlace place, OpenBackupPlace(options.place));
  if (options.list) return List(place);
  ARROW_ASSIGN_OR_RAISE(const BackupManifest manifest, ReadBackup(place, options.backup));
  BackupBar bar("restore");
  ARROW_RETURN_NOT_OK(RunRestore(manifest, options.restore, HooksOf(&bar)));
  fmt::print("{}  {}\n", manifest.id, Describe(TotalsOf(manifest)));
  return Status::OK();
}

int RunRestoreCommand(const RestoreCommandOptions& options) {
  ConfigureLog("warn");
  BlockStopSignals();
  const Status status = Restore(options);
  return status.ok() ? 0 : Fail(status);
}

}  // namespace

void AddRestoreCommand(CLI::App* app, CommandBody* body) {
  CLI::App* command = app->add_subcommand("restore", "Put a backup into a data root");
  command->footer(
      R"(Every file is checked against the size and checksum of the backup, in a folder beside the root; then one rename puts that
folder in the root's place: a restore that was killed or failed has changed nothing. No server may run on the root.

A root that is not empty is refused. With --force the backup takes its place, and what was there stays beside it as
<root>.before-<time>.

Examples:
  gigapi restore file:///mnt/backups --list
  gigapi restore file:///mnt/backups --root ./data
  gigapi restore s3://s3.example.com/bucket/backups --backup 20250131T120000123Z-1a2b3c4d --root /var/lib/gigapi)");
  auto options = std::make_shared<RestoreCommandOptions>();
  AddBackupPlaceFlags(command, &options->place);
  command->add_option("--backup", options->backup, "The id of a backup")->capture_default_str()->type_name("ID");
  options->restore.root = "data";
  command->add_option("--root", options->restore.root, "The data root to be")->capture_default_str()->type_name("FOLDER");
  command->add_flag("--force", options->restore.replace_existing, "Take the place of a root that is not empty");
  command->add_flag("--list", options->list, "List the backups and what they have, and do nothing");
  command->callback([=] { *body = [=] { return RunRestoreCommand(*options); }; });
}

}  // namespace gigapi
