#include "ingest/time_parser.h"

#include <cmath>

#include "base/clock.h"
#include "ingest/number_scanner.h"

namespace gigapi {
namespace {

constexpr int64_t kSecondsPerDay = 86'400;

/// Reads text from left to right; once something is missing, everything fails.
class TimeScanner {
 public:
  explicit TimeScanner(std::string_view text) : p_(text.data()), end_(p_ + text.size()) {}

  bool at_end() const { return p_ == end_; }
  bool Take(char c) {
    if (p_ == end_ || *p_ != c) return false;
    ++p_;
    return true;
  }
  /// Exactly so many digits; -1 when they are not there.
  int Digits(int count) {
    if (end_ - p_ < count) return -1;
    int value = 0;
    for (int i = 0; i < count; ++i, ++p_) {
      if (!internal::IsDigit(*p_)) return -1;
      value = value * 10 + (*p_ - '0');
    }
    return value;
  }
  /// The digits of a fraction of a second, in nanoseconds; -1 when there are none.
  int64_t FractionNanos() {
    int64_t nanos = 0;
    int64_t unit = kNanosPerSecond;
    const char* const first = p_;
    for (; p_ < end_ && internal::IsDigit(*p_); ++p_) {
      unit /= 10;  // becomes 0 after nine digits
      nanos += unit * (*p_ - '0');
    }
    return p_ == first ? -1 : nanos;
  }

 private:
  const char* p_;
  const char* const end_;
};

bool IsLeapYear(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int DaysOfMonth(int year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

/// Days from 1970-01-01 to a day of the Gregorian calendar: years are counted from March, so that a leap day is the last.
int64_t DaysSinceEpoch(int year, int month, int day) {
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

/// Z, +02:00, +0200 or +02, in seconds.
bool TakeZone(TimeScanner* in, int64_t* offset_s) {
  *offset_s = 0;
  if (in->at_end() || in->Take('Z') || in->Take('z')) return true;
  const bool west = in->Take('-');
  if (!west && !in->Take('+')) return false;
  const int hours = in->Digits(2);
  int minutes = 0;
  if (!in->at_end()) {
    in->Take(':');
    minutes = in->Digits(2);
  }
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
  *offset_s = (hours * 60 + minutes) * int64_t{60} * (west ? -1 : 1);
  return true;
}

/// The time of day in nanoseconds, and the zone.
bool TakeClock(TimeScanner* in, int64_t* nanos) {
  const int hour = in->Digits(2);
  const int minute = in->Take(':') ? in->Digits(2) : -1;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return false;
  int second = 0;
  int64_t fraction_ns = 0;
  if (in->Take(':')) {
    second = in->Digits(2);
    if (second < 0 || second > 60) return false;  // 60: a leap second, which is the first of the next minute here
    if (in->Take('.') || in->Take(',')) fraction_ns = in->FractionNanos();
    if (fraction_ns < 0) return false;
  }
  in->Take(' ');  // "18:00:00 +02:00"
  int64_t offset_s = 0;
  if (!TakeZone(in, &offset_s)) return false;
  *nanos = ((hour * 60 + minute) * int64_t{60} + second - offset_s) * kNanosPerSecond + fraction_ns;
  return true;
}

}  // namespace

bool ParseTimeText(std::string_view text, int64_t* nanos) {
  TimeScanner in(text);
  const int year = in.Digits(4);
  if (year < 0 || !in.Take('-')) return false;
  const int month = in.Digits(2);
  if (month < 1 || month > 12 || !in.Take('-')) return false;
  const int day = in.Digits(2);
  if (day < 1 || day > DaysOfMonth(year, month)) return false;
  int64_t clock_ns = 0;
  if (!in.at_end()) {
    if (!in.Take('T') && !in.Take('t') && !in.Take(' ')) return false;
    if (!TakeClock(&in, &clock_ns) || !in.at_end()) return false;
  }
  // Midnight of the first day lies before the first instant, but not what comes after 00:12:43 of it.
  const __int128 day_ns = static_cast<__int128>(DaysSinceEpoch(year, month, day)) * kSecondsPerDay * kNanosPerSecond;
  return !__builtin_add_overflow(day_ns, clock_ns, nanos);
}

bool ParseTimeNumber(double value, Precision precision, int64_t* nanos) {
  if (!(value > -0x1p63 && value < 0x1p63)) return false;
  const auto whole = static_cast<int64_t>(value);
  if (static_cast<double>(whole) == value) return ScaleTimestamp(precision, whole, nanos);
  const double scaled = std::nearbyint(value * static_cast<double>(NanosPerUnit(precision, whole)));
  if (!(scaled > -0x1p63 && scaled < 0x1p63)) return false;
  *nanos = static_cast<int64_t>(scaled);
  return true;
}

bool ParseTime(std::string_view text, Precision number_precision, int64_t* nanos) {
  const char* const end = text.data() + text.size();
  int64_t whole = 0;
  if (ScanInt64(text.data(), end, &whole) == end) return ScaleTimestamp(number_precision, whole, nanos);
  ScannedNumber number;
  if (ScanNumber(text.data(), end, &number) == end && number.kind == ScannedNumber::Kind::kFloat) {
    return ParseTimeNumber(number.f64, number_precision, nanos);
  }
  return ParseTimeText(text, nanos);
}

}  // namespace gigapi
