#include "server/encode/time_text.h"

#include "server/encode/number_text.h"

namespace gigapi {
namespace {

constexpr int64_t kSecondsPerDay = 86'400;

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

char* WriteFraction(uint32_t nanos, char* out) {
  if (nanos == 0) return out;
  *out++ = '.';
  out = WritePadded(nanos, 9, out);
  while (out[-1] == '0') --out;
  return out;
}

char* WriteClock(uint32_t second_of_day, char* out) {
  out = WritePadded(second_of_day / 3'600, 2, out);
  *out++ = ':';
  out = WritePadded(second_of_day / 60 % 60, 2, out);
  *out++ = ':';
  return WritePadded(second_of_day % 60, 2, out);
}

}  // namespace

char* WriteDate(int64_t days, char* out) {
  // Civil date from days, with eras of 400 years that begin on the first of March.
  const int64_t shifted = days + 719'468;
  const int64_t era = FloorDivide(shifted, 146'097);
  const auto day_of_era = static_cast<uint32_t>(shifted - era * 146'097);
  const uint32_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t shifted_month = (5 * day_of_year + 2) / 153;
  const uint32_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const uint32_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const int64_t year = static_cast<int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0);
  if (year >= 0 && year <= 9'999) {
    out = WritePadded(static_cast<uint32_t>(year), 4, out);
  } else {
    if (year > 0) *out++ = '+';
    out = WriteInt64(year, out);
  }
  *out++ = '-';
  out = WritePadded(month, 2, out);
  *out++ = '-';
  return WritePadded(day, 2, out);
}

char* WriteRfc3339(int64_t seconds, uint32_t nanos, char* out) {
  const int64_t days = FloorDivide(seconds, kSecondsPerDay);
  out = WriteDate(days, out);
  *out++ = 'T';
  out = WriteClock(static_cast<uint32_t>(seconds - days * kSecondsPerDay), out);
  out = WriteFraction(nanos, out);
  *out++ = 'Z';
  return out;
}

char* WriteTimeOfDay(int64_t nanos, char* out) {
  out = WriteClock(static_cast<uint32_t>(nanos / 1'000'000'000), out);
  return WriteFraction(static_cast<uint32_t>(nanos % 1'000'000'000), out);
}

}  // namespace gigapi
