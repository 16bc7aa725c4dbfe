#include "base/utf8.h"

#include <cstdint>

namespace gigapi {

size_t Utf8SequenceBytes(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](size_t i) -> uint32_t { return static_cast<uint8_t>(text[i]); };
  const uint32_t first = byte(0);
  if (first < 0x80) return 1;
  size_t size;
  uint32_t code;
  if (first >= 0xc2 && first <= 0xdf) size = 2, code = first & 0x1f;
  else if (first >= 0xe0 && first <= 0xef) size = 3, code = first & 0x0f;
  else if (first >= 0xf0 && first <= 0xf4) size = 4, code = first & 0x07;
  else return 0;
  if (text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3f);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return 0;
  return size;
}

}  // namespace gigapi
