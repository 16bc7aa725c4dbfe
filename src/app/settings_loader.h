// Settings from their four layers: defaults, then a TOML file, then the environment, then flags. Pure but for reading the
// file: the environment and the flags are handed in.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/settings.h"
#include "base/error.h"

namespace gigapi {

struct SettingsSources {
  std::string config_path;  // the file to read; empty: the first of `search_paths` that exists, or none
  std::vector<std::string> search_paths = {"gigapi.toml", "/etc/gigapi/gigapi.toml"};
  std::map<std::string, std::string, std::less<>> environment;  // an empty value counts as not set
  std::map<std::string, std::string, std::less<>> flags;        // by key
};

struct LoadedSettings {
  Settings settings;
  std::string file;  // that was read; empty: none
  /// Where a value came from, by key ("http_port", "layers.0.url"); a key that is missing has its default.
  std::map<std::string, std::string, std::less<>> origins;
  /// What was set and means nothing, or is probably misspelt.
  std::vector<std::string> warnings;
};

/// Fails at an unknown key of the file (and names the nearest known one) or a value that cannot be read.
Result<LoadedSettings> LoadSettings(const SettingsSources& sources);

/// Says no to what is not built, contradicts itself or cannot work; the message lists every reason. Applies a layer that
/// names the data root. To be called before anything is started.
Status ResolveSettings(LoadedSettings* loaded);

/// The environment of this process.
std::map<std::string, std::string, std::less<>> ProcessEnvironment();

}  // namespace gigapi
