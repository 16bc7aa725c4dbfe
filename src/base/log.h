// Structured logs: one line a message, "key=value" after a short text, on standard error. LOGLEVEL sets the least level.
//   LOG_INFO("flushed", "table={} rows={}", table, rows);
// Any thread. What a level leaves out is not formatted.
#pragma once

#include <fmt/core.h>

#include <string_view>

namespace gigapi {

enum class LogLevel {
  kDebug,
  kInfo,
  kWarn,
  kError
};

/// Sets the format and the level (debug, info, warn, error, fatal); false when there is no such level.
bool ConfigureLog(std::string_view level);

bool IsLogged(LogLevel level);

/// Writes one line. The macros are what is called: they format only what is logged.
void LogLine(LogLevel level, std::string_view line);

}  // namespace gigapi

#define GIGAPI_LOG(level, text, ...)                                                        \
  do {                                                                                      \
    if (gigapi::IsLogged(level)) gigapi::LogLine(level, fmt::format(text " " __VA_ARGS__)); \
  } while (false)
#define LOG_DEBUG(text, ...) GIGAPI_LOG(gigapi::LogLevel::kDebug, text, __VA_ARGS__)
#define LOG_INFO(text, ...) GIGAPI_LOG(gigapi::LogLevel::kInfo, text, __VA_ARGS__)
#define LOG_WARN(text, ...) GIGAPI_LOG(gigapi::LogLevel::kWarn, text, __VA_ARGS__)
#define LOG_ERROR(text, ...) GIGAPI_LOG(gigapi::LogLevel::kError, text, __VA_ARGS__)
