#include "ingest/string_interner.h"

#include <sys/random.h>

#include <algorithm>

namespace gigapi {

uint64_t HashSeed() {
  static const uint64_t seed = [] {
    uint64_t value = 0;
    if (getrandom(&value, sizeof(value), 0) != sizeof(value)) value = reinterpret_cast<uintptr_t>(&value);
    return value;
  }();
  return seed;
}

void StringInterner::Grow(const StringColumn& dictionary) {
  const size_t size = std::max<size_t>(64, slots_.size() * 4);
  slots_.Resize(size);
  std::fill(slots_.begin(), slots_.end(), kFree);
  for (uint32_t code = 0; code < dictionary.size(); ++code) {
    size_t slot = HashBytes(dictionary[code], seed_) & (size - 1);
    while (slots_[slot] != kFree) slot = (slot + 1) & (size - 1);
    slots_[slot] = code;
  }
}

}  // namespace gigapi
