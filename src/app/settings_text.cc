#include "app/settings_text.h"

#include <algorithm>

#include "app/setting_table.h"
#include "base/json_writer.h"
#include "object_store/open_store.h"

namespace gigapi {
namespace {

constexpr std::string_view kMask = "********";

struct Row {
  std::string key;
  std::string value;
  std::string origin;
};

std::string OriginOf(const LoadedSettings& loaded, std::string_view key) {
  const auto found = loaded.origins.find(key);
  return found == loaded.origins.end() ? "default" : found->second;
}

Row MakeRow(const LoadedSettings& loaded, std::string key, std::string value, bool secret) {
  if (secret && !value.empty()) value = kMask;
  std::string origin = OriginOf(loaded, key);
  return {std::move(key), std::move(value), std::move(origin)};
}

/// One that is refused may have credentials.
bool IsAddress(const std::string& url) { return ParseStoreUrl(AbsoluteStoreUrl(url)).ok(); }

std::vector<Row> Rows(const LoadedSettings& loaded) {
  std::vector<Row> rows;
  for (const auto& spec : SettingTable()) {
    rows.push_back(MakeRow(loaded, std::string(spec.key), SettingText(spec, loaded.settings), spec.secret));
  }
  for (size_t i = 0; i < loaded.settings.layers.size(); ++i) {
    for (const auto& spec : LayerSettingTable()) {
      std::string text = LayerSettingText(spec, loaded.settings.layers[i]);
      const bool is_secret = spec.secret || (spec.key == "url" && !IsAddress(text));
      rows.push_back(MakeRow(loaded, fmt::format("layers.{}.{}", i, spec.key), std::move(text), is_secret));
    }
  }
  return rows;
}

std::string DefaultText(const SettingSpec& spec) {
  if (!spec.default_text.empty()) return std::string(spec.default_text);
  return SettingText(spec, Settings{});
}

std::string Code(std::string_view text) { return text.empty() ? "" : fmt::format("`{}`", text); }

std::string EnvironmentText(const SettingSpec& spec) {
  std::vector<std::string> names;
  for (const auto& name : spec.environment) names.push_back(Code(name.name));
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::string SettingsInForce(const LoadedSettings& loaded) {
  const auto rows = Rows(loaded);
  size_t key_width = 0;
  size_t value_width = 0;
  for (const auto& row : rows) {
    key_width = std::max(key_width, row.key.size());
    value_width = std::max(value_width, row.value.size());
  }
  std::string text;
  for (const auto& row : rows) {
    text += fmt::format("{:<{}}  {:<{}}  {}\n", row.key, key_width, row.value, value_width, row.origin);
  }
  return text;
}

std::string SettingsInForceJson(const LoadedSettings& loaded) {
  JsonWriter json;
  json.BeginObject();
  for (const auto& row : Rows(loaded)) {
    json.Key(row.key).BeginObject().Key("value").String(row.value).Key("origin").String(row.origin).EndObject();
  }
  return json.EndObject().Take() + "\n";
}

std::string SettingsMarkdown() {
  std::string text;
  std::string_view group;
  for (const auto& spec : SettingTable()) {
    if (spec.group != group) {
      group = spec.group;
      text += fmt::format("\n### {}\n\n| in the file | environment | flag | type | default | |\n|---|---|---|---|---|---|\n",
                          group);
    }
    text += fmt::format("| `{}` | {} | `{}` | {} | {} | {} |\n", spec.key, EnvironmentText(spec), FlagOf(spec), TypeOf(spec),
                        Code(DefaultText(spec)), spec.doc);
  }
  text += "\n### Layers\n\n";
  text += "`GIGAPI_LAYER_<n>_...` is another name of `GIGAPI_LAYERS_<n>_...`; where both are set, the latter counts.\n\n";
  text += "| in [[layers]] of the file | environment | |\n|---|---|---|\n";
  for (const auto& spec : LayerSettingTable()) {
    std::string upper(spec.key);
    std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    text += fmt::format("| `{}` | `GIGAPI_LAYERS_<n>_{}` | {} |\n", spec.key, upper, spec.doc);
  }
  return text + "\n";
}

}  // namespace gigapi
