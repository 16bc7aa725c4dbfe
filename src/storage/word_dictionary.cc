#include "storage/word_dictionary.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace gigapi {
namespace {

constexpr size_t kProbeValues = 16 * 1024;
constexpr size_t kGroupValues = 16;  // divides kProbeValues
constexpr size_t kSlotsMin = 1 << 10;

/// Decimals in binary differ in their high bits as in their low ones: both reach the product's high bits, which are used.
uint64_t Hash(uint64_t word) { return (word ^ word >> 32) * 0x9E3779B97F4A7C15; }

}  // namespace

bool WordDictionary::Encode(const uint64_t* words, size_t count, size_t values_max, uint32_t* indices) {
  values_.Clear();
  values_.PushBack(0);  // of number 0, which no value has
  // Small at first: few distinct values then stay in the processor's cache.
  Rehash(kSlotsMin);
  for (size_t begin = 0, end; begin < count; begin = end) {
    if (begin == kProbeValues && values_.size() > kProbeValues / 100 * 99) return false;
    end = std::min(begin + kGroupValues, count);
    // Most values are known and in the slot that they hash to. Without a branch the processor looks up several at a time.
    uint32_t unknown = 0;
    for (size_t i = begin; i < end; ++i) {
      const uint32_t number = slots_[Hash(words[i]) >> shift_];
      indices[i] = number - 1;
      unknown |= uint32_t{number == 0 || values_[number] != words[i]} << (i - begin);
    }
    for (; unknown != 0; unknown &= unknown - 1) {
      const size_t i = begin + static_cast<size_t>(std::countr_zero(unknown));
      indices[i] = FindOrAdd(words[i]) - 1;
      if (values_.size() > values_max + 1) return false;
    }
  }
  return true;
}

uint32_t WordDictionary::FindOrAdd(uint64_t word) {
  size_t slot = Hash(word) >> shift_;
  while (slots_[slot] != 0) {
    if (values_[slots_[slot]] == word) return slots_[slot];
    slot = (slot + 1) & (slots_.size() - 1);
  }
  const auto number = static_cast<uint32_t>(values_.size());
  slots_[slot] = number;
  values_.PushBack(word);
  if (values_.size() * 2 > slots_.size()) Rehash(slots_.size() * 4);
  return number;
}

void WordDictionary::Rehash(size_t slots) {
  slots_.Resize(slots);
  shift_ = 64 - std::countr_zero(slots);
  std::memset(slots_.data(), 0, slots * sizeof(uint32_t));
  for (size_t number = 1; number < values_.size(); ++number) {
    size_t slot = Hash(values_[number]) >> shift_;
    while (slots_[slot] != 0) slot = (slot + 1) & (slots - 1);
    slots_[slot] = static_cast<uint32_t>(number);
  }
}

}  // namespace gigapi
