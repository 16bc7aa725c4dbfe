// Gives equal strings equal codes: how a tag column gets its dictionary. Codes count from 0 in order of appearance and are
// positions in the StringColumn that the interner appends to. Not thread-safe.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/pod_vector.h"
#include "model/column_batch.h"

namespace gigapi {

namespace internal {

template <typename T>
T Load(const char* p) {
  T value;
  std::memcpy(&value, p, sizeof(T));
  return value;
}

}  // namespace internal

/// Equality of short keys, without a call.
inline bool SameBytes(std::string_view a, std::string_view b) {
  using internal::Load;
  if (a.size() != b.size()) return false;
  if (a.size() < 8) {
    if (a.size() < 4) {
      for (size_t i = 0; i < a.size(); ++i) {
        if (a[i] != b[i]) return false;
      }
      return true;
    }
    return Load<uint32_t>(a.data()) == Load<uint32_t>(b.data()) &&
           Load<uint32_t>(a.data() + a.size() - 4) == Load<uint32_t>(b.data() + b.size() - 4);
  }
  size_t at = 0;
  for (; at + 8 < a.size(); at += 8) {
    if (Load<uint64_t>(a.data() + at) != Load<uint64_t>(b.data() + at)) return false;
  }
  return Load<uint64_t>(a.data() + a.size() - 8) == Load<uint64_t>(b.data() + b.size() - 8);
}

/// A hash for short keys that come from clients. `seed` keeps a client from choosing keys that collide.
inline uint64_t HashBytes(std::string_view bytes, uint64_t seed) {
  constexpr uint64_t kMultiplier = 0x9fb21c651e98df25ull;
  const char* p = bytes.data();
  size_t left = bytes.size();
  uint64_t hash = seed ^ (left * kMultiplier);
  const auto mix = [&](uint64_t word) {
    const auto product = static_cast<unsigned __int128>(hash ^ word) * kMultiplier;
    hash = static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  };
  for (; left > 8; left -= 8, p += 8) mix(internal::Load<uint64_t>(p));
  // The last 8 bytes, some of them for the second time: their number costs no loop.
  if (bytes.size() >= 8) {
    mix(internal::Load<uint64_t>(p + left - 8));
  } else if (left >= 4) {
    mix(internal::Load<uint32_t>(p) | uint64_t{internal::Load<uint32_t>(p + left - 4)} << 32);
  } else if (left > 0) {
    mix(uint64_t{static_cast<uint8_t>(p[0])} | uint64_t{static_cast<uint8_t>(p[left / 2])} << 8 |
        uint64_t{static_cast<uint8_t>(p[left - 1])} << 16);
  }
  return hash ^ hash >> 32;
}

/// Random, one a process.
uint64_t HashSeed();

class StringInterner {
 public:
  /// The code of `value`, which is appended to `dictionary` when it is new.
  uint32_t Intern(std::string_view value, StringColumn* dictionary) {
    if (slots_.empty() || dictionary->size() * 2 >= slots_.size()) Grow();
    const size_t mask = slots_.size() - 1;
    const auto hash = static_cast<uint32_t>(HashBytes(value, seed_));
    size_t slot = hash & mask;
    while (slots_[slot].code != kFree) {
      // Values of one column look alike at both ends; their hashes do not.
      if (slots_[slot].hash == hash && SameBytes((*dictionary)[slots_[slot].code], value)) return slots_[slot].code;
      slot = (slot + 1) & mask;
    }
    const auto code = static_cast<uint32_t>(dictionary->size());
    dictionary->Append(value);
    slots_[slot] = {code, hash};
    return code;
  }

 private:
  static constexpr uint32_t kFree = UINT32_MAX;
  struct Slot {
    uint32_t code;
    uint32_t hash;
  };
  void Grow();

  PodVector<Slot> slots_;
  uint64_t seed_ = HashSeed();
};

}  // namespace gigapi
