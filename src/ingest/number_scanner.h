// Numbers in text, without a copy and without a locale. Shared by the text formats. Pure.
#pragma once

#include <fast_float/fast_float.h>

#include <cstdint>
#include <cstring>
#include <limits>

namespace gigapi {

struct ScannedNumber {
  enum class Kind {
    kFloat,
    kInteger,
    kUnsigned
  } kind = Kind::kFloat;
  double f64 = 0;
  int64_t i64 = 0;
  uint64_t u64 = 0;
};

namespace internal {

inline bool IsDigit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

/// Whether the next 8 bytes are digits; adds them to *value.
inline bool Take8Digits(const char* p, uint64_t* value) {
  uint64_t word;
  std::memcpy(&word, p, 8);
  if (((word & 0xf0f0f0f0f0f0f0f0) | (((word + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) >> 4)) != 0x3333333333333333) {
    return false;
  }
  word -= 0x3030303030303030;
  word = word * 10 + (word >> 8);
  word = (((word & 0x000000ff000000ff) * 0x000f424000000064) + (((word >> 16) & 0x000000ff000000ff) * 0x0000271000000001)) >>
         32;
  *value = *value * 100'000'000 + word;
  return true;
}

/// The value of the first `count` bytes of `digits` (at most 8, the first in the lowest byte), which are digits less '0'.
inline uint64_t ValueOfDigits(uint64_t digits, int count) {
  digits <<= 8 * (8 - count);  // leading zeros
  digits = digits * 10 + (digits >> 8);
  return (((digits & 0x000000ff000000ff) * 0x000f424000000064) +
          (((digits >> 16) & 0x000000ff000000ff) * 0x0000271000000001)) >>
         32;
}

/// The position of the first byte that is not below 10; 8 when all are.
inline int CountDigits(uint64_t digits) {
  const uint64_t others = ((digits + 0x7676767676767676) | digits) & 0x8080808080808080;
  return others == 0 ? 8 : __builtin_ctzll(others) / 8;
}

/// Most floats of metrics are short, like 12.345: read without a loop, so that their varying length costs no mispredicted
/// branch. Wants 8 readable bytes. nullptr when it is not such a number, or not one that ends within them.
inline const char* ScanShortFloat(const char* p, double* value);
/// So many bytes from a sign on it may look at.
inline constexpr int kShortFloatReadBytes = 9;

/// Takes digits while they last, without a check for overflow: the caller counts them.
inline const char* TakeDigits(const char* p, const char* end, uint64_t* value) {
  while (end - p >= 8 && Take8Digits(p, value)) p += 8;
  while (p < end && IsDigit(*p)) *value = *value * 10 + static_cast<uint64_t>(*p++ - '0');
  return p;
}

inline constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                          1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

inline const char* ScanShortFloat(const char* p, double* value) {
  uint64_t word;
  std::memcpy(&word, p, 8);
  const int whole = CountDigits(word - 0x3030303030303030 /* '0' */);
  // Borrows of the subtraction only reach bytes after the first one below '0', which is the first that is no digit.
  if (whole == 0 || whole > 6 || static_cast<char>(word >> (8 * whole)) != '.') return nullptr;
  const uint64_t before = word & ((uint64_t{1} << (8 * whole)) - 1);
  const uint64_t after = (word >> (8 * whole) >> 8) << (8 * whole);
  // The byte that the shift left empty is no digit.
  const uint64_t digits = (before | after) - 0x3030303030303030;
  const int count = CountDigits(digits);
  if (count >= 7) return nullptr;
  const char* const end = p + count + 1;
  if ((*end | 0x20) == 'e') return nullptr;
  *value = static_cast<double>(ValueOfDigits(digits, count)) / kPowersOfTen[count - whole];
  return end;
}

}  // namespace internal

/// Scans a decimal integer with an optional sign. nullptr when there is none or it does not fit.
inline const char* ScanInt64(const char* p, const char* end, int64_t* value) {
  const bool negative = p < end && *p == '-';
  if (negative) ++p;
  const char* const digits = p;
  uint64_t magnitude = 0;
  p = internal::TakeDigits(p, end, &magnitude);
  const auto count = p - digits;
  if (count == 0 || count > 19) return nullptr;  // 19 digits cannot overflow 64 bits
  const uint64_t limit = static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) + (negative ? 1 : 0);
  if (magnitude > limit) return nullptr;
  *value = static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
  return p;
}

/// Scans a number of line protocol: 1, -1.5, 1e-3, .5 (float), 1i (integer), 1u (unsigned). Returns its end, or nullptr
/// when there is no number, or it does not fit its kind. NaN and infinities are not numbers.
inline const char* ScanNumber(const char* p, const char* end, ScannedNumber* out) {
  using internal::IsDigit;
  const char* start = p;
  const bool negative = p < end && *p == '-';
  if (end - p > internal::kShortFloatReadBytes) {
    double value;
    if (const char* const after = internal::ScanShortFloat(p + (negative ? 1 : 0), &value)) {
      out->kind = ScannedNumber::Kind::kFloat;
      out->f64 = negative ? -value : value;
      return after;
    }
  }
  if (negative || (p < end && *p == '+')) ++p;
  if (!negative) start = p;
  const char* const digits = p;
  uint64_t mantissa = 0;
  p = internal::TakeDigits(p, end, &mantissa);
  auto count = p - digits;
  if (p < end && (*p == 'i' || *p == 'u')) {
    if (count == 0) return nullptr;
    if (*p == 'i') {
      out->kind = ScannedNumber::Kind::kInteger;
      return ScanInt64(start, p, &out->i64) == p ? p + 1 : nullptr;
    }
    out->kind = ScannedNumber::Kind::kUnsigned;
    if (negative) return nullptr;
    uint64_t value = 0;
    for (const char* digit = digits; digit < p; ++digit) {
      if (__builtin_mul_overflow(value, uint64_t{10}, &value) ||
          __builtin_add_overflow(value, static_cast<uint64_t>(*digit - '0'), &value)) {
        return nullptr;
      }
    }
    out->u64 = value;
    return p + 1;
  }
  ptrdiff_t decimals = 0;
  if (p < end && *p == '.') {
    const char* const fraction = ++p;
    p = internal::TakeDigits(p, end, &mantissa);
    decimals = p - fraction;
    count += decimals;
  }
  if (count == 0) return nullptr;
  out->kind = ScannedNumber::Kind::kFloat;
  const bool has_exponent = p < end && (*p == 'e' || *p == 'E');
  if (!has_exponent && count <= 19 && mantissa < (uint64_t{1} << 53) && decimals <= 22) {
    // Both numbers are exact, so the one division rounds correctly.
    const double value = static_cast<double>(mantissa) / internal::kPowersOfTen[decimals];
    out->f64 = negative ? -value : value;
    return p;
  }
  const auto result = fast_float::from_chars(start, end, out->f64);
  if (result.ec != std::errc() || !(out->f64 - out->f64 == 0)) return nullptr;
  return result.ptr;
}

}  // namespace gigapi
