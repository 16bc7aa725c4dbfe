// gigapi serve: the server.
#include <cstdio>
#include <filesystem>
#include <optional>

#include "app/commands.h"
#include "app/layer_places.h"
#include "app/node.h"
#include "app/restore_target.h"
#include "app/settings_flags.h"
#include "app/stop_signal.h"
#include "backup/restore_service.h"
#include "backup/retry_wait.h"
#include "base/log.h"
#include "server/restoring_server.h"

namespace gigapi {
namespace {

/// The address that a client on this machine uses.
std::string LocalUrl(const Settings& settings, int port) {
  const std::string& host = settings.http_host;
  const char* const scheme = settings.http_tls_cert.empty() ? "http" : "https";
  if (host == "0.0.0.0" || host == "::") return fmt::format("{}://localhost:{}", scheme, port);
  return fmt::format("{}://{}:{}", scheme, host.find(':') == std::string::npos ? host : "[" + host + "]", port);
}

std::string FlightLine(const Settings& settings, int flight_port) {
  if (flight_port == 0) return {};
  return fmt::format("  flight  Flight SQL on port {} (adbc, JDBC, Grafana){}\n", flight_port,
                     settings.http_tls_cert.empty() ? "" : ", with TLS");
}

void PrintWelcome(const Settings& settings, int port, int flight_port) {
  const std::string url = LocalUrl(settings, port);
  const std::string credentials =
      settings.http_basic_auth_username.empty() ? "" : "-u " + settings.http_basic_auth_username + " ";
  std::printf(R"(
gigapi %s listens on %s (address %s), data in %s

  write   curl %s"%s/write?db=mydb" --data-binary 'weather,location=us-east temperature=82'
  query   curl %s"%s/query?db=mydb" -d '{"query": "SELECT * FROM weather"}'
%s
)",
              GIGAPI_VERSION, url.c_str(), settings.http_host.c_str(), std::filesystem::absolute(settings.root).c_str(),
              credentials.c_str(), url.c_str(), credentials.c_str(), url.c_str(), FlightLine(settings, flight_port).c_str());
  std::fflush(stdout);
}

/// With the node closed; something answers meanwhile.
Status RestoreLake(const Settings& settings, RestoreService* restores) {
  ServerOptions options = ServerOptionsOf(settings);
  options.restores = CallsOf(restores);
  ARROW_ASSIGN_OR_RAISE(const auto server, RestoringServer::Start(options));
  const auto restore = [&](const BackupManifest& manifest, bool replace_existing, const BackupHooks& hooks) -> Status {
    const bool is_shared = settings.metadata_type == "redis" || SharedCatalogLayer(settings);
    if (is_shared && replace_existing) ARROW_RETURN_NOT_OK(ForgetLog(settings.root, LocalFileSystem()));
    const OccupiedRoot occupied = replace_existing ? OccupiedRoot::kKeepBeside : OccupiedRoot::kReplaceUnused;
    return RestoreIntoLakeOf(settings, manifest, occupied, hooks);
  };
  return restores->Run(restore, StopSignalPending);
}

/// After a restore, with the lake that it has made or left. A store that is away now would else end the server.
Result<std::unique_ptr<Node>> StartAgain(const Settings& settings, RestoreService* restores) {
  ServerOptions options = ServerOptionsOf(settings);
  options.restores = CallsOf(restores);
  for (int attempt = 1;; ++attempt) {
    auto node = Node::Start(settings, restores);
    if (node.ok() || !MayPass(node.status())) return node;
    LOG_WARN("the lake cannot be opened yet after a restore", "attempt={} reason=\"{}\"", attempt, node.status().message());
    restores->Wait(node.status());
    const auto server = RestoringServer::Start(options);
    if (!server.ok()) return server.status();
    if (!WaitAfterAttempt(attempt, StopSignalPending)) return node;
  }
}

/// Runs nodes one after the other: each restore begins with the end of one, and what it has changed is seen by the next.
Status ServeUntilStopped(Settings settings) {
  WakeUp wake;
  RestoreService restores({.auth_key = settings.backup_auth_key, .auth_secret = settings.backup_auth_secret},
                          [&wake] { wake.Wake(); });
  std::optional<Status> restored;  // nullopt: the first one
  while (true) {
    auto started = restored ? StartAgain(settings, &restores) : Node::Start(settings, &restores);
    if (restored) restores.End(*restored);
    if (restored && StopSignalPending()) return started.ok() ? (*started)->Stop() : Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto node, std::move(started));
    // The next one is found where this one was.
    settings.http_port = node->port();
    if (settings.flightsql_enable) settings.flightsql_port = node->flight_port();
    if (!restored) PrintWelcome(settings, node->port(), node->flight_port());
    while (!WaitForStopSignalOr(&wake) && !restores.IsDue()) continue;
    if (StopSignalPending()) {
      WaitForStopSignal();
      return node->Stop();
    }
    const Status stopped = node->Stop();
    restored = stopped.ok() ? RestoreLake(settings, &restores) : stopped;
    if (!StopSignalPending()) continue;
    restores.End(*restored);
    return Status::OK();
  }
}

int Serve(const SettingsFlags& flags) {
  auto loaded = LoadProcessSettings(flags);
  if (!loaded.ok()) return Fail(loaded.status());
  const Status resolved = ResolveSettings(&*loaded);
  for (const auto& warning : loaded->warnings) LOG_WARN("settings", "warning=\"{}\"", warning);
  if (!resolved.ok()) return Fail(resolved);
  if (!loaded->file.empty()) LOG_INFO("settings", "file={}", loaded->file);

  BlockStopSignals();
  const Status served = ServeUntilStopped(loaded->settings);
  return served.ok() ? 0 : Fail(served);
}

}  // namespace

void AddServeCommand(CLI::App* app, CommandBody* body) {
  CLI::App* command = app->add_subcommand("serve", "Run the server");
  command->footer(
      R"(Every setting can be a flag, a name in the environment (in brackets above) or a key of the settings file;
docs/settings.md says more. SIGTERM or Ctrl-C takes no more requests, flushes and ends with 0.

Examples:
  gigapi serve
  gigapi serve --root /var/lib/gigapi --http-host 127.0.0.1
  GIGAPI_ROOT=/data HTTP_PORT=8080 gigapi serve --durability os)");
  auto flags = AddSettingsFlags(command);
  command->callback([=] { *body = [=] { return Serve(*flags); }; });
}

}  // namespace gigapi
