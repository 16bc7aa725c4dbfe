// Names and texts as SQL has them.
#pragma once

#include <string>
#include <string_view>

namespace gigapi {

inline std::string SqlQuoted(char quote, std::string_view text) {
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  return quoted += quote;
}

/// "name"
inline std::string SqlName(std::string_view name) { return SqlQuoted('"', name); }
/// 'text'
inline std::string SqlText(std::string_view text) { return SqlQuoted('\'', text); }

}  // namespace gigapi
