// gigapi restore: a backup into a folder that becomes a data root, or into a lake that nodes share.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "app/backup_flags.h"
#include "app/commands.h"
#include "app/node_storage.h"
#include "app/settings_flags.h"
#include "app/stop_signal.h"
#include "backup/restore_job.h"
#include "backup/shared_restore_job.h"
#include "base/log.h"

namespace gigapi {
namespace {

constexpr char kNewest[] = "newest";

struct RestoreCommandOptions {
  BackupPlaceFlags place;
  std::string backup = kNewest;
  std::shared_ptr<SettingsFlags> settings;
  bool replace_existing = false;
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

/// The lake of the settings, whose only layer is a folder that is its root too.
Result<std::string> RootOf(const Settings& settings, const std::vector<LayerPtr>& layers) {
  const auto normal = [](const std::string& path) {
    std::string text = std::filesystem::absolute(path).lexically_normal().string();
    while (text.size() > 1 && text.ends_with('/')) text.pop_back();
    return text;
  };
  if (settings.layers.empty() || normal(*layers.front()->local_directory()) == normal(settings.root)) return settings.root;
  return Errorf(ErrorKind::kUnsupported, "layer '{}' is a folder beside the root: name the root to be by --root",
                layers.front()->name());
}

/// A folder that is named is restored into, whatever layers the settings have.
Status RestoreInto(const RestoreCommandOptions& options, const Settings& settings, const BackupManifest& manifest,
                   const BackupHooks& hooks) {
  const std::string& named = options.settings->values["root"];
  if (!named.empty()) return RunRestore(manifest, {.root = named, .replace_existing = options.replace_existing}, hooks);
  Settings without_cache = settings;
  without_cache.cache_bytes_max = 0;
  ARROW_ASSIGN_OR_RAISE(const NodeStorage storage, OpenNodeStorage(without_cache));
  if (storage.shared_catalog) {
    const SharedRestoreTarget target{
        .catalog = storage.shared_catalog, .layers = storage.layers, .replace_existing = options.replace_existing};
    return RunSharedRestore(manifest, target, hooks);
  }
  ARROW_ASSIGN_OR_RAISE(const std::string root, RootOf(settings, storage.layers));
  return RunRestore(manifest, {.root = root, .replace_existing = options.replace_existing}, hooks);
}

Status Restore(const RestoreCommandOptions& options, const Settings& settings) {
  ARROW_ASSIGN_OR_RAISE(const BackupPlace place, OpenBackupPlace(options.place));
  if (options.list) return List(place);
  ARROW_ASSIGN_OR_RAISE(const BackupManifest manifest, ReadBackup(place, options.backup));
  BackupBar bar("restore");
  ARROW_RETURN_NOT_OK(RestoreInto(options, settings, manifest, HooksOf(&bar)));
  fmt::print("{}  {}\n", manifest.id, Describe(TotalsOf(manifest)));
  return Status::OK();
}

int RunRestoreCommand(const RestoreCommandOptions& options) {
  ConfigureLog("warn");
  auto loaded = LoadProcessSettings(*options.settings);
  if (!loaded.ok()) return Fail(loaded.status());
  const Status resolved = ResolveSettings(&*loaded);
  if (!resolved.ok()) return Fail(resolved);
  ConfigureLog("warn");
  BlockStopSignals();
  const Status status = Restore(options, loaded->settings);
  return status.ok() ? 0 : Fail(status);
}

}  // namespace

void AddRestoreCommand(CLI::App* app, CommandBody* body) {
  CLI::App* command = app->add_subcommand("restore", "Put a backup into a data root, or into a lake that nodes share");
  command->footer(
      R"(With --root a folder becomes a data root. Every file is checked against the size and checksum of the backup, in a folder
beside the root; then one rename puts that folder in the root's place: a restore that was killed or failed has changed nothing.
No server may run on the root. A root that is not empty is refused. With --force the backup takes its place, and what was there
stays beside it as <root>.before-<time>.

Without --root the backup goes into the lake of the server's settings (flags, environment or file). Where nodes share that lake,
in a bucket or with a catalog in Redis, files go to the first layer that all nodes reach, and no node may run. A lake that is
not empty is refused; with --force all that it has goes out of its catalog.

Examples:
  gigapi restore file:///mnt/backups --list
  gigapi restore file:///mnt/backups --root ./data
  gigapi restore s3://s3.example.com/bucket/backups --backup 20250131T120000123Z-1a2b3c4d --root /var/lib/gigapi
  gigapi restore s3://s3.example.com/bucket/backups --config /etc/gigapi.toml)");
  auto options = std::make_shared<RestoreCommandOptions>();
  AddBackupPlaceFlags(command, &options->place);
  options->settings = AddSettingsFlags(command);
  command->add_option("--backup", options->backup, "The id of a backup")->capture_default_str()->type_name("ID");
  command->add_flag("--force", options->replace_existing, "Take the place of what is there");
  command->add_flag("--list", options->list, "List the backups and what they have, and do nothing");
  command->callback([=] { *body = [=] { return RunRestoreCommand(*options); }; });
}

}  // namespace gigapi
