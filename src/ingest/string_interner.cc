#include "ingest/string_interner.h"

#include <sys/random.h>

#include <algorithm>
#include <utility>

namespace gigapi {

uint64_t HashSeed() {
  static const uint64_t seed = [] {
    uint64_t value = 0;
    if (getrandom(&value, sizeof(value), 0) != sizeof(value)) value = reinterpret_cast<uintptr_t>(&value);
    return value;
  }();
  return seed;
}

void StringInterner::Grow() {
  PodVector<Slot> old = std::move(slots_);
  slots_ = PodVector<Slot>();
  slots_.Resize(std::max<size_t>(256, old.size() * 8), Slot{kFree, 0});
  const size_t mask = slots_.size() - 1;
  for (const Slot& entry : old) {
    if (entry.code == kFree) continue;
    size_t slot = entry.hash & mask;
    while (slots_[slot].code != kFree) slot = (slot + 1) & mask;
    slots_[slot] = entry;
  }
}

}  // namespace gigapi
