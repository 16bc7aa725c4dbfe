// The only source that sees spdlog: its headers take longer to compile than most of what logs.
#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace gigapi {
namespace {

spdlog::level::level_enum LevelOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarn: return spdlog::level::warn;
    case LogLevel::kError: break;
  }
  return spdlog::level::err;
}

}  // namespace

bool ConfigureLog(std::string_view level) {
  static const auto logger = [] {
    auto made = spdlog::stderr_logger_mt("gigapi");
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%f%z %^%l%$ %v");
    spdlog::set_default_logger(made);
    return made;
  }();
  if (level == "debug") logger->set_level(spdlog::level::debug);
  else if (level == "info") logger->set_level(spdlog::level::info);
  else if (level == "warn" || level == "warning") logger->set_level(spdlog::level::warn);
  else if (level == "error") logger->set_level(spdlog::level::err);
  else if (level == "fatal") logger->set_level(spdlog::level::critical);
  else return false;
  return true;
}

bool IsLogged(LogLevel level) { return spdlog::default_logger_raw()->should_log(LevelOf(level)); }

void LogLine(LogLevel level, std::string_view line) {
  spdlog::default_logger_raw()->log(LevelOf(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace gigapi
