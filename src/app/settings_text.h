// Settings for people: what is in force and where it came from, and the page of all settings.
#pragma once

#include <string>

#include "app/settings_loader.h"

namespace gigapi {

/// One line a setting: key, value, origin. Secrets are masked.
std::string SettingsInForce(const LoadedSettings& loaded);
/// The same as a JSON object: {"http_port": {"value": "7971", "origin": "default"}, ...}.
std::string SettingsInForceJson(const LoadedSettings& loaded);
/// The tables of docs/settings.md, between its two markers.
std::string SettingsMarkdown();

}  // namespace gigapi
