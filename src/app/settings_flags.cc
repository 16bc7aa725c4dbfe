#include "app/settings_flags.h"

#include "app/setting_table.h"
#include "base/log.h"

namespace gigapi {
namespace {

std::string FlagText(const SettingSpec& spec) {
  std::string text(spec.doc);
  std::erase(text, '`');
  std::string names;
  for (const auto& each : spec.environment) names += (names.empty() ? "" : ", ") + std::string(each.name);
  const std::string value = spec.default_text.empty() ? SettingText(spec, Settings{}) : std::string(spec.default_text);
  return fmt::format("{} [{}{}{}]", text, names, value.empty() ? "" : "; default ", value);
}

std::string TypeName(const SettingSpec& spec) {
  if (!spec.choices.empty()) return fmt::format("{}", fmt::join(spec.choices, "|"));
  std::string type = TypeOf(spec);
  for (char& c : type) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return type;
}

void AddFlag(const SettingSpec& spec, CLI::App* command, std::string* value) {
  const bool boolean = std::holds_alternative<bool Settings::*>(spec.field);
  CLI::Option* option = boolean ? command->add_flag(FlagOf(spec), *value, FlagText(spec))
                                : command->add_option(FlagOf(spec), *value, FlagText(spec))->type_name(TypeName(spec));
  option->group(std::string(spec.group));
}

}  // namespace

std::shared_ptr<SettingsFlags> AddSettingsFlags(CLI::App* command) {
  auto flags = std::make_shared<SettingsFlags>();
  command
      ->add_option("--config", flags->config_path,
                   "Settings file (TOML). Without it ./gigapi.toml is read, or /etc/gigapi/gigapi.toml, if there is one")
      ->type_name("FILE");
  for (const auto& spec : SettingTable()) AddFlag(spec, command, &flags->values[std::string(spec.key)]);
  return flags;
}

Result<LoadedSettings> LoadProcessSettings(const SettingsFlags& flags) {
  SettingsSources sources;
  sources.config_path = flags.config_path;
  sources.environment = ProcessEnvironment();
  for (const auto& [key, value] : flags.values) {
    if (!value.empty()) sources.flags.emplace(key, value);
  }
  ARROW_ASSIGN_OR_RAISE(LoadedSettings loaded, LoadSettings(sources));
  ConfigureLog(loaded.settings.log_level);
  return loaded;
}

}  // namespace gigapi
