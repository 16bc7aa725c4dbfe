// Structured logs: one line a message, "key=value" after a short text. Levels are spdlog's; LOGLEVEL sets them.
//   LOG_INFO("flushed", "table={} rows={}", table, rows);
#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

namespace gigapi {

/// Sets the format and the level (debug, info, warn, error, fatal); false when there is no such level.
bool ConfigureLog(std::string_view level);

}  // namespace gigapi

#define GIGAPI_LOG(level, text, ...) SPDLOG_LOGGER_CALL(spdlog::default_logger_raw(), level, text " " __VA_ARGS__)
#define LOG_DEBUG(text, ...) GIGAPI_LOG(spdlog::level::debug, text, __VA_ARGS__)
#define LOG_INFO(text, ...) GIGAPI_LOG(spdlog::level::info, text, __VA_ARGS__)
#define LOG_WARN(text, ...) GIGAPI_LOG(spdlog::level::warn, text, __VA_ARGS__)
#define LOG_ERROR(text, ...) GIGAPI_LOG(spdlog::level::err, text, __VA_ARGS__)
