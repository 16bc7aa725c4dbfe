// gigapi backup: by a running server, or of a data root.
#include <fmt/format.h>
#include <simdjson.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>

#include "app/backup_flags.h"
#include "app/commands.h"
#include "app/http_client.h"
#include "app/server_address.h"
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
  BackupBar bar("backup");
  ARROW_ASSIGN_OR_RAISE(const BackupManifest manifest, RunBackup(place, SourceOf(lake.get()), HooksOf(&bar)));
  fmt::print("{}  {}\n", manifest.id, Describe(TotalsOf(manifest)));
  return Status::OK();
}

/// What the server says of a backup.
struct RemoteState {
  std::string phase;
  int64_t begun_ns = 0;
  BackupProgress progress;
  std::string id;
  BackupTotals totals;
  std::string error;
};

Result<RemoteState> ReadState(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::object json;
  if (parser.parse(body).get_object().get(json) != simdjson::SUCCESS) {
    return Error(ErrorKind::kUnavailable, "the server does not answer as a gigapi does");
  }
  RemoteState state;
  const auto read = [&json](const char* key, auto* value) { (void)json[key].get(*value); };
  const auto read_text = [&json](const char* key, std::string* value) {
    std::string_view text;
    if (json[key].get(text) == simdjson::SUCCESS) *value = text;
  };
  read_text("state", &state.phase);
  read_text("id", &state.id);
  read_text("error", &state.error);
  read("begun_ns", &state.begun_ns);
  read("files_total", &state.progress.files_total);
  read("bytes_total", &state.progress.bytes_total);
  read("files_done", &state.progress.files_done);
  read("bytes_done", &state.progress.bytes_done);
  read("bytes_copied", &state.progress.bytes_copied);
  read("files", &state.totals.files);
  read("rows", &state.totals.rows);
  read("tables", &state.totals.tables);
  read("bytes", &state.totals.bytes);
  return state;
}

class ServerBackup {
 public:
  explicit ServerBackup(HttpAddress address) : client_(std::move(address)) {}

  Result<RemoteState> Ask(const std::string& method, const std::string& body) {
    HttpRequest request{.method = method, .target = "/api/v1/backup", .content_type = "application/json", .body = body};
    ARROW_ASSIGN_OR_RAISE(const HttpAnswer answer, client_.Ask(request));
    if (answer.status / 100 != 2) return Errorf(ErrorKind::kUnavailable, "{}", ErrorText(answer.body));
    return ReadState(answer.body);
  }

  /// Returns when the backup has ended, however it has; a stop signal ends it.
  Result<RemoteState> Run(const std::string& url) {
    JsonWriter json;
    json.BeginObject().Key("url").String(url).EndObject();
    ARROW_ASSIGN_OR_RAISE(RemoteState state, Ask("POST", json.Take()));
    const int64_t begun_ns = state.begun_ns;
    BackupBar bar("backup");
    for (bool cancelled = false; state.phase == "running" && state.begun_ns == begun_ns;) {
      if (state.progress.files_total > 0) bar.Show(state.progress);
      if (StopSignalPending() && !cancelled) {
        cancelled = true;
        (void)Ask("DELETE", "");  // it may have ended meanwhile
      }
      std::this_thread::sleep_for(kPollInterval);
      ARROW_ASSIGN_OR_RAISE(state, Ask("GET", ""));
    }
    if (state.begun_ns == begun_ns) return state;
    return Error(ErrorKind::kUnavailable, "another backup has begun since: `gigapi restore --list` tells what is there");
  }

 private:
  static constexpr std::chrono::milliseconds kPollInterval{200};

  HttpClient client_;
};

Status BackUpServer(const BackupCommandOptions& options) {
  ARROW_ASSIGN_OR_RAISE(HttpAddress address, ServerAddressOf(options.server));
  ARROW_ASSIGN_OR_RAISE(const RemoteState state, ServerBackup(std::move(address)).Run(AbsoluteStoreUrl(options.place.url)));
  if (state.phase != "done") return Errorf(ErrorKind::kUnavailable, "the backup has {}: {}", state.phase, state.error);
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
