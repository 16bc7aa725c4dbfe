// Where parts of a line of line protocol end, and what they say without their escapes.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace gigapi {

/// The first byte that is `a`, `b` or a newline; `end` when there is none.
inline const char* FindAny(const char* p, const char* end, char a, char b) {
#ifdef __AVX2__
  const __m256i first = _mm256_set1_epi8(a);
  const __m256i second = _mm256_set1_epi8(b);
  const __m256i newline = _mm256_set1_epi8('\n');
  for (; end - p >= 32; p += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i hits = _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(bytes, first), _mm256_cmpeq_epi8(bytes, second)),
                                         _mm256_cmpeq_epi8(bytes, newline));
    const auto mask = static_cast<uint32_t>(_mm256_movemask_epi8(hits));
    if (mask != 0) return p + __builtin_ctz(mask);
  }
#endif
  while (p < end && *p != a && *p != b && *p != '\n') ++p;
  return p;
}

/// The first `delimiter` that has no backslash before it, or the newline before that, or `end`.
inline const char* FindUnescaped(const char* p, const char* end, char delimiter) {
  while (true) {
    p = FindAny(p, end, delimiter, '\\');
    if (p >= end || *p != '\\') return p;
    ++p;  // the backslash; what it escapes is skipped, a newline never
    if (p < end && *p == delimiter) ++p;
  }
}

/// Drops the backslash before each of the given characters.
inline std::string Unescape(std::string_view text, std::string_view escapable) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && escapable.find(text[i + 1]) != std::string_view::npos) ++i;
    plain += text[i];
  }
  return plain;
}

}  // namespace gigapi
