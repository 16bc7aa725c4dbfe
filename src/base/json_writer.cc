#include "base/json_writer.h"

#include <cstdio>

#include "base/utf8.h"

namespace gigapi {
namespace {

constexpr std::string_view kReplacementCharacter = "\xef\xbf\xbd";  // U+FFFD

void AppendControlCharacter(char c, std::string* out) {
  char escaped[8];
  std::snprintf(escaped, sizeof(escaped), "\\u%04x", c);
  *out += escaped;
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  *out += '"';
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    const size_t bytes = Utf8SequenceBytes(text.substr(i));
    if (bytes != 1) {
      *out += bytes == 0 ? kReplacementCharacter : text.substr(i, bytes);
      i += bytes == 0 ? 1 : bytes;
      continue;
    }
    ++i;
    switch (c) {
      case '"': *out += "\\\""; break;
      case '\\': *out += "\\\\"; break;
      case '\n': *out += "\\n"; break;
      case '\r': *out += "\\r"; break;
      case '\t': *out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) AppendControlCharacter(c, out);
        else *out += c;
    }
  }
  *out += '"';
}

}  // namespace gigapi
