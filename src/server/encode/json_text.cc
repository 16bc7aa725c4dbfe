#include "server/encode/json_text.h"

#include <array>
#include <cstdint>
#include <cstring>

namespace gigapi {
namespace {

/// 0: as it is; 'u': \u00XX; else the letter after the backslash.
constexpr std::array<char, 256> MakeEscapes() {
  std::array<char, 256> escapes{};
  for (int c = 0; c < 0x20; ++c) escapes[c] = 'u';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  return escapes;
}
constexpr std::array<char, 256> kEscapes = MakeEscapes();

/// A byte of the word that needs an escape has its high bit set; bytes from 0x80 on may have it too.
uint64_t MayNeedEscape(uint64_t word) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  const uint64_t below_space = word - kOnes * 0x20;
  const uint64_t quote = (word ^ (kOnes * '"')) - kOnes;
  const uint64_t backslash = (word ^ (kOnes * '\\')) - kOnes;
  return (below_space | quote | backslash) & (kOnes * 0x80);
}

char* WriteEscaped(unsigned char c, char escape, char* out) {
  *out++ = '\\';
  *out++ = escape;
  if (escape != 'u') return out;
  constexpr char kHex[] = "0123456789abcdef";
  *out++ = '0';
  *out++ = '0';
  *out++ = kHex[c >> 4];
  *out++ = kHex[c & 15];
  return out;
}

char* WriteBytes(const char* p, const char* end, char* out) {
  for (; p < end; ++p) {
    const auto c = static_cast<unsigned char>(*p);
    const char escape = kEscapes[c];
    if (escape == 0) *out++ = static_cast<char>(c);
    else out = WriteEscaped(c, escape, out);
  }
  return out;
}

/// Fills the unused half of a word with bytes that need no escape.
constexpr uint64_t kSpacesAbove = 0x2020202000000000;

}  // namespace

size_t JsonStringBytes(std::string_view text) {
  size_t bytes = text.size() + 2;
  for (const char c : text) {
    const char escape = kEscapes[static_cast<unsigned char>(c)];
    if (escape != 0) bytes += escape == 'u' ? 5 : 1;
  }
  return bytes;
}

char* WriteJsonString(std::string_view text, char* out) {
  const char* p = text.data();
  const char* const end = p + text.size();
  *out++ = '"';
  while (end - p >= 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    if (MayNeedEscape(word) == 0) {
      std::memcpy(out, &word, 8);
      out += 8;
    } else {
      out = WriteBytes(p, p + 8, out);
    }
    p += 8;
  }
  if (end - p >= 4) {
    uint32_t half;
    std::memcpy(&half, p, 4);
    if ((MayNeedEscape(half | kSpacesAbove) & 0xffffffff) == 0) {
      std::memcpy(out, &half, 4);
      out += 4;
      p += 4;
    }
  }
  out = WriteBytes(p, end, out);
  *out++ = '"';
  return out;
}

}  // namespace gigapi
