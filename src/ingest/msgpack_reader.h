// MessagePack, value by value. Source of the format: https://github.com/msgpack/msgpack/blob/master/spec.md.
//
// A Read* moves on and returns true, or returns false and stays where it is; Found() then says what stands there. Nothing
// is allocated: a length is believed only as far as the bytes reach. One thread; the bytes must outlive the reader.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace gigapi {

enum class MsgpackType : uint8_t {
  kEnd,
  kNil,
  kBool,
  kInteger,
  kFloat,
  kString,
  kBinary,
  kArray,
  kMap,
  kExtension,
  kInvalid
};

/// An integer of any width and sign.
struct MsgpackInteger {
  uint64_t bits = 0;  // two's complement when negative
  bool negative = false;
  bool FitsInt64() const { return negative || bits <= static_cast<uint64_t>(INT64_MAX); }
};

namespace internal {

inline uint64_t LoadBigEndian64(const char* p) {
  uint64_t word;
  std::memcpy(&word, p, sizeof(word));
  return __builtin_bswap64(word);
}

/// What a first byte says.
struct MsgpackCode {
  MsgpackType type = MsgpackType::kInvalid;
  uint8_t head_bytes = 1;  // that first byte, and the length or value that follows in a fixed number of bytes
  bool is_signed = false;  // of integers
};

constexpr std::array<MsgpackCode, 256> MakeMsgpackCodes() {
  using T = MsgpackType;
  std::array<MsgpackCode, 256> codes{};
  for (int c = 0x00; c <= 0x7f; ++c) codes[c] = {T::kInteger, 1, false};
  for (int c = 0x80; c <= 0x8f; ++c) codes[c] = {T::kMap, 1, false};
  for (int c = 0x90; c <= 0x9f; ++c) codes[c] = {T::kArray, 1, false};
  for (int c = 0xa0; c <= 0xbf; ++c) codes[c] = {T::kString, 1, false};
  for (int c = 0xe0; c <= 0xff; ++c) codes[c] = {T::kInteger, 1, true};
  codes[0xc0] = {T::kNil, 1, false};
  codes[0xc2] = codes[0xc3] = {T::kBool, 1, false};
  codes[0xc4] = {T::kBinary, 2, false};
  codes[0xc5] = {T::kBinary, 3, false};
  codes[0xc6] = {T::kBinary, 5, false};
  codes[0xc7] = {T::kExtension, 3, false};
  codes[0xc8] = {T::kExtension, 4, false};
  codes[0xc9] = {T::kExtension, 6, false};
  codes[0xca] = {T::kFloat, 5, false};
  codes[0xcb] = {T::kFloat, 9, false};
  for (int i = 0; i < 4; ++i) {
    const auto head_bytes = static_cast<uint8_t>(1 + (1 << i));
    codes[0xcc + i] = {T::kInteger, head_bytes, false};
    codes[0xd0 + i] = {T::kInteger, head_bytes, true};
  }
  for (int c = 0xd4; c <= 0xd8; ++c) codes[c] = {T::kExtension, 2, false};
  codes[0xd9] = {T::kString, 2, false};
  codes[0xda] = {T::kString, 3, false};
  codes[0xdb] = {T::kString, 5, false};
  codes[0xdc] = {T::kArray, 3, false};
  codes[0xdd] = {T::kArray, 5, false};
  codes[0xde] = {T::kMap, 3, false};
  codes[0xdf] = {T::kMap, 5, false};
  return codes;
}

inline constexpr std::array<MsgpackCode, 256> kMsgpackCodes = MakeMsgpackCodes();

}  // namespace internal

class MsgpackReader {
 public:
  explicit MsgpackReader(std::string_view bytes) : begin_(bytes.data()), p_(begin_), end_(begin_ + bytes.size()) {}

  const char* position() const { return p_; }
  const char* end() const { return end_; }
  /// To a position that a reader of these bytes has had.
  void Seek(const char* position) { p_ = position; }
  size_t offset() const { return static_cast<size_t>(p_ - begin_); }
  size_t left() const { return static_cast<size_t>(end_ - p_); }

