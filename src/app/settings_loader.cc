#include "app/settings_loader.h"

#include <unistd.h>

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

#include "app/setting_table.h"

extern char** environ;

namespace gigapi {
namespace {

constexpr size_t kLayersMax = 64;
constexpr std::string_view kLayersPrefix = "GIGAPI_LAYERS_";
constexpr std::string_view kLayerPrefix = "GIGAPI_LAYER_";

Status InvalidSetting(std::string_view where, const Status& reason) {
  return Errorf(ErrorKind::kInvalidArgument, "{}: {}", where, reason.message());
}

std::string DidYouMean(std::string_view name, const std::vector<std::string_view>& known) {
  const std::string_view nearest = NearestName(name, known);
  return nearest.empty() ? std::string() : fmt::format("; did you mean {}?", nearest);
}

/// A layer by its index; the ones before it are made.
LayerSettings* LayerAt(size_t index, Settings* settings) {
  if (settings->layers.size() <= index) settings->layers.resize(index + 1);
  return &settings->layers[index];
}

// ---- file ----------------------------------------------------------------------------------------------------------

std::string Position(const std::string& file, const toml::node& node) {
  return fmt::format("{}:{}", file, node.source().begin.line);
}

Result<std::string> ScalarText(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* boolean = node.as_boolean()) return std::string(boolean->get() ? "true" : "false");
  return Error(ErrorKind::kInvalidArgument, "expected one value, not a list, table or date");
}

Status LoadLayerTable(const toml::table& table, size_t index, const std::string& file, LoadedSettings* loaded) {
  for (const auto& [key, node] : table) {
    const auto specs = LayerSettingTable();
    const auto spec = std::ranges::find(specs, key.str(), &LayerSettingSpec::key);
    if (spec == specs.end()) {
      std::vector<std::string_view> known;
      for (const auto& each : specs) known.push_back(each.key);
      return Errorf(ErrorKind::kInvalidArgument, "{}: unknown setting {} of a layer{}", Position(file, node), key.str(),
                    DidYouMean(key.str(), known));
    }
    const std::string where = fmt::format("{}: {} of a layer", Position(file, node), key.str());
    auto text = ScalarText(node);
    if (!text.ok()) return InvalidSetting(where, text.status());
    const Status set = SetLayerSetting(*spec, *text, LayerAt(index, &loaded->settings));
    if (!set.ok()) return InvalidSetting(where, set);
    loaded->origins[fmt::format("layers.{}.{}", index, spec->key)] = Position(file, node);
  }
  return Status::OK();
}

Status LoadLayerList(const toml::node& node, const std::string& file, LoadedSettings* loaded) {
  const auto* list = node.as_array();
  if (list == nullptr) return Errorf(ErrorKind::kInvalidArgument, "{}: layers are written [[layers]]", Position(file, node));
  if (list->size() > kLayersMax) return Errorf(ErrorKind::kInvalidArgument, "{}: too many layers", Position(file, node));
  for (size_t i = 0; i < list->size(); ++i) {
    const auto* table = (*list)[i].as_table();
    if (table == nullptr)
      return Errorf(ErrorKind::kInvalidArgument, "{}: layers are written [[layers]]", Position(file, node));
    ARROW_RETURN_NOT_OK(LoadLayerTable(*table, i, file, loaded));
  }
  return Status::OK();
}

Status LoadFileNode(std::string_view key, const toml::node& node, const std::string& file, LoadedSettings* loaded) {
  if (key == "layers") return LoadLayerList(node, file, loaded);
  const SettingSpec* spec = FindSetting(key);
  if (spec == nullptr) {
    std::vector<std::string_view> known = {"layers"};
    for (const auto& each : SettingTable()) known.push_back(each.key);
    return Errorf(ErrorKind::kInvalidArgument, "{}: unknown setting {}{}", Position(file, node), key,
                  DidYouMean(key, known));
  }
  const std::string where = fmt::format("{}: {}", Position(file, node), key);
  auto text = ScalarText(node);
  if (!text.ok()) return InvalidSetting(where, text.status());
  const Status set = SetSetting(*spec, *text, 1, &loaded->settings);
  if (!set.ok()) return InvalidSetting(where, set);
  loaded->origins[std::string(spec->key)] = Position(file, node);
  return Status::OK();
}

Result<toml::table> ParseFile(const std::string& file) {
  try {
    return toml::parse_file(file);
  } catch (const toml::parse_error& error) {
    return Errorf(ErrorKind::kInvalidArgument, "{}:{}: {}", file, error.source().begin.line, error.description());
  }
}

Status LoadFile(const std::string& file, LoadedSettings* loaded) {
  ARROW_ASSIGN_OR_RAISE(const toml::table table, ParseFile(file));
  loaded->file = file;
  for (const auto& [key, node] : table) ARROW_RETURN_NOT_OK(LoadFileNode(key.str(), node, file, loaded));
  return Status::OK();
}

Result<std::string> FindFile(const SettingsSources& sources) {
  std::error_code ignored;
  if (!sources.config_path.empty()) {
    if (std::filesystem::is_regular_file(sources.config_path, ignored)) return sources.config_path;
    return Errorf(ErrorKind::kNotFound, "--config: there is no file {}", sources.config_path);
  }
  for (const auto& path : sources.search_paths) {
    if (std::filesystem::is_regular_file(path, ignored)) return path;
  }
  return std::string();
}

// ---- environment ---------------------------------------------------------------------------------------------------

Status LoadEnvironmentSetting(const SettingSpec& spec, const SettingsSources& sources, LoadedSettings* loaded) {
  std::string used;
  for (const EnvironmentName& name : spec.environment) {
    const auto found = sources.environment.find(name.name);
    if (found == sources.environment.end() || found->second.empty()) continue;
    if (!used.empty()) {
      loaded->warnings.push_back(fmt::format("{} has no effect: {} is set, too", name.name, used));
      continue;
    }
    used = name.name;
    const Status set = SetSetting(spec, found->second, name.scale, &loaded->settings);
    if (!set.ok()) return InvalidSetting(used, set);
    loaded->origins[std::string(spec.key)] = used;
  }
  return Status::OK();
}

struct LayerName {
  size_t index;
  std::string_view key;  // upper case
};

/// GIGAPI_LAYERS_<n>_<KEY>, and GIGAPI_LAYER_<n>_<KEY>, as GigAPI's documents have both.
std::optional<LayerName> ParseLayerName(std::string_view name) {
  if (name.starts_with(kLayersPrefix)) name.remove_prefix(kLayersPrefix.size());
  else if (name.starts_with(kLayerPrefix)) name.remove_prefix(kLayerPrefix.size());
  else return std::nullopt;
  LayerName parsed{};
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), parsed.index);
  name.remove_prefix(end - name.data());
  if (error != std::errc() || parsed.index >= kLayersMax || !name.starts_with('_')) return std::nullopt;
  parsed.key = name.substr(1);
  return parsed;
}

