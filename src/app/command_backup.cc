// gigapi backup: by a running server, or of a data root.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>

#include "app/backup_flags.h"
#include "app/commands.h"
#include "app/server_address.h"
#include "app/server_job.h"
#include "app/stop_signal.h"
#include "base/json_writer.h"
#include "base/log.h"
#include "lake/lake.h"
#include "object_store/open_store.h"

namespace gigapi {
namespace {

struct BackupCommandOptions {
  BackupPlaceFlags place;
  ServerFlags server;
  std::string root;
};

Status BackUpRoot(const BackupCommandOptions& options) {
  if (!std::filesystem::is_directory(options.root)) return Errorf(ErrorKind::kNotFound, "{} is no folder", options.root);
  LakeOptions lake_options;
  lake_options.root = options.root;
  lake_options.read_only = true;
  ARROW_ASSIGN_OR_RAISE(const auto lake, Lake::Open(std::move(lake_options), LocalFileSystem()));
  ARROW_ASSIGN_OR_RAISE(const BackupPlace place, OpenBackupPlace(options.place));
  ARROW_RETURN_NOT_OK(place.CheckIsNoPartOfALake());
  BackupBar bar("backup");
  ARROW_ASSIGN_OR_RAISE(const BackupManifest manifest, RunBackup(place, SourceOf(lake.get()), HooksOf(&bar)));
  fmt::print("{}  {}\n", manifest.id, Describe(TotalsOf(manifest)));
  return Status::OK();
}

Status BackUpServer(const BackupCommandOptions& options) {
  ARROW_ASSIGN_OR_RAISE(HttpAddress address, ServerAddressOf(options.server));
  JsonWriter json;
  json.BeginObject().Key("url").String(AbsoluteStoreUrl(options.place.url)).EndObject();
  ARROW_ASSIGN_OR_RAISE(const ServerJobState state,
                        ServerJob(std::move(address), "backup", std::chrono::seconds(0)).Run(json.Take()));
  fmt::print("{}  {}\n", state.id, Describe(state.totals));
  return Status::OK();
}

int RunBackupCommand(const BackupCommandOptions& options) {
  ConfigureLog("warn");
  BlockStopSignals();
  const Status status = options.root.empty() ? BackUpServer(options) : BackUpRoot(options);
  return status.ok() ? 0 : Fail(status);
}

}  // namespace

void AddBackupCommand(CLI::App* app, CommandBody* body) {
  CLI::App* command = app->add_subcommand("backup", "Copy all that a server has to another place");
  command->footer(
      R"(The server at --url makes the backup while it goes on working. It has all rows that were acknowledged before the command,
as a query of one instant would see them. Backups of one place share their files: a second one copies what is new. The place
is one that the server reaches, with its own credentials (GIGAPI_BACKUP_AUTH_KEY and GIGAPI_BACKUP_AUTH_SECRET there); a
folder is one of the server's machine. Interrupted, it ends the backup, which then does not exist.

With --root a folder that no server runs on is read instead; nothing is written there.

Examples:
  gigapi backup file:///mnt/backups
  gigapi backup s3://s3.example.com/bucket/backups --url http://me:password@db.example:7971
  gigapi backup /mnt/backups --root ./data)");
  auto options = std::make_shared<BackupCommandOptions>();
  AddBackupPlaceFlags(command, &options->place);
  auto* url = AddServerFlags(command, &options->server);
  command->add_option("--root", options->root, "A data root to read instead of asking a server")
      ->type_name("FOLDER")
      ->excludes(url);
  command->callback([=] { *body = [=] { return RunBackupCommand(*options); }; });
}

}  // namespace gigapi
