#include "server/encode/number_text.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

namespace gigapi {
namespace {

constexpr std::array<char, 200> MakeDigitPairs() {
  std::array<char, 200> pairs{};
  for (int i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr std::array<char, 200> kDigitPairs = MakeDigitPairs();

void WritePair(uint32_t value, char* out) { std::memcpy(out, &kDigitPairs[2 * value], 2); }

char* WriteEight(uint32_t value, char* out) {
  const uint32_t high = value / 10'000, low = value % 10'000;
  WritePair(high / 100, out);
  WritePair(high % 100, out + 2);
  WritePair(low / 100, out + 4);
  WritePair(low % 100, out + 6);
  return out + 8;
}

/// The same eight digits as a word whose first byte is the first digit.
uint64_t EightAsWord(uint32_t value) {
  char digits[8];
  WriteEight(value, digits);
  uint64_t word;
  std::memcpy(&word, digits, sizeof word);
  return word;
}

/// Up to eight digits without zeros at the left; writes eight bytes always, since one wide store is cheaper than a loop.
char* WriteShort(uint32_t value, char* out) {
  if (value < 10) {
    *out = static_cast<char>('0' + value);
    return out + 1;
  }
  if (value < 100) {
    WritePair(value, out);
    return out + 2;
  }
  const int length = value < 1'000        ? 3
                     : value < 10'000     ? 4
                     : value < 100'000    ? 5
                     : value < 1'000'000  ? 6
                     : value < 10'000'000 ? 7
                                          : 8;
  const uint64_t word = EightAsWord(value) >> (8 * (8 - length));
  std::memcpy(out, &word, sizeof word);
  return out + length;
}

/// "." and the digits of a fraction of a million, without zeros at the right; it is not 0.
char* WriteMillionths(uint32_t fraction, char* out) {
  constexpr uint64_t kZeros = 0x3030303030303030;
  const uint64_t word = EightAsWord(fraction * 100);  // two zeros more, to fill the word
  *out++ = '.';
  std::memcpy(out, &word, sizeof word);
  return out + 8 - std::countl_zero(word ^ kZeros) / 8;
}

/// What measurements mostly are: at most six decimals and fifteen digits in all. r / 10^6 is the double nearest to that
/// decimal, and no two decimals of at most fifteen digits have the same nearest double: if it is `magnitude`, this is its
/// shortest text. Returns nullptr when it is not.
char* WriteShortDecimal(double magnitude, char* out) {
  constexpr double kScale = 1e6;
  constexpr double kMagnitudeMax = 1e9;
  if (!(magnitude < kMagnitudeMax)) return nullptr;
  const auto scaled = static_cast<uint64_t>(magnitude * kScale + 0.5);
  if (static_cast<double>(scaled) / kScale != magnitude) return nullptr;
  const uint64_t whole = scaled / 1'000'000;
  uint32_t fraction = static_cast<uint32_t>(scaled % 1'000'000);
  out = WriteUInt64(whole, out);
  if (fraction == 0) return out;
  // Below 0.001 other formatters write an exponent; the plain form is as short or nearly so, and simpler to read.
  return WriteMillionths(fraction, out);
}

template <typename Float>
char* WriteShortest(Float value, char* out) {
  return std::to_chars(out, out + kNumberBytesMax, value).ptr;
}

}  // namespace

char* WritePadded(uint32_t value, int digits, char* out) {
  if (digits == 9) {
    *out++ = static_cast<char>('0' + value / 100'000'000);
    value %= 100'000'000;
    digits = 8;
  }
  const uint64_t word = EightAsWord(value) >> (8 * (8 - digits));
  std::memcpy(out, &word, sizeof word);
  return out + digits;
}

char* WriteUInt64(uint64_t value, char* out) {
  constexpr uint64_t kEight = 100'000'000;
  if (value < kEight) return WriteShort(static_cast<uint32_t>(value), out);
  const uint64_t high = value / kEight;
  if (high < kEight) {
    out = WriteShort(static_cast<uint32_t>(high), out);
  } else {
    out = WriteShort(static_cast<uint32_t>(high / kEight), out);
    out = WriteEight(static_cast<uint32_t>(high % kEight), out);
  }
  return WriteEight(static_cast<uint32_t>(value % kEight), out);
}

char* WriteInt64(int64_t value, char* out) {
  if (value >= 0) return WriteUInt64(static_cast<uint64_t>(value), out);
  *out = '-';
  return WriteUInt64(0 - static_cast<uint64_t>(value), out + 1);
}

char* WriteDouble(double value, char* out) {
  char* begin = out;
  if (std::signbit(value)) *out++ = '-';
  char* const end = WriteShortDecimal(std::fabs(value), out);
  return end != nullptr ? end : WriteShortest(value, begin);
}

char* WriteFloat(float value, char* out) { return WriteShortest(value, out); }

}  // namespace gigapi
