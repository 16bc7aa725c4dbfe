// Values of settings as text: numbers, sizes with units, durations, booleans; and names that are nearly right.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>

#include "app/setting_table.h"

namespace gigapi {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// Without the blanks around it.
std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

Status Expected(std::string_view what) { return Errorf(ErrorKind::kInvalidArgument, "expected {}", what); }

Result<bool> ParseBool(std::string_view text) {
  const std::string lower = Lower(text);
  for (const auto* yes : {"true", "1", "yes", "on", "t", "y"}) {
    if (lower == yes) return true;
  }
  for (const auto* no : {"false", "0", "no", "off", "f", "n"}) {
    if (lower == no) return false;
  }
  return Expected("true or false");
}

/// A number at the start of the text, which then holds what follows it.
Result<double> TakeNumber(std::string_view* text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || !std::isfinite(value)) return Expected("a number");
  text->remove_prefix(end - text->data());
  return value;
}

struct UnitFactor {
  std::string_view name;
  double factor;
};

constexpr std::array<UnitFactor, 10> kByteUnits = {{{"", 1},
                                                    {"b", 1},
                                                    {"kb", 1e3},
                                                    {"mb", 1e6},
                                                    {"gb", 1e9},
                                                    {"tb", 1e12},
                                                    {"kib", 0x1p10},
                                                    {"mib", 0x1p20},
                                                    {"gib", 0x1p30},
                                                    {"tib", 0x1p40}}};
