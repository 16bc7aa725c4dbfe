// gigapi restore: a backup into a folder that becomes a data root, into a lake that nodes share, or by a running server into
// its own.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>

#include "app/backup_flags.h"
#include "app/commands.h"
#include "app/restore_target.h"
#include "app/server_address.h"
#include "app/server_job.h"
#include "app/settings_flags.h"
#include "app/stop_signal.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "object_store/open_store.h"

namespace gigapi {
namespace {

constexpr char kNewest[] = "newest";
constexpr std::chrono::seconds kReopenMax{120};

struct RestoreCommandOptions {
  BackupPlaceFlags place;
  std::string backup = kNewest;
  std::shared_ptr<SettingsFlags> settings;
  ServerFlags server;
  bool by_server = false;
  bool replace_existing = false;
  bool list = false;
};

Status List(const BackupPlace& place, const std::string& url) {
  ARROW_ASSIGN_OR_RAISE(const auto ids, place.List());
  if (ids.empty()) fmt::print(stderr, "there is no backup in {}\n", url);
  size_t unreadable = 0;
  for (const std::string& id : ids) {
    const auto manifest = place.Read(id);
    if (manifest.ok()) {
      fmt::print("{}  {}\n", id, Describe(TotalsOf(*manifest)));
    } else {
      ++unreadable;
      fmt::print(stderr, "{}\n", manifest.status().message());
    }
  }
  if (unreadable == 0) return Status::OK();
  return Errorf(ErrorKind::kInvalidArgument, "{} of {} backups cannot be read", unreadable, ids.size());
}

/// A folder that is named is restored into, whatever layers the settings have.
Status RestoreHere(const RestoreCommandOptions& options, const Settings& settings, const BackupManifest& manifest) {
  BackupBar bar("restore");
  const OccupiedRoot occupied = options.replace_existing ? OccupiedRoot::kKeepBeside : OccupiedRoot::kRefuse;
  const std::string& named = options.settings->values["root"];
  if (named.empty()) return RestoreIntoLakeOf(settings, manifest, occupied, HooksOf(&bar));
  return RunRestore(manifest, {.root = named, .occupied = occupied}, HooksOf(&bar));
}

/// Opening a folder makes it, which a name with a slip of the pen is not worth.
Status CheckPlaceExists(const std::string& text) {
  ARROW_ASSIGN_OR_RAISE(const StoreUrl url, ParseStoreUrl(AbsoluteStoreUrl(text)));
  if (url.kind != StoreKind::kLocal || std::filesystem::exists(url.path)) return Status::OK();
  return Errorf(ErrorKind::kNotFound, "there is no backup in {}: there is no such folder", url.path);
}

Status Restore(const RestoreCommandOptions& options, const Settings& settings) {
  ARROW_RETURN_NOT_OK(CheckPlaceExists(options.place.url));
  ARROW_ASSIGN_OR_RAISE(const BackupPlace place, OpenBackupPlace(options.place));
  if (options.list) return List(place, options.place.url);
  ARROW_ASSIGN_OR_RAISE(const BackupManifest manifest,
                        options.backup == kNewest ? place.ReadNewest() : place.Read(options.backup));
  ARROW_RETURN_NOT_OK(RestoreHere(options, settings, manifest));
  fmt::print("{}  {}\n", manifest.id, Describe(TotalsOf(manifest)));
  return Status::OK();
}

/// The server closes its lake for it and opens it again, which may take a while.
Status RestoreByServer(const RestoreCommandOptions& options) {
  ARROW_ASSIGN_OR_RAISE(HttpAddress address, ServerAddressOf(options.server));
  JsonWriter json;
  json.BeginObject().Key("url").String(AbsoluteStoreUrl(options.place.url));
  if (options.backup != kNewest) json.Key("backup").String(options.backup);
  json.Key("force").Bool(options.replace_existing).EndObject();
  ARROW_ASSIGN_OR_RAISE(const ServerJobState state, ServerJob(std::move(address), "restore", kReopenMax).Run(json.Take()));
  fmt::print("{}  {}\n", state.id, Describe(state.totals));
  return Status::OK();
}

int RunRestoreCommand(const RestoreCommandOptions& options) {
  ConfigureLog("warn");
  if (options.by_server) {
    BlockStopSignals();
    const Status status = RestoreByServer(options);
    return status.ok() ? 0 : Fail(status);
  }
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

With --url a running server does it: it answers nothing else until the rows are there, all of them in one step. The place is one
that it reaches, with its own credentials. Interrupted, it ends the restore, and the server has what it had before.

Examples:
  gigapi restore file:///mnt/backups --list
  gigapi restore file:///mnt/backups --root ./data
  gigapi restore s3://s3.example.com/bucket/backups --backup 20250131T120000123Z-1a2b3c4d --root /var/lib/gigapi
  gigapi restore s3://s3.example.com/bucket/backups --config /etc/gigapi.toml
  gigapi restore file:///mnt/backups --url http://me:password@db.example:7971)");
  auto options = std::make_shared<RestoreCommandOptions>();
  AddBackupPlaceFlags(command, &options->place);
  options->settings = AddSettingsFlags(command);
  command->add_option("--backup", options->backup, "The id of a backup")->capture_default_str()->type_name("ID");
  command->add_flag("--force", options->replace_existing, "Take the place of what is there");
  auto* list = command->add_flag("--list", options->list, "List the backups and what they have, and do nothing");
  auto* url = AddServerFlags(command, &options->server);
  url->description("A running server that is to restore its own lake")
      ->excludes(list)
      ->excludes(command->get_option("--root"));
  command->callback([=] {
    options->by_server = url->count() > 0;
    *body = [=] { return RunRestoreCommand(*options); };
  });
}

}  // namespace gigapi
