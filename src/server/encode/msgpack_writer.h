// MessagePack written to an OutputBuffer. Source of the format: https://github.com/msgpack/msgpack/blob/master/spec.md.
//
// Numbers of 64 bits take nine bytes whatever their value, so that a column's values have one width; lengths are as short
// as they can be. Not thread-safe.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "server/encode/output_buffer.h"

namespace gigapi {

class MsgpackWriter {
 public:
  explicit MsgpackWriter(OutputBuffer* out) : out_(out) {}

  void Nil() { Byte(0xc0); }
  void Bool(bool value) { Byte(value ? 0xc3 : 0xc2); }
  void Int64(int64_t value) { Big<8>(0xd3, static_cast<uint64_t>(value)); }
  void UInt64(uint64_t value) { Big<8>(0xcf, value); }
  void Double(double value) { Big<8>(0xcb, std::bit_cast<uint64_t>(value)); }
  void Float(float value) { Big<4>(0xca, std::bit_cast<uint32_t>(value)); }
  void String(std::string_view text) {
    if (text.size() < 32) Byte(static_cast<uint8_t>(0xa0 | text.size()));
    else Length(text.size(), 0xd9, 0xda, 0xdb);
    out_->Append(text);
  }
  void Binary(std::string_view bytes) {
    Length(bytes.size(), 0xc4, 0xc5, 0xc6);
    out_->Append(bytes);
  }
  void Array(uint64_t size) {
    if (size < 16) Byte(static_cast<uint8_t>(0x90 | size));
    else if (size <= UINT16_MAX) Big<2>(0xdc, size);
    else Big<4>(0xdd, size);
  }
  /// Of less than 16 entries.
  void SmallMap(uint8_t size) { Byte(static_cast<uint8_t>(0x80 | size)); }
  /// The timestamp extension (type -1) in its shortest form.
  void Timestamp(int64_t seconds, uint32_t nanos);

 private:
  void Byte(uint8_t byte) { out_->Append({reinterpret_cast<const char*>(&byte), 1}); }

  /// A marker and the low kBytes of the value, the highest first.
  template <int kBytes>
  void Big(uint8_t marker, uint64_t value) {
    char* const out = out_->Reserve(1 + sizeof(value));
    const uint64_t swapped = __builtin_bswap64(value << (64 - 8 * kBytes));
    out[0] = static_cast<char>(marker);
    std::memcpy(out + 1, &swapped, sizeof(swapped));
    out_->Commit(out + 1 + kBytes);
  }

  void Length(size_t size, uint8_t one_byte, uint8_t two_bytes, uint8_t four_bytes) {
    if (size <= UINT8_MAX) Big<1>(one_byte, size);
    else if (size <= UINT16_MAX) Big<2>(two_bytes, size);
    else Big<4>(four_bytes, size);
  }

  OutputBuffer* const out_;
};

inline void MsgpackWriter::Timestamp(int64_t seconds, uint32_t nanos) {
  constexpr uint8_t kType = 0xff;
  if (seconds >= 0 && seconds >> 34 == 0) {
    if (nanos == 0 && seconds <= UINT32_MAX) {
      Byte(0xd6);
      return Big<4>(kType, static_cast<uint64_t>(seconds));
    }
    Byte(0xd7);
    return Big<8>(kType, static_cast<uint64_t>(nanos) << 34 | static_cast<uint64_t>(seconds));
  }
  Big<1>(0xc7, 12);
  Big<4>(kType, nanos);
  const uint64_t swapped = __builtin_bswap64(static_cast<uint64_t>(seconds));
  out_->Append({reinterpret_cast<const char*>(&swapped), sizeof(swapped)});
}

}  // namespace gigapi
