// Which block lies in which slot of a cache, and which one has to go: the decisions of BlockCache, without its disk. Pure;
// not thread-safe.
//
// Segmented LRU: a block that comes in is on probation, one that was used again is protected, and protected ones are at most
// 4/5 of all. The least recently used on probation goes first, so one query that reads much once does not drive out what
// others read again and again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace gigapi {

/// A digest of an object's key and size.
using ObjectDigest = std::array<uint64_t, 2>;

struct BlockKey {
  ObjectDigest object{};
  uint32_t block = 0;  // number in the object
  bool operator==(const BlockKey&) const = default;
};

class BlockIndex {
 public:
  explicit BlockIndex(uint32_t slots);

  /// The slot of a block; counts as a use.
  std::optional<uint32_t> Find(const BlockKey& key);
  struct Reservation {
    uint32_t slot = 0;
    bool is_new = false;  // the block was not here; what lies in the slot is another's
  };
  /// A slot for a block: the one that it has, else a free one, else that of the block that has to go. nullopt when every
  /// block is pinned.
  std::optional<Reservation> Reserve(const BlockKey& key);
  void Erase(const BlockKey& key);

  /// A pinned block keeps its slot. Pins add up.
  void Pin(uint32_t slot) { ++entries_[slot].pins; }
  void Unpin(uint32_t slot) { --entries_[slot].pins; }
  bool IsPinned(uint32_t slot) const { return entries_[slot].pins > 0; }

  size_t size() const { return slots_.size(); }
  int64_t evictions() const { return evictions_; }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  enum class Segment : uint8_t {
    kFree,
    kProbation,
    kProtected,
  };
  struct Entry {
    BlockKey key;
    uint32_t newer = kNone;
    uint32_t older = kNone;
    uint32_t pins = 0;
    Segment segment = Segment::kFree;
  };
  struct List {
    uint32_t newest = kNone;
    uint32_t oldest = kNone;
    uint32_t size = 0;
  };
  struct KeyHash {
    size_t operator()(const BlockKey& key) const { return key.object[0] ^ (key.block * 0x9e3779b97f4a7c15); }
  };

  List& ListOf(Segment segment) { return segment == Segment::kProtected ? protected_ : probation_; }
  void PushNewest(uint32_t slot, Segment segment);
  void Unlink(uint32_t slot);
  std::optional<uint32_t> OldestUnpinned(const List& list) const;
  std::optional<uint32_t> TakeSlot();

  std::vector<Entry> entries_;  // by slot
  std::vector<uint32_t> free_;
  std::unordered_map<BlockKey, uint32_t, KeyHash> slots_;
  List probation_;
  List protected_;
  const uint32_t protected_max_;
  int64_t evictions_ = 0;
};

}  // namespace gigapi