  MsgpackType PeekType() const { return p_ == end_ ? MsgpackType::kEnd : CodeAt(p_).type; }

  /// The number of values in the array that follow.
  bool ReadArray(uint32_t* count) { return ReadCount(MsgpackType::kArray, count); }
  /// The number of pairs in the map that follow.
  bool ReadMap(uint32_t* count) { return ReadCount(MsgpackType::kMap, count); }

  bool ReadString(std::string_view* text) {
    uint32_t size = 0;
    const char* const before = p_;
    if (!ReadCount(MsgpackType::kString, &size)) return false;
    if (left() < size) {
      p_ = before;
      return false;
    }
    *text = {p_, size};
    p_ += size;
    return true;
  }

  bool ReadInteger(MsgpackInteger* value) {
    if (!HasHead(MsgpackType::kInteger)) return false;
    const auto code = static_cast<uint8_t>(*p_);
    const internal::MsgpackCode known = internal::kMsgpackCodes[code];
    if (known.head_bytes == 1) {
      value->bits = static_cast<uint64_t>(static_cast<int64_t>(static_cast<int8_t>(code)));
    } else {
      value->bits = BigEndian(p_ + 1, known.head_bytes - 1);
      const int unused_bits = 64 - 8 * (known.head_bytes - 1);
      if (known.is_signed)
        value->bits = static_cast<uint64_t>(static_cast<int64_t>(value->bits << unused_bits) >> unused_bits);
    }
    value->negative = known.is_signed && static_cast<int64_t>(value->bits) < 0;
    p_ += known.head_bytes;
    return true;
  }

  bool ReadFloat(double* value) {
    if (!HasHead(MsgpackType::kFloat)) return false;
    if (static_cast<uint8_t>(*p_) == 0xcb) {
      const uint64_t word = internal::LoadBigEndian64(p_ + 1);
      std::memcpy(value, &word, sizeof(word));
      p_ += 9;
      return true;
    }
    const auto word = static_cast<uint32_t>(BigEndian(p_ + 1, 4));
    float single;
    std::memcpy(&single, &word, sizeof(single));
    *value = single;
    p_ += 5;
    return true;
  }

  bool ReadBool(bool* value) {
    if (PeekType() != MsgpackType::kBool) return false;
    *value = static_cast<uint8_t>(*p_++) == 0xc3;
    return true;
  }

  bool ReadNil() {
    if (PeekType() != MsgpackType::kNil) return false;
    ++p_;
    return true;
  }

  /// The timestamp extension (type -1) in nanoseconds since the epoch; false also when that does not fit.
  bool ReadTimestamp(int64_t* nanos);

  /// Passes over one value with all that is in it, without recursion. When that fails it stands at what cannot be read,
  /// or at an array or map that claims more values than there are bytes.
  bool Skip();

  /// What stands here, for messages: "a map", "an extension of type 5", "the end of the body".
  std::string Found() const;

 private:
  static const internal::MsgpackCode& CodeAt(const char* p) { return internal::kMsgpackCodes[static_cast<uint8_t>(*p)]; }

  static uint64_t BigEndian(const char* p, int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) value = value << 8 | static_cast<uint8_t>(p[i]);
    return value;
  }

  bool HasHead(MsgpackType type) const { return p_ < end_ && CodeAt(p_).type == type && left() >= CodeAt(p_).head_bytes; }

  bool ReadCount(MsgpackType type, uint32_t* count) {
    if (!HasHead(type)) return false;
    const auto code = static_cast<uint8_t>(*p_);
    const int head_bytes = CodeAt(p_).head_bytes;
    if (head_bytes == 1) *count = code & (type == MsgpackType::kString ? 0x1f : 0x0f);
    else *count = static_cast<uint32_t>(BigEndian(p_ + 1, head_bytes - 1));
    p_ += head_bytes;
    return true;
  }

  /// The bytes after the head of an extension; `type` is its own type.
  bool ReadExtension(int* type, std::string_view* bytes);

  const char* begin_;
  const char* p_;
  const char* end_;
};

}  // namespace gigapi
