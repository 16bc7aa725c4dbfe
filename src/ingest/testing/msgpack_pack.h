// MessagePack for tests: each function gives the bytes of one value, in the widest form unless said otherwise.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gigapi::msgpack {

inline std::string Code(int code) { return std::string(1, static_cast<char>(code)); }

inline std::string BigEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
  return text;
}

inline std::string Nil() { return Code(0xc0); }
inline std::string Bool(bool value) { return Code(value ? 0xc3 : 0xc2); }
inline std::string Int(int64_t value) { return Code(0xd3) + BigEndian(static_cast<uint64_t>(value), 8); }
inline std::string UInt(uint64_t value) { return Code(0xcf) + BigEndian(value, 8); }
/// In the fewest bytes, as clients send integers.
inline std::string SmallInt(int64_t value) {
  if (value >= 0) {
    if (value < 0x80) return Code(static_cast<int>(value));
    if (value <= UINT8_MAX) return Code(0xcc) + BigEndian(static_cast<uint64_t>(value), 1);
    if (value <= UINT16_MAX) return Code(0xcd) + BigEndian(static_cast<uint64_t>(value), 2);
    if (value <= UINT32_MAX) return Code(0xce) + BigEndian(static_cast<uint64_t>(value), 4);
    return UInt(static_cast<uint64_t>(value));
  }
  if (value >= -32) return Code(static_cast<int>(value) & 0xff);
  if (value >= INT8_MIN) return Code(0xd0) + BigEndian(static_cast<uint64_t>(value), 1);
  if (value >= INT16_MIN) return Code(0xd1) + BigEndian(static_cast<uint64_t>(value), 2);
  if (value >= INT32_MIN) return Code(0xd2) + BigEndian(static_cast<uint64_t>(value), 4);
  return Int(value);
}
inline std::string Float(double value) {
  uint64_t word;
  std::memcpy(&word, &value, sizeof(word));
  return Code(0xcb) + BigEndian(word, 8);
}
inline std::string Float32(float value) {
  uint32_t word;
  std::memcpy(&word, &value, sizeof(word));
  return Code(0xca) + BigEndian(word, 4);
}
inline std::string Str(std::string_view text) {
  std::string head = text.size() < 32 ? Code(0xa0 | static_cast<int>(text.size())) : Code(0xdb) + BigEndian(text.size(), 4);
  return head.append(text);
}
inline std::string Bin(std::string_view bytes) { return (Code(0xc6) + BigEndian(bytes.size(), 4)).append(bytes); }
inline std::string Ext(int type, std::string_view bytes) {
  return (Code(0xc9) + BigEndian(bytes.size(), 4) + Code(type)).append(bytes);
}
inline std::string ArrayOf(uint32_t count) { return Code(0xdd) + BigEndian(count, 4); }
inline std::string MapOf(uint32_t count) { return Code(0xdf) + BigEndian(count, 4); }

inline std::string Array(const std::vector<std::string>& values) {
  std::string bytes = ArrayOf(static_cast<uint32_t>(values.size()));
  for (const std::string& value : values) bytes += value;
  return bytes;
}
inline std::string Map(const std::vector<std::pair<std::string_view, std::string>>& pairs) {
  std::string bytes = MapOf(static_cast<uint32_t>(pairs.size()));
  for (const auto& [key, value] : pairs) bytes += Str(key) + value;
  return bytes;
}

}  // namespace gigapi::msgpack
