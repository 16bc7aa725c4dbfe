#include "app/json_text.h"

#include <fmt/format.h>

namespace gigapi {

std::string JsonString(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20) json += fmt::format("\\u{:04x}", static_cast<int>(c));
    else json += c;
  }
  return json + "\"";
}

}  // namespace gigapi
