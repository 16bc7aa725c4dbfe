// What of whole listings was not answered yet, for a store that can only list everything under a prefix: so its pages cost
// one listing together and not one each. A page is as old as the first one of its walk. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "object_store/object_store.h"

namespace gigapi {

/// All objects under a prefix, in the order of keys; those before `next` were answered.
struct WholeListing {
  std::vector<ObjectInfo> objects;
  size_t next = 0;
  int64_t listed_ns = 0;  // steady
};

class KeptListings {
 public:
  static constexpr size_t kListingsMax = 4;
  static constexpr int64_t kAgeNanosMax = 600'000'000'000;

  /// The listing whose last page ended with `start_after`; nullopt: there is none, or it is too old.
  std::optional<WholeListing> Take(const std::string& prefix, const std::string& start_after, int64_t now_ns);
  /// In place of another one that stands there; of too many the oldest goes.
  void Keep(const std::string& prefix, const std::string& start_after, WholeListing listing);

 private:
  struct Kept {
    std::string prefix;
    std::string start_after;
    WholeListing listing;
  };

  std::mutex mutex_;
  std::vector<Kept> kept_;  // the oldest first
};

}  // namespace gigapi
