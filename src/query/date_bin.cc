#include "query/date_bin.h"

#include <chrono>

#include "base/clock.h"

namespace gigapi {
namespace {

using duckdb::interval_t;
using duckdb::LogicalType;

constexpr int64_t kMicrosPerDay = 24 * 3'600 * int64_t{1'000'000};

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }

/// The start of the bin of `width` ticks, counted from `origin`. Throws when that is before the first instant.
int64_t BinOfTicks(int64_t ticks, int64_t width, int64_t origin) {
  int64_t offset = 0, start = 0;
  if (__builtin_sub_overflow(ticks, origin, &offset) || __builtin_mul_overflow(FloorDivide(offset, width), width, &offset) ||
      __builtin_add_overflow(origin, offset, &start)) {
    throw duckdb::OutOfRangeException("date_bin: the bin lies outside the range of timestamps");
  }
  return start;
}

struct MonthAndRest {
  int64_t month;  // months since 1970-01
  int64_t ticks;  // since the start of that month
};

MonthAndRest SplitMonth(int64_t ticks, int64_t ticks_per_day) {
  const int64_t day = FloorDivide(ticks, ticks_per_day);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  const int64_t month = (static_cast<int>(date.year()) - 1970) * int64_t{12} + static_cast<unsigned>(date.month()) - 1;
  return {month, ticks - (day - (static_cast<unsigned>(date.day()) - 1)) * ticks_per_day};
}

int64_t StartOfMonth(int64_t month, int64_t ticks_per_day) {
  const int64_t year = FloorDivide(month, 12);
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(1970 + year)},
                                         std::chrono::month{static_cast<unsigned>(month - year * 12 + 1)},
                                         std::chrono::day{1}};
  return std::chrono::sys_days{date}.time_since_epoch().count() * ticks_per_day;
}

/// Bins of whole months: origin's day and time of day are kept.
int64_t BinOfMonths(int64_t ticks, int64_t width, int64_t origin, int64_t ticks_per_day) {
  const MonthAndRest from = SplitMonth(origin, ticks_per_day);
  const MonthAndRest at = SplitMonth(ticks, ticks_per_day);
  int64_t months = FloorDivide(at.month - from.month, width) * width;
  if (months == at.month - from.month && at.ticks < from.ticks) months -= width;
  return StartOfMonth(from.month + months, ticks_per_day) + from.ticks;
}

int64_t Bin(const interval_t& width, int64_t ticks, int64_t origin, int64_t ticks_per_micro) {
  if (width.months != 0) {
    if (width.days != 0 || width.micros != 0) {
      throw duckdb::InvalidInputException("date_bin: the width is either a fixed time or whole months");
    }
    if (width.months < 0) throw duckdb::InvalidInputException("date_bin: the width must be positive");
    return BinOfMonths(ticks, width.months, origin, kMicrosPerDay * ticks_per_micro);
  }
  int64_t fixed = 0;
  if (__builtin_mul_overflow(width.days * kMicrosPerDay + width.micros, ticks_per_micro, &fixed)) {
    throw duckdb::OutOfRangeException("date_bin: the width is too large");
  }
  if (fixed <= 0) throw duckdb::InvalidInputException("date_bin: the width must be positive");
  return BinOfTicks(ticks, fixed, origin);
}

// Infinite timestamps stay what they are. All three types are 64-bit ticks with the same marks for infinity.
bool IsFinite(int64_t ticks) { return ticks != INT64_MAX && ticks != -INT64_MAX; }

template <int64_t kTicksPerMicro>
void DateBin(duckdb::DataChunk& input, duckdb::ExpressionState&, duckdb::Vector& result) {
  duckdb::BinaryExecutor::Execute<interval_t, int64_t, int64_t>(
      input.data[0], input.data[1], result, input.size(),
      [](const interval_t& width, int64_t ticks) { return IsFinite(ticks) ? Bin(width, ticks, 0, kTicksPerMicro) : ticks; });
}

template <int64_t kTicksPerMicro>
void DateBinFrom(duckdb::DataChunk& input, duckdb::ExpressionState&, duckdb::Vector& result) {
  duckdb::TernaryExecutor::Execute<interval_t, int64_t, int64_t, int64_t>(
      input.data[0], input.data[1], input.data[2], result, input.size(),
      [](const interval_t& width, int64_t ticks, int64_t origin) {
        return IsFinite(ticks) && IsFinite(origin) ? Bin(width, ticks, origin, kTicksPerMicro) : ticks;
      });
}

template <int64_t kTicksPerMicro>
void AddForms(const LogicalType& type, duckdb::ScalarFunctionSet* forms) {
  duckdb::ScalarFunction plain({LogicalType::INTERVAL, type}, type, DateBin<kTicksPerMicro>);
  duckdb::ScalarFunction with_origin({LogicalType::INTERVAL, type, type}, type, DateBinFrom<kTicksPerMicro>);
  for (auto* form : {&plain, &with_origin}) {
    form->SetErrorMode(duckdb::FunctionErrors::CAN_THROW_RUNTIME_ERROR);
    forms->AddFunction(*form);
  }
}

}  // namespace

void RegisterDateBin(duckdb::ExtensionLoader* loader) {
  duckdb::ScalarFunctionSet forms("date_bin");
  AddForms<kNanosPerMicro>(LogicalType::TIMESTAMP_NS, &forms);
  AddForms<1>(LogicalType::TIMESTAMP, &forms);
  AddForms<1>(LogicalType::TIMESTAMP_TZ, &forms);
  loader->RegisterFunction(std::move(forms));
}

}  // namespace gigapi
