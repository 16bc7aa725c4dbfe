// gigapi config: the settings in force and where each came from.
#include <cstdio>

#include "app/commands.h"
#include "app/settings_flags.h"
#include "app/settings_text.h"

namespace gigapi {
namespace {

struct ConfigOptions {
  bool json = false;
  bool markdown = false;
};

int PrintConfig(const SettingsFlags& flags, const ConfigOptions& options) {
  if (options.markdown) {
    std::fputs(SettingsMarkdown().c_str(), stdout);
    return 0;
  }
  auto loaded = LoadProcessSettings(flags);
  if (!loaded.ok()) return Fail(loaded.status());
  const Status resolved = ResolveSettings(&*loaded);
  std::fputs((options.json ? SettingsInForceJson(*loaded) : SettingsInForce(*loaded)).c_str(), stdout);
  for (const auto& warning : loaded->warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  return resolved.ok() ? 0 : Fail(resolved);
}

}  // namespace

void AddConfigCommand(CLI::App* app, CommandBody* body) {
  CLI::App* command = app->add_subcommand("config", "Show the settings in force and where each came from");
  command->footer(R"(The layers, later ones win: defaults, the settings file, the environment, flags. Secrets are masked.
The exit status is 1 when `gigapi serve` would refuse these settings.

Examples:
  gigapi config
  HTTP_PORT=8080 gigapi config --config /etc/gigapi/gigapi.toml --json)");
  auto options = std::make_shared<ConfigOptions>();
  command->add_flag("--json", options->json, "As a JSON object");
  command->add_flag("--markdown", options->markdown, "All settings, as the tables of docs/settings.md");
  auto flags = AddSettingsFlags(command);
  command->callback([=] { *body = [=] { return PrintConfig(*flags, *options); }; });
}

}  // namespace gigapi
