#include "storage/string_dictionary.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace gigapi {
namespace {

uint64_t Load64(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

uint64_t Mix(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint32_t Hash(std::string_view value) {
  constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15;
  uint64_t hash = value.size() * kMultiplier;
  size_t at = 0;
  for (; at + 8 <= value.size(); at += 8) hash = Mix(hash ^ Load64(value.data() + at), kMultiplier);
  uint64_t tail = 0;
  if (at < value.size()) std::memcpy(&tail, value.data() + at, value.size() - at);
  return static_cast<uint32_t>(Mix(hash ^ tail, 0xD6E8FEB86659FD93));
}

constexpr size_t kInitialSlots = 64;

}  // namespace

StringDictionary::StringDictionary() : slots_(kInitialSlots) {}

uint32_t StringDictionary::FindOrAdd(std::string_view value) {
  const uint32_t hash = Hash(value);
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  for (; slots_[at].id_plus_one != 0; at = (at + 1) & mask) {
    if (slots_[at].hash == hash && values_[slots_[at].id_plus_one - 1] == value) return slots_[at].id_plus_one - 1;
  }
  values_.push_back(value);
  const auto id = static_cast<uint32_t>(values_.size() - 1);
  slots_[at] = {hash, id + 1};
  if (values_.size() * 2 > slots_.size()) Grow();
  return id;
}

void StringDictionary::Grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.id_plus_one == 0) continue;
    size_t at = slot.hash & mask;
    while (slots_[at].id_plus_one != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

std::vector<uint32_t> StringDictionary::SortedIds() const {
  std::vector<uint32_t> ids(values_.size());
  std::iota(ids.begin(), ids.end(), 0);
  std::sort(ids.begin(), ids.end(), [this](uint32_t a, uint32_t b) { return values_[a] < values_[b]; });
  return ids;
}

}  // namespace gigapi
