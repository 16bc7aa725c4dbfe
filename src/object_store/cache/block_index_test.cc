#include "object_store/cache/block_index.h"

#include <gtest/gtest.h>

#include "object_store/cache/range_plan.h"

namespace gigapi {
namespace {

BlockKey Key(uint32_t block, uint64_t object = 1) { return {{object, 0}, block}; }

/// Puts blocks [first, last] in.
void Add(BlockIndex* index, uint32_t first, uint32_t last) {
  for (uint32_t block = first; block <= last; ++block) ASSERT_TRUE(index->Reserve(Key(block))->is_new);
}

TEST(BlockIndex, GivesEachBlockASlotOfItsOwn) {
  BlockIndex index(3);
  Add(&index, 1, 3);
  EXPECT_EQ(index.size(), 3U);
  const auto slot = index.Find(Key(2));
  ASSERT_TRUE(slot);
  EXPECT_EQ(index.Reserve(Key(2))->slot, *slot);
  EXPECT_FALSE(index.Reserve(Key(2))->is_new);
  EXPECT_NE(index.Find(Key(1)), slot);
  EXPECT_FALSE(index.Find(Key(2, 7))) << "of another object";
  EXPECT_FALSE(index.Find(Key(4)));
}

TEST(BlockIndex, LetsTheLeastRecentlyUsedGo) {
  BlockIndex index(3);
  Add(&index, 1, 4);
  EXPECT_FALSE(index.Find(Key(1)));
  EXPECT_TRUE(index.Find(Key(2)));
  Add(&index, 5, 5);
  EXPECT_FALSE(index.Find(Key(3))) << "2 was used since";
  EXPECT_TRUE(index.Find(Key(2)));
  EXPECT_EQ(index.evictions(), 2);
}

TEST(BlockIndex, KeepsWhatIsReadAgainThroughALongScan) {
  BlockIndex index(10);
  Add(&index, 1, 5);
  for (uint32_t block = 1; block <= 5; ++block) EXPECT_TRUE(index.Find(Key(block)));
  Add(&index, 100, 1'000);
  for (uint32_t block = 1; block <= 5; ++block) EXPECT_TRUE(index.Find(Key(block))) << block;
}

TEST(BlockIndex, DoesNotProtectAll) {
  BlockIndex index(10);
  Add(&index, 1, 10);
  for (uint32_t block = 1; block <= 10; ++block) EXPECT_TRUE(index.Find(Key(block)));
  Add(&index, 11, 12);
  EXPECT_FALSE(index.Find(Key(1))) << "demoted, for 8 of 10 may be protected";
  EXPECT_FALSE(index.Find(Key(2)));
  EXPECT_TRUE(index.Find(Key(3)));
  EXPECT_TRUE(index.Find(Key(12)));
}

TEST(BlockIndex, KeepsPinnedBlocks) {
  BlockIndex index(2);
  Add(&index, 1, 2);
  const uint32_t first = *index.Find(Key(1));
  const uint32_t second = *index.Find(Key(2));
  index.Pin(first);
  index.Pin(second);
  EXPECT_FALSE(index.Reserve(Key(3)));
  index.Erase(Key(1));
  EXPECT_TRUE(index.Find(Key(1)));
  index.Unpin(second);
  EXPECT_EQ(index.Reserve(Key(3))->slot, second);
  EXPECT_TRUE(index.Find(Key(1)));
  index.Unpin(first);
  index.Erase(Key(1));
  EXPECT_FALSE(index.Find(Key(1)));
  EXPECT_EQ(index.Reserve(Key(4))->slot, first);
}

using Ranges = std::vector<ByteRange>;

TEST(PlanRequests, JoinsNeighboursAndCutsLongOnes) {
  const RangePolicy policy{.gap_bytes_max = 10, .request_bytes_max = 100};
  EXPECT_EQ(PlanRequests({}, policy), Ranges{});
  EXPECT_EQ(PlanRequests({{5, 0}}, policy), Ranges{});
  EXPECT_EQ(PlanRequests({{0, 10}, {20, 10}}, policy), (Ranges{{0, 30}}));
  EXPECT_EQ(PlanRequests({{0, 10}, {21, 10}}, policy), (Ranges{{0, 10}, {21, 10}}));
  EXPECT_EQ(PlanRequests({{21, 10}, {0, 10}, {5, 10}, {2, 3}}, policy), (Ranges{{0, 31}}));
  EXPECT_EQ(PlanRequests({{50, 250}}, policy), (Ranges{{50, 83}, {133, 83}, {216, 84}}));
  EXPECT_EQ(PlanRequests({{0, 100}}, policy), (Ranges{{0, 100}}));
}

}  // namespace
}  // namespace gigapi
