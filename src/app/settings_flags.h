// The settings as command-line flags.
#pragma once

#include <map>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "app/settings_loader.h"

namespace gigapi {

/// What was given on the command line; filled when it is parsed.
struct SettingsFlags {
  std::string config_path;
  std::map<std::string, std::string, std::less<>> values;  // by key; empty: not given
};

/// Adds --config and one flag for each setting to a subcommand.
std::shared_ptr<SettingsFlags> AddSettingsFlags(CLI::App* command);

/// The settings of all layers, this process's environment among them. Sets the log level.
Result<LoadedSettings> LoadProcessSettings(const SettingsFlags& flags);

}  // namespace gigapi
