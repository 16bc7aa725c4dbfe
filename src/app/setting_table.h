// The table of all settings, and how a value is read from text and written as text.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/settings.h"
#include "base/error.h"

namespace gigapi {

/// A name in the environment. `scale` turns its number into the field's unit: 1000 for a name that counts seconds of a
/// field that counts milliseconds.
struct EnvironmentName {
  std::string_view name;
  double scale = 1;
};

enum class SettingUnit {
  kNone,
  kBytes
};

using SettingField = std::variant<bool Settings::*, int64_t Settings::*, double Settings::*, std::string Settings::*>;
/// An integer of a layer is a duration in seconds, written 30m, 4w or 0.
using LayerField = std::variant<bool LayerSettings::*, int64_t LayerSettings::*, std::string LayerSettings::*>;

struct SettingSpec {
  std::string_view group;                    // heading in --help and docs/settings.md
  std::string_view key;                      // in the file; the flag is --key with - for _
  std::vector<EnvironmentName> environment;  // the first that is set counts
  SettingField field;
  std::string_view doc;
  SettingUnit unit = SettingUnit::kNone;
  double min = 0;
  double max = std::numeric_limits<double>::max();
  std::vector<std::string_view> choices = {};  // of a text, in small letters; empty: any
  std::string_view older_choice = {};          // what the first choice was called in older GigAPIs
  std::string_view default_text = {};          // shown as the default where the value alone would not say it
  bool secret = false;                         // never printed
};

struct LayerSettingSpec {
  std::string_view key;  // in [[layers]] of the file; GIGAPI_LAYERS_<n>_<KEY> in the environment
  LayerField field;
  std::string_view doc;
  bool secret = false;
};

std::span<const SettingSpec> SettingTable();
std::span<const LayerSettingSpec> LayerSettingTable();

/// The setting with this key; nullptr when there is none.
const SettingSpec* FindSetting(std::string_view key);

/// "--http-port" of http_port.
std::string FlagOf(const SettingSpec& spec);
/// "boolean", "integer", "bytes", "number", "text" or the choices.
std::string TypeOf(const SettingSpec& spec);

/// Reads a value; fails with what is expected (the message names neither the setting nor a secret's value).
Status SetSetting(const SettingSpec& spec, std::string_view text, double scale, Settings* settings);
std::string SettingText(const SettingSpec& spec, const Settings& settings);

Status SetLayerSetting(const LayerSettingSpec& spec, std::string_view text, LayerSettings* layer);
std::string LayerSettingText(const LayerSettingSpec& spec, const LayerSettings& layer);

/// The candidate with the least edit distance; empty when none is near enough to be meant.
std::string_view NearestName(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace gigapi
