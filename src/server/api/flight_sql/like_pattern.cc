#include "server/api/flight_sql/like_pattern.h"

namespace gigapi::flight {
namespace {

/// The bytes of the character that starts at `at`.
size_t CharacterBytes(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
  return end - at;
}

}  // namespace

// Remembers the last % alone: what it stands for grows by a character whenever the rest does not fit, so that no pattern
// takes more than the product of the lengths.
bool LikeMatches(std::string_view pattern, std::string_view name) {
  constexpr size_t kNone = std::string_view::npos;
  size_t p = 0, n = 0, after_percent = kNone, covered = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '%') {
      after_percent = ++p;
      covered = n;
      continue;
    }
    if (p < pattern.size() && pattern[p] == '_') {
      ++p;
      n += CharacterBytes(name, n);
      continue;
    }
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    if (p < pattern.size() && pattern[escaped ? p + 1 : p] == name[n]) {
      p += escaped ? 2 : 1;
      ++n;
      continue;
    }
    if (after_percent == kNone) return false;
    p = after_percent;
    covered += CharacterBytes(name, covered);
    n = covered;
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

}  // namespace gigapi::flight