constexpr std::array<UnitFactor, 6> kDurationUnits = {
    {{"s", 1}, {"m", 60}, {"h", 3'600}, {"d", 86'400}, {"w", 604'800}, {"ms", 0.001}}};

/// More does not fit 64 bits in nanoseconds.
constexpr double kDurationSecondsMax = 292.0 * 365 * 86'400;

Result<double> ParseBytes(std::string_view text) {
  constexpr std::string_view kWhat = "a number of bytes, as in 1048576, 64MiB or 1GB";
  auto value = TakeNumber(&text);
  if (!value.ok()) return Expected(kWhat);
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto unit = std::ranges::find(kByteUnits, Lower(text), &UnitFactor::name);
  if (unit == kByteUnits.end()) return Expected(kWhat);
  return std::round(*value * unit->factor);
}

/// Go's durations and GigAPI's weeks: "1h30m", "4w", "0"; in seconds. No unit is a month, so capitals are as good.
Result<double> ParseDuration(std::string_view text) {
  constexpr std::string_view kWhat = "a duration, as in 90s, 30m, 12h, 7d, 4w, or 0";
  if (text == "0") return 0;  // all else needs its unit: a TTL of "30" that is taken for seconds costs its writer the data
  double seconds = 0;
  do {
    auto value = TakeNumber(&text);
    if (!value.ok()) return Expected(kWhat);
    const auto next = std::ranges::find_if(text, [](char c) { return !std::isalpha(static_cast<unsigned char>(c)); });
    const std::string_view name(text.begin(), next);
    const auto unit = std::ranges::find(kDurationUnits, Lower(name), &UnitFactor::name);
    if (unit == kDurationUnits.end()) return Expected(kWhat);
    seconds += *value * unit->factor;
    text.remove_prefix(name.size());
  } while (!text.empty());
  return seconds;
}

Status CheckRange(const SettingSpec& spec, double value) {
  if (value >= spec.min && value <= spec.max) return Status::OK();
  if (spec.max == std::numeric_limits<double>::max()) return Expected(fmt::format("at least {}", spec.min));
  return Expected(fmt::format("{} to {}", spec.min, spec.max));
}

Result<int64_t> ParseInteger(const SettingSpec& spec, std::string_view text, double scale) {
  double value = 0;
  if (spec.unit == SettingUnit::kBytes) {
    ARROW_ASSIGN_OR_RAISE(value, ParseBytes(text));
  } else {
    auto number = TakeNumber(&text);
    if (!number.ok() || !text.empty()) return Expected(scale == 1 ? "a whole number" : "a number");
    value = *number * scale;
    if (scale != 1) value = std::round(value);
    if (value != std::floor(value)) return Expected("a whole number");
  }
  ARROW_RETURN_NOT_OK(CheckRange(spec, value));
  if (std::abs(value) > 9e18) return Expected("a smaller number");
  return static_cast<int64_t>(value);
}

Result<double> ParseDouble(const SettingSpec& spec, std::string_view text, double scale) {
  auto number = TakeNumber(&text);
  if (!number.ok() || !text.empty()) return Expected("a number");
  ARROW_RETURN_NOT_OK(CheckRange(spec, *number * scale));
  return *number * scale;
}

std::string Join(const std::vector<std::string_view>& names) { return fmt::format("{}", fmt::join(names, ", ")); }

std::string BytesText(int64_t bytes) {
  constexpr std::array<std::string_view, 4> kNames = {"", "KiB", "MiB", "GiB"};
  size_t unit = 0;
  while (bytes != 0 && bytes % 1'024 == 0 && unit + 1 < kNames.size()) {
    bytes /= 1'024;
    ++unit;
  }
  return fmt::format("{}{}", bytes, kNames[unit]);
}

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string TypeOf(const SettingSpec& spec) {
  if (!spec.choices.empty()) return Join(spec.choices);
  return std::visit(
      Overloaded{[](bool Settings::*) { return std::string("boolean"); },
                 [&](int64_t Settings::*) { return std::string(spec.unit == SettingUnit::kBytes ? "bytes" : "integer"); },
                 [](double Settings::*) { return std::string("number"); },
                 [](std::string Settings::*) { return std::string("text"); }},
      spec.field);
}

Status SetSetting(const SettingSpec& spec, std::string_view text, double scale, Settings* settings) {
  // A text of the user's own, a password for one, is taken as it is.
  const bool is_free_text = std::holds_alternative<std::string Settings::*>(spec.field) && spec.choices.empty();
  if (!is_free_text) text = Trim(text);
  return std::visit(
      Overloaded{[&](bool Settings::*field) { return ParseBool(text).Value(&(settings->*field)); },
                 [&](int64_t Settings::*field) { return ParseInteger(spec, text, scale).Value(&(settings->*field)); },
                 [&](double Settings::*field) { return ParseDouble(spec, text, scale).Value(&(settings->*field)); },
                 [&](std::string Settings::*field) {
                   if (is_free_text) {
                     settings->*field = text;
                     return Status::OK();
                   }
                   const std::string lower = Lower(text);
                   settings->*field =
                       !spec.older_choice.empty() && lower == spec.older_choice ? spec.choices.front() : lower;
                   if (std::ranges::count(spec.choices, settings->*field) > 0) return Status::OK();
                   return Expected("one of " + Join(spec.choices));
                 }},
      spec.field);
}

std::string SettingText(const SettingSpec& spec, const Settings& settings) {
  return std::visit(Overloaded{[&](bool Settings::*field) { return std::string(settings.*field ? "true" : "false"); },
                               [&](int64_t Settings::*field) {
                                 const int64_t value = settings.*field;
                                 return spec.unit == SettingUnit::kBytes ? BytesText(value) : fmt::format("{}", value);
                               },
                               [&](double Settings::*field) { return fmt::format("{}", settings.*field); },
                               [&](std::string Settings::*field) { return settings.*field; }},
                    spec.field);
}

Status SetLayerSetting(const LayerSettingSpec& spec, std::string_view text, LayerSettings* layer) {
  if (!spec.secret) text = Trim(text);
  return std::visit(Overloaded{[&](bool LayerSettings::*field) { return ParseBool(text).Value(&(layer->*field)); },
                               [&](int64_t LayerSettings::*field) {
                                 ARROW_ASSIGN_OR_RAISE(const double seconds, ParseDuration(text));
                                 if (!(seconds >= 0 && seconds <= kDurationSecondsMax)) {
                                   return Expected("a duration of at most 292 years, or 0 for ever");
                                 }
                                 // Less than a second is not "for ever".
                                 layer->*field = static_cast<int64_t>(std::ceil(seconds));
                                 return Status::OK();
                               },
                               [&](std::string LayerSettings::*field) {
                                 layer->*field = field == &LayerSettings::type ? Lower(text) : std::string(text);
                                 return Status::OK();
                               }},
                    spec.field);
}

std::string LayerSettingText(const LayerSettingSpec& spec, const LayerSettings& layer) {
  return std::visit(Overloaded{[&](bool LayerSettings::*field) { return std::string(layer.*field ? "true" : "false"); },
                               [&](int64_t LayerSettings::*field) { return fmt::format("{}s", layer.*field); },
                               [&](std::string LayerSettings::*field) { return layer.*field; }},
                    spec.field);
}

std::string_view NearestName(std::string_view name, std::span<const std::string_view> candidates) {
  std::string_view nearest;
  size_t least = std::max<size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const size_t distance = EditDistance(name, candidate);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace gigapi
