#include "ingest/msgpack_reader.h"

#include <fmt/format.h>

#include "base/clock.h"

namespace gigapi {
namespace {

constexpr int kTimestampExtension = -1;

}  // namespace

bool MsgpackReader::ReadExtension(int* type, std::string_view* bytes) {
  if (!HasHead(MsgpackType::kExtension)) return false;
  const auto code = static_cast<uint8_t>(*p_);
  const int head_bytes = CodeAt(p_).head_bytes;
  uint64_t size = 0;
  if (head_bytes == 2) size = uint64_t{1} << (code - 0xd4);
  else size = BigEndian(p_ + 1, head_bytes - 2);
  if (left() - static_cast<size_t>(head_bytes) < size) return false;
  *type = static_cast<int8_t>(p_[head_bytes - 1]);
  *bytes = {p_ + head_bytes, size};
  p_ += static_cast<size_t>(head_bytes) + size;
  return true;
}

bool MsgpackReader::ReadTimestamp(int64_t* nanos) {
  const char* const before = p_;
  int type = 0;
  std::string_view bytes;
  if (!ReadExtension(&type, &bytes)) return false;
  int64_t seconds = 0;
  uint64_t fraction_ns = 0;
  bool known = type == kTimestampExtension;
  if (bytes.size() == 4) {
    seconds = static_cast<int64_t>(BigEndian(bytes.data(), 4));
  } else if (bytes.size() == 8) {
    const uint64_t packed = BigEndian(bytes.data(), 8);
    fraction_ns = packed >> 34;
    seconds = static_cast<int64_t>(packed & ((uint64_t{1} << 34) - 1));
  } else if (bytes.size() == 12) {
    fraction_ns = BigEndian(bytes.data(), 4);
    seconds = static_cast<int64_t>(BigEndian(bytes.data() + 4, 8));
  } else {
    known = false;
  }
  known = known && fraction_ns < static_cast<uint64_t>(kNanosPerSecond);
  if (known && !__builtin_mul_overflow(seconds, kNanosPerSecond, nanos) &&
      !__builtin_add_overflow(*nanos, static_cast<int64_t>(fraction_ns), nanos)) {
    return true;
  }
  p_ = before;
  return false;
}

bool MsgpackReader::Skip() {
  const char* const before = p_;
  // Counts cannot overflow: each needs five bytes and adds less than 2^33.
  for (uint64_t pending = 1; pending > 0; --pending) {
    bool read = false;
    uint32_t count = 0;
    switch (PeekType()) {
      case MsgpackType::kArray:
        read = ReadArray(&count);
        pending += count;
        break;
      case MsgpackType::kMap:
        read = ReadMap(&count);
        pending += uint64_t{count} * 2;
        break;
      case MsgpackType::kString: {
        std::string_view text;
        read = ReadString(&text);
        break;
      }
      case MsgpackType::kBinary: {
        const char* const head = p_;
        read = ReadCount(MsgpackType::kBinary, &count) && left() >= count;
        p_ = read ? p_ + count : head;
        break;
      }
      case MsgpackType::kExtension: {
        int type = 0;
        std::string_view bytes;
        read = ReadExtension(&type, &bytes);
        break;
      }
      case MsgpackType::kNil:
      case MsgpackType::kBool:
      case MsgpackType::kInteger:
      case MsgpackType::kFloat:
        read = left() >= CodeAt(p_).head_bytes;
        if (read) p_ += CodeAt(p_).head_bytes;
        break;
      case MsgpackType::kEnd:
      case MsgpackType::kInvalid: break;
    }
    if (!read) return false;
    if (pending - 1 > left()) {  // what is pending takes a byte each at least
      p_ = before;
      return false;
    }
  }
  return true;
}

std::string MsgpackReader::Found() const {
  if (p_ == end_) return "the end of the body";
  MsgpackReader at = *this;
  if (PeekType() != MsgpackType::kInvalid && !at.Skip() && at.PeekType() != MsgpackType::kInvalid) {
    return "a value that the end of the body cuts off";
  }
  at = *this;
  switch (PeekType()) {
    case MsgpackType::kNil: return "nil";
    case MsgpackType::kBool: return "a boolean";
    case MsgpackType::kInteger: return "an integer";
    case MsgpackType::kFloat: return "a float";
    case MsgpackType::kString: return "a string";
    case MsgpackType::kBinary: return "binary data";
    case MsgpackType::kArray: return "an array";
    case MsgpackType::kMap: return "a map";
    case MsgpackType::kExtension: {
      int type = 0;
      std::string_view bytes;
      at.ReadExtension(&type, &bytes);
      return fmt::format("an extension of type {}", type);
    }
    default: return fmt::format("the byte 0x{:02x}, which begins no value", static_cast<uint8_t>(*p_));
  }
}

}  // namespace gigapi
