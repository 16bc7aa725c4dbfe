// Numbers as decimal text, fast. Each writes at `out` and returns its end. `out` must have room for kNumberBytesMax: what
// lies behind the end may be overwritten.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gigapi {

constexpr size_t kNumberBytesMax = 32;

char* WriteUInt64(uint64_t value, char* out);
char* WriteInt64(int64_t value, char* out);

/// The shortest text that reads back as the same value; the value must be finite.
char* WriteDouble(double value, char* out);
char* WriteFloat(float value, char* out);

/// Exactly `digits` (1 to 9) digits, with zeros at the left.
char* WritePadded(uint32_t value, int digits, char* out);

}  // namespace gigapi
