#include "ingest/msgpack_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/clock.h"

namespace gigapi {
namespace {

constexpr uint8_t kUInt64Code = 0xcf;
constexpr uint8_t kInt64Code = 0xd3;

uint64_t MagnitudeOf(int64_t value) { return value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value); }

/// A time that is known in nanoseconds whatever the unit of the others.
struct ExactTime {
  size_t row;
  int64_t nanos;
};

/// As many 8-byte integers as follow, at most `rows`: how every client sends milliseconds and smaller units.
size_t ReadWideIntegers(MsgpackReader* in, size_t rows, int64_t* out) {
  const char* p = in->position();
  const size_t fit = std::min(rows, in->left() / 9);
  size_t read = 0;
  for (; read < fit; ++read, p += 9) {
    const auto code = static_cast<uint8_t>(*p);
    const auto value = static_cast<int64_t>(internal::LoadBigEndian64(p + 1));
    if (code != kInt64Code && (code != kUInt64Code || value < 0)) break;
    out[read] = value;
  }
  in->Seek(p);
  return read;
}

bool FitsInt64(double value) { return value >= -0x1p63 && value < 0x1p63; }

/// A float: a whole number in the unit of the others, or one with a fraction, whose own size tells the unit.
bool ReadFloatTime(MsgpackReader* in, size_t row, int64_t* out, PodVector<ExactTime>* exact) {
  double value = 0;
  const char* const before = in->position();
  if (!in->ReadFloat(&value)) return false;
  if (std::isfinite(value) && FitsInt64(value)) {
    *out = static_cast<int64_t>(value);
    if (static_cast<double>(*out) == value) return true;
    const double nanos = std::nearbyint(value * static_cast<double>(NanosPerUnitOfSize(MagnitudeOf(*out))));
    if (FitsInt64(nanos)) {
      exact->PushBack({row, static_cast<int64_t>(nanos)});
      return true;
    }
  }
  in->Seek(before);
  return false;
}

bool ReadOneTime(MsgpackReader* in, size_t row, int64_t* out, PodVector<ExactTime>* exact) {
  const char* const before = in->position();
  MsgpackInteger value;
  if (in->ReadInteger(&value)) {
    *out = static_cast<int64_t>(value.bits);
    if (value.FitsInt64()) return true;
    in->Seek(before);
    return false;
  }
  int64_t nanos = 0;
  if (in->ReadTimestamp(&nanos)) {
    exact->PushBack({row, nanos});
    *out = 0;
    return true;
  }
  return ReadFloatTime(in, row, out, exact);
}

bool Scale(int64_t* times, size_t rows, std::string* reason) {
  uint64_t largest = 0;
  for (size_t row = 0; row < rows; ++row) largest = std::max(largest, MagnitudeOf(times[row]));
  const int64_t unit = NanosPerUnitOfSize(largest);
  if (unit == 1) return true;
  if (largest > static_cast<uint64_t>(INT64_MAX / unit)) {
    *reason = fmt::format("time {} is further away than nanoseconds of 64 bits reach", largest);
    return false;
  }
  for (size_t row = 0; row < rows; ++row) times[row] *= unit;
  return true;
}

}  // namespace

int64_t NanosPerUnitOfSize(uint64_t magnitude) {
  if (magnitude < 10'000'000'000) return kNanosPerSecond;
  if (magnitude < 10'000'000'000'000) return kNanosPerMilli;
  if (magnitude < 10'000'000'000'000'000) return kNanosPerMicro;
  return 1;
}

bool ReadMsgpackTimes(MsgpackReader* in, size_t rows, PodVector<int64_t>* nanos, std::string* reason) {
  const size_t first = nanos->size();
  nanos->Resize(first + rows);
  int64_t* const times = nanos->data() + first;
  PodVector<ExactTime> exact;
  for (size_t row = 0; row < rows;) {
    row += ReadWideIntegers(in, rows - row, times + row);
    if (row == rows) break;
    if (!ReadOneTime(in, row, times + row, &exact)) {
      *reason = fmt::format("a time must be an integer, a float or a timestamp, found {}", in->Found());
      if (rows > 1) *reason += fmt::format(" in row {}", row + 1);
      return false;
    }
    ++row;
  }
  if (!Scale(times, rows, reason)) return false;
  for (const ExactTime& time : exact) times[time.row] = time.nanos;
  return true;
}

}  // namespace gigapi
