// One column of a batch, made ready for reading it row by row without Arrow's virtual calls.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <string_view>

#include "server/encode/result_encoder.h"

namespace gigapi {

enum class CellKind : uint8_t {
  kNull,
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUInt8,
  kUInt16,
  kUInt32,
  kUInt64,
  kFloat,
  kDouble,
  kString,
  kLargeString,
  kStringView,
  kEpochNanos,  // timestamp[ns] as its number
  kSeconds,
  kMillis,
  kMicros,
  kNanos,  // timestamps as RFC 3339
  kDate,
  kOther,  // nested and rare types: slow, see other_value.h
};

struct Cells {
  CellKind kind = CellKind::kNull;
  const uint8_t* valid = nullptr;  // bits from `offset` on; nullptr: all are valid
  const void* values = nullptr;    // from the first row on, except kBool's bits
  const int32_t* offsets = nullptr;
  const int64_t* large_offsets = nullptr;
  const char* bytes = nullptr;
  int64_t offset = 0;
  const arrow::Array* array = nullptr;

  bool IsValid(int64_t row) const {
    const int64_t bit = offset + row;
    return valid == nullptr || ((valid[bit >> 3] >> (bit & 7)) & 1) != 0;
  }
  template <typename T>
  T Value(int64_t row) const {
    return static_cast<const T*>(values)[row];
  }
  bool Bool(int64_t row) const {
    const int64_t bit = offset + row;
    return ((static_cast<const uint8_t*>(values)[bit >> 3] >> (bit & 7)) & 1) != 0;
  }
  std::string_view String(int64_t row) const;
};

/// Points into `array`, which must outlive the result.
Cells MakeCells(const arrow::Array& array, TimeFormat time_format);

inline std::string_view Cells::String(int64_t row) const {
  switch (kind) {
    case CellKind::kString: return {bytes + offsets[row], static_cast<size_t>(offsets[row + 1] - offsets[row])};
    case CellKind::kLargeString:
      return {bytes + large_offsets[row], static_cast<size_t>(large_offsets[row + 1] - large_offsets[row])};
    default: return static_cast<const arrow::StringViewArray*>(array)->GetView(row);
  }
}

}  // namespace gigapi
