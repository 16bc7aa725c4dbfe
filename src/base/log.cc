#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>

namespace gigapi {

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

}  // namespace gigapi
