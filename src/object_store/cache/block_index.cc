#include "object_store/cache/block_index.h"

namespace gigapi {

BlockIndex::BlockIndex(uint32_t slots) : entries_(slots), protected_max_(slots - slots / 5) {
  free_.reserve(slots);
  for (uint32_t slot = slots; slot > 0; --slot) free_.push_back(slot - 1);
}

std::optional<uint32_t> BlockIndex::Find(const BlockKey& key) {
  const auto found = slots_.find(key);
  if (found == slots_.end()) return std::nullopt;
  const uint32_t slot = found->second;
  Unlink(slot);
  PushNewest(slot, Segment::kProtected);
  if (protected_.size > protected_max_) {
    const uint32_t demoted = protected_.oldest;
    Unlink(demoted);
    PushNewest(demoted, Segment::kProbation);
  }
  return slot;
}

std::optional<BlockIndex::Reservation> BlockIndex::Reserve(const BlockKey& key) {
  const auto found = slots_.find(key);
  if (found != slots_.end()) return Reservation{.slot = found->second};
  const auto slot = TakeSlot();
  if (!slot) return std::nullopt;
  entries_[*slot].key = key;
  slots_.emplace(key, *slot);
  PushNewest(*slot, Segment::kProbation);
  return Reservation{.slot = *slot, .is_new = true};
}

void BlockIndex::Erase(const BlockKey& key) {
  const auto found = slots_.find(key);
  if (found == slots_.end() || entries_[found->second].pins > 0) return;
  Unlink(found->second);
  free_.push_back(found->second);
  slots_.erase(found);
}

std::optional<uint32_t> BlockIndex::TakeSlot() {
  if (!free_.empty()) {
    const uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  auto victim = OldestUnpinned(probation_);
  if (!victim) victim = OldestUnpinned(protected_);
  if (!victim) return std::nullopt;
  Unlink(*victim);
  slots_.erase(entries_[*victim].key);
  ++evictions_;
  return victim;
}

std::optional<uint32_t> BlockIndex::OldestUnpinned(const List& list) const {
  for (uint32_t slot = list.oldest; slot != kNone; slot = entries_[slot].newer) {
    if (entries_[slot].pins == 0) return slot;
  }
  return std::nullopt;
}

void BlockIndex::PushNewest(uint32_t slot, Segment segment) {
  List& list = ListOf(segment);
  Entry& entry = entries_[slot];
  entry.segment = segment;
  entry.newer = kNone;
  entry.older = list.newest;
  if (list.newest != kNone) entries_[list.newest].newer = slot;
  list.newest = slot;
  if (list.oldest == kNone) list.oldest = slot;
  ++list.size;
}

void BlockIndex::Unlink(uint32_t slot) {
  Entry& entry = entries_[slot];
  List& list = ListOf(entry.segment);
  if (entry.newer != kNone) entries_[entry.newer].older = entry.older;
  else list.newest = entry.older;
  if (entry.older != kNone) entries_[entry.older].newer = entry.newer;
  else list.oldest = entry.newer;
  entry.segment = Segment::kFree;
  --list.size;
}

}  // namespace gigapi
