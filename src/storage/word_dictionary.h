// Distinct 64-bit values of one column chunk and their numbers: dictionary encoding of floats and integers.
#pragma once

#include <cstdint>
#include <span>

#include "base/pod_vector.h"

namespace gigapi {

/// Numbers values from 0 on, about in the order in which they first come. Not thread-safe; reused from chunk to chunk to
/// spare allocation.
class WordDictionary {
 public:
  /// Writes the number of each value to `indices`. False when there are more than values_max distinct ones, or when
  /// nearly all of the first values differ: then the dictionary and the indices are of no use.
  bool Encode(const uint64_t* words, size_t count, size_t values_max, uint32_t* indices);

  std::span<const uint64_t> values() const { return values_.span().subspan(1); }

 private:
  /// The number of a value counted from 1, a new one if need be.
  uint32_t FindOrAdd(uint64_t word);
  void Rehash(size_t slots);

  int shift_ = 0;  // of a hash, to a slot
  PodVector<uint32_t>
      slots_;  // number of the value that hashes here, counted from 1, 0: empty; a power of two, at most half full
  PodVector<uint64_t> values_;  // by number counted from 1
};

}  // namespace gigapi
