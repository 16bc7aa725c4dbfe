#include "object_store/cache/tail_cache.h"

namespace gigapi {
namespace {

/// What an entry takes besides its bytes, about.
constexpr int64_t kEntryBytes = 200;

int64_t CostOf(const std::string& tail) { return static_cast<int64_t>(tail.size()) + kEntryBytes; }

}  // namespace

std::shared_ptr<const std::string> TailCache::Find(const ObjectDigest& object, uint64_t object_bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = places_.find(object);
  if (found == places_.end() || found->second->object_bytes != object_bytes) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->tail;
}

void TailCache::Put(const ObjectDigest& object, uint64_t object_bytes, std::string tail) {
  const std::lock_guard lock(mutex_);
  const auto found = places_.find(object);
  if (found != places_.end()) {
    bytes_ -= CostOf(*found->second->tail);
    entries_.erase(found->second);
    places_.erase(found);
  }
  bytes_ += CostOf(tail);
  entries_.push_front({object, object_bytes, std::make_shared<const std::string>(std::move(tail))});
  places_[object] = entries_.begin();
  while (bytes_ > capacity_bytes_) {
    bytes_ -= CostOf(*entries_.back().tail);
    places_.erase(entries_.back().object);
    entries_.pop_back();
  }
}

int64_t TailCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace gigapi
