#include "storage/word_dictionary.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace gigapi {
namespace {
constexpr size_t kProbeValues = 16 * 1024;
}  // namespace

bool WordDictionary::Encode(const uint64_t* words, size_t count, size_t values_max, uint32_t* indices) {
  constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15;
  const size_t slots = std::bit_ceil(std::max<size_t>(2 * std::min(count, values_max + 1), 16));
  const int shift = 64 - std::countr_zero(slots);
  slots_.Resize(slots);
  std::memset(slots_.data(), 0, slots * sizeof(uint32_t));
  values_.Clear();
  for (size_t i = 0; i < count; ++i) {
    if (i == kProbeValues && values_.size() > kProbeValues / 100 * 99) return false;
    const uint64_t word = words[i];
    // Decimals in binary differ in their high bits as in their low ones: fold both into the product's high bits.
    size_t slot = ((word ^ word >> 32) * kMultiplier) >> shift;
    uint32_t number;
    while ((number = slots_[slot]) != 0 && values_[number - 1] != word) slot = (slot + 1) & (slots - 1);
    if (number == 0) {
      if (values_.size() == values_max) return false;
      values_.PushBack(word);
      slots_[slot] = number = static_cast<uint32_t>(values_.size());
    }
    indices[i] = number - 1;
  }
  return true;
}

}  // namespace gigapi
