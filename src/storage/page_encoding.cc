#include "storage/page_encoding.h"

#include <bit>
#include <cstring>

namespace gigapi {
namespace {

static_assert(std::endian::native == std::endian::little);

void AppendVarint(uint64_t value, PageBytes* out) {
  while (value >= 0x80) {
    out->PushBack(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  out->PushBack(static_cast<uint8_t>(value));
}

uint64_t ZigZag(int64_t value) { return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63); }

/// Packs values of at most 64 bits, least significant bit first. `count` is a multiple of 8, so that it ends on a byte.
template <typename T>
void AppendBitPacked(const T* values, size_t count, int bit_width, PageBytes* out) {
  if (bit_width == 0) return;
  const size_t bytes = count * static_cast<size_t>(bit_width) / 8;
  const size_t start = out->size();
  out->Resize(start + bytes + 8);  // the last store may write past the end
  uint8_t* to = out->data() + start;
  uint64_t pending = 0;
  int bits = 0;  // of `pending`, less than 64
  for (size_t i = 0; i < count; ++i) {
    const uint64_t value = values[i];
    pending |= value << bits;
    bits += bit_width;
    if (bits >= 64) {
      std::memcpy(to, &pending, 8);
      to += 8;
      bits -= 64;
      pending = bits == 0 ? 0 : value >> (bit_width - bits);
    }
  }
  std::memcpy(to, &pending, 8);
  out->Resize(start + bytes);
}

constexpr size_t kGroup = 8;  // values that a bit-packed run comes in multiples of

bool AllEqual(const uint32_t* group) {
  uint32_t differ = 0;
  for (size_t i = 1; i < kGroup; ++i) differ |= group[i] ^ group[0];
  return differ == 0;
}

void AppendRleRun(uint32_t value, size_t count, int bit_width, PageBytes* out) {
  AppendVarint(static_cast<uint64_t>(count) << 1, out);
  for (int bits = 0; bits < bit_width; bits += 8) out->PushBack(static_cast<uint8_t>(value >> bits));
}

/// A bit-packed run; the last group is filled up with zeros, which readers know to ignore at the end of a page only.
void AppendBitPackedRun(const uint32_t* values, size_t count, int bit_width, PageBytes* out) {
  if (count == 0) return;
  const size_t groups = (count + kGroup - 1) / kGroup;
  AppendVarint(static_cast<uint64_t>(groups) << 1 | 1, out);
  const size_t whole = count / kGroup * kGroup;
  AppendBitPacked(values, whole, bit_width, out);
  if (whole == count) return;
  uint32_t last[kGroup] = {};
  std::memcpy(last, values + whole, (count - whole) * sizeof(uint32_t));
  AppendBitPacked(last, kGroup, bit_width, out);
}

constexpr size_t kDeltasPerBlock = 128;
constexpr size_t kMiniblocksPerBlock = 4;
constexpr size_t kDeltasPerMiniblock = kDeltasPerBlock / kMiniblocksPerBlock;

/// `deltas` has room for a whole block; those from count on do not matter.
void AppendDeltaBlock(int64_t* deltas, size_t count, PageBytes* out) {
  int64_t least = deltas[0];
  for (size_t i = 1; i < count; ++i) least = deltas[i] < least ? deltas[i] : least;
  uint64_t relative[kDeltasPerBlock] = {};
  for (size_t i = 0; i < count; ++i) relative[i] = static_cast<uint64_t>(deltas[i]) - static_cast<uint64_t>(least);
  AppendVarint(ZigZag(least), out);
  uint8_t widths[kMiniblocksPerBlock] = {};
  for (size_t i = 0; i < count; i += kDeltasPerMiniblock) {
    uint64_t bits = 0;
    for (size_t j = i; j < i + kDeltasPerMiniblock; ++j) bits |= relative[j];
    widths[i / kDeltasPerMiniblock] = static_cast<uint8_t>(std::bit_width(bits));
  }
  out->Append(widths, kMiniblocksPerBlock);
  for (size_t i = 0; i < count; i += kDeltasPerMiniblock) {
    AppendBitPacked(relative + i, kDeltasPerMiniblock, widths[i / kDeltasPerMiniblock], out);
  }
}

}  // namespace

int BitWidth(uint32_t max) { return std::bit_width(max); }

void AppendRleBitPacked(const uint32_t* values, size_t count, int bit_width, PageBytes* out) {
  size_t packed_from = 0;  // values not yet written start here, a multiple of kGroup
  size_t i = 0;
  while (i + kGroup <= count) {
    if (!AllEqual(values + i)) {
      i += kGroup;
      continue;
    }
    size_t end = i + kGroup;
    while (end < count && values[end] == values[i]) ++end;
    // What follows a run starts a new group.
    AppendBitPackedRun(values + packed_from, i - packed_from, bit_width, out);
    AppendRleRun(values[i], end - i, bit_width, out);
    packed_from = i = end;
  }
  AppendBitPackedRun(values + packed_from, count - packed_from, bit_width, out);
}

void AppendDictionaryIndices(const uint32_t* indices, size_t count, int bit_width, PageBytes* out) {
  out->PushBack(static_cast<uint8_t>(bit_width));
  AppendRleBitPacked(indices, count, bit_width, out);
}

void AppendDefinitionLevels(const uint8_t* valid, size_t count, PageBytes* out) {
  if (valid == nullptr) {
    if (count > 0) AppendRleRun(1, count, 1, out);
    return;
  }
  PodVector<uint32_t> levels(count);
  for (size_t i = 0; i < count; ++i) levels[i] = valid[i];
  AppendRleBitPacked(levels.data(), count, 1, out);
}

void AppendDeltaBinaryPacked(const int64_t* values, size_t count, PageBytes* out) {
  AppendVarint(kDeltasPerBlock, out);
  AppendVarint(kMiniblocksPerBlock, out);
  AppendVarint(count, out);
  AppendVarint(count == 0 ? 0 : ZigZag(values[0]), out);
  int64_t deltas[kDeltasPerBlock];
  for (size_t i = 1; i < count; i += kDeltasPerBlock) {
    const size_t block = count - i < kDeltasPerBlock ? count - i : kDeltasPerBlock;
    for (size_t j = 0; j < block; ++j) {
      // Differences may overflow; they wrap around, and so they do when they are read.
      deltas[j] = static_cast<int64_t>(static_cast<uint64_t>(values[i + j]) - static_cast<uint64_t>(values[i + j - 1]));
    }
    AppendDeltaBlock(deltas, block, out);
  }
}

void AppendByteStreamSplit(const uint64_t* values, size_t count, PageBytes* out) {
  const size_t start = out->size();
  out->Resize(start + count * 8);
  uint8_t* const to = out->data() + start;
  for (int byte = 0; byte < 8; ++byte) {
    uint8_t* const stream = to + static_cast<size_t>(byte) * count;
    for (size_t i = 0; i < count; ++i) stream[i] = static_cast<uint8_t>(values[i] >> (8 * byte));
  }
}

void AppendPlainBools(const uint8_t* bools, size_t count, PageBytes* out) {
  const size_t start = out->size();
  out->Resize(start + (count + 7) / 8, 0);
  for (size_t i = 0; i < count; ++i) out->data()[start + i / 8] |= static_cast<uint8_t>((bools[i] != 0) << (i % 8));
}

void AppendPlainString(const char* bytes, uint32_t size, PageBytes* out) {
  out->Append(reinterpret_cast<const uint8_t*>(&size), sizeof(size));
  out->Append(reinterpret_cast<const uint8_t*>(bytes), size);
}

}  // namespace gigapi
