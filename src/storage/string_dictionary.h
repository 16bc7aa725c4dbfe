// Distinct strings and their numbers: how dictionaries of several batches or files become one. Not thread-safe.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace gigapi {

/// Numbers strings in the order in which they first come. The strings are not copied: they must outlive the dictionary.
class StringDictionary {
 public:
  StringDictionary();

  uint32_t FindOrAdd(std::string_view value);
  size_t size() const { return values_.size(); }
  std::string_view operator[](uint32_t id) const { return values_[id]; }

  /// The ids in the byte order of their strings.
  std::vector<uint32_t> SortedIds() const;

 private:
  struct Slot {
    uint32_t hash;
    uint32_t id_plus_one;  // 0: empty
  };
  void Grow();

  std::vector<std::string_view> values_;
  std::vector<Slot> slots_;  // open addressing; a power of two, at most half full
};

}  // namespace gigapi