bool EqualsUpper(std::string_view lower, std::string_view upper) {
  return std::ranges::equal(lower, upper, [](char a, char b) { return std::toupper(static_cast<unsigned char>(a)) == b; });
}

Status LoadEnvironmentLayer(const std::string& name, const std::string& value, const SettingsSources& sources,
                            LoadedSettings* loaded) {
  const auto layer = ParseLayerName(name);
  const auto specs = LayerSettingTable();
  const auto spec =
      std::ranges::find_if(specs, [&](const auto& each) { return layer && EqualsUpper(each.key, layer->key); });
  if (spec == specs.end()) {
    return Errorf(ErrorKind::kInvalidArgument,
                  "{}: layers are set by GIGAPI_LAYERS_<n>_NAME, _TYPE, _URL, _GLOBAL, _TTL, "
                  "_AUTH_KEY and _AUTH_SECRET, with n from 0 to {}",
                  name, kLayersMax - 1);
  }
  const std::string usual = fmt::format("{}{}_{}", kLayersPrefix, layer->index, layer->key);
  const auto used = sources.environment.find(usual);
  if (name != usual && used != sources.environment.end() && !used->second.empty()) {
    loaded->warnings.push_back(fmt::format("{} has no effect: {} is set, too", name, usual));
    return Status::OK();
  }
  const Status set = SetLayerSetting(*spec, value, LayerAt(layer->index, &loaded->settings));
  if (!set.ok()) return InvalidSetting(name, set);
  loaded->origins[fmt::format("layers.{}.{}", layer->index, spec->key)] = name;
  return Status::OK();
}

std::vector<std::string_view> EnvironmentNames() {
  std::vector<std::string_view> names;
  for (const auto& spec : SettingTable()) {
    for (const auto& each : spec.environment) names.push_back(each.name);
  }
  return names;
}

/// A name of ours that nobody reads is probably misspelt. Kubernetes sets GIGAPI_PORT and GIGAPI_SERVICE_* by itself for a
/// service of that name, and the build reads GIGAPI_DEPS.
void WarnOfUnknownName(const std::string& name, const std::vector<std::string_view>& known, LoadedSettings* loaded) {
  for (const auto* prefix : {"GIGAPI_PORT", "GIGAPI_SERVICE_", "GIGAPI_DEPS"}) {
    if (name.starts_with(prefix)) return;
  }
  if (!name.starts_with("GIGAPI_") || std::ranges::count(known, name) > 0) return;
  loaded->warnings.push_back(fmt::format("{} is no setting{}", name, DidYouMean(name, known)));
}

Status LoadEnvironment(const SettingsSources& sources, LoadedSettings* loaded) {
  for (const auto& spec : SettingTable()) ARROW_RETURN_NOT_OK(LoadEnvironmentSetting(spec, sources, loaded));
  const auto known = EnvironmentNames();
  for (const auto& [name, value] : sources.environment) {
    if (value.empty()) continue;
    if (name.starts_with(kLayerPrefix) || name.starts_with(kLayersPrefix)) {
      ARROW_RETURN_NOT_OK(LoadEnvironmentLayer(name, value, sources, loaded));
    } else {
      WarnOfUnknownName(name, known, loaded);
    }
  }
  return Status::OK();
}

// ---- flags ---------------------------------------------------------------------------------------------------------

Status LoadFlags(const SettingsSources& sources, LoadedSettings* loaded) {
  for (const auto& [key, value] : sources.flags) {
    const SettingSpec* spec = FindSetting(key);
    if (spec == nullptr) return Errorf(ErrorKind::kInternal, "a flag without a setting: {}", key);
    const std::string flag = FlagOf(*spec);
    const Status set = SetSetting(*spec, value, 1, &loaded->settings);
    if (!set.ok()) return InvalidSetting(flag, set);
    loaded->origins[key] = flag;
  }
  return Status::OK();
}

}  // namespace

Result<LoadedSettings> LoadSettings(const SettingsSources& sources) {
  LoadedSettings loaded;
  ARROW_ASSIGN_OR_RAISE(const std::string file, FindFile(sources));
  if (!file.empty()) ARROW_RETURN_NOT_OK(LoadFile(file, &loaded));
  ARROW_RETURN_NOT_OK(LoadEnvironment(sources, &loaded));
  ARROW_RETURN_NOT_OK(LoadFlags(sources, &loaded));
  return loaded;
}

std::map<std::string, std::string, std::less<>> ProcessEnvironment() {
  std::map<std::string, std::string, std::less<>> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos) environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

}  // namespace gigapi
