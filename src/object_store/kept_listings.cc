#include "object_store/kept_listings.h"

#include <algorithm>

namespace gigapi {

std::optional<WholeListing> KeptListings::Take(const std::string& prefix, const std::string& start_after, int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  std::erase_if(kept_, [&](const Kept& kept) { return now_ns - kept.listing.listed_ns > kAgeNanosMax; });
  const auto found = std::ranges::find_if(
      kept_, [&](const Kept& kept) { return kept.prefix == prefix && kept.start_after == start_after; });
  if (found == kept_.end()) return std::nullopt;
  WholeListing listing = std::move(found->listing);
  kept_.erase(found);
  return listing;
}

void KeptListings::Keep(const std::string& prefix, const std::string& start_after, WholeListing listing) {
  const std::lock_guard lock(mutex_);
  std::erase_if(kept_, [&](const Kept& kept) { return kept.prefix == prefix && kept.start_after == start_after; });
  if (kept_.size() == kListingsMax) kept_.erase(kept_.begin());
  kept_.push_back({prefix, start_after, std::move(listing)});
}

}  // namespace gigapi
