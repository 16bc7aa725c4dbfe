#include "storage/word_dictionary.h"

#include <bit>
#include <cstring>

namespace gigapi {
namespace {

constexpr size_t kProbeValues = 16 * 1024;
constexpr size_t kSlotsMin = 1 << 10;

/// Decimals in binary differ in their high bits as in their low ones: both reach the product's high bits, which are used.
uint64_t Hash(uint64_t word) { return (word ^ word >> 32) * 0x9E3779B97F4A7C15; }

}  // namespace

bool WordDictionary::Encode(const uint64_t* words, size_t count, size_t values_max, uint32_t* indices) {
  values_.Clear();
  // Small at first: few distinct values then stay in the processor's cache.
  Rehash(kSlotsMin);
  uint32_t number = 0;
  for (size_t i = 0; i < count; ++i) {
    if (i == kProbeValues && values_.size() > kProbeValues / 100 * 99) return false;
    const uint64_t word = words[i];
    // Series that were sampled together have the same times one after the other: the value that once followed follows again.
    if (number < values_.size() && values_[number] == word) {
      indices[i] = number++;
      continue;
    }
    size_t slot = Hash(word) >> shift_;
    while ((number = slots_[slot]) != 0 && values_[number - 1] != word) slot = (slot + 1) & (slots_.size() - 1);
    if (number == 0) {
      if (values_.size() == values_max) return false;
      values_.PushBack(word);
      slots_[slot] = number = static_cast<uint32_t>(values_.size());
      if (values_.size() * 2 > slots_.size()) Rehash(slots_.size() * 4);
    }
    indices[i] = number - 1;
  }
  return true;
}

void WordDictionary::Rehash(size_t slots) {
  slots_.Resize(slots);
  shift_ = 64 - std::countr_zero(slots);
  std::memset(slots_.data(), 0, slots * sizeof(uint32_t));
  for (size_t i = 0; i < values_.size(); ++i) {
    size_t slot = Hash(values_[i]) >> shift_;
    while (slots_[slot] != 0) slot = (slot + 1) & (slots - 1);
    slots_[slot] = static_cast<uint32_t>(i + 1);
  }
}

}  // namespace gigapi
