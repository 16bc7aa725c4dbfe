#include "object_store/cache/block_runs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gigapi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

BlockRun RunAt(uint32_t offset, uint32_t size) { return {.offset = offset, .size = size, .checksum = offset + size}; }

TEST(BlockRuns, FindsTheRunThatHasAll) {
  BlockRuns runs;
  EXPECT_THAT(runs.Cover(0, 1), IsEmpty());
  runs.Add(RunAt(100, 50));
  runs.Add(RunAt(300, 50));
  EXPECT_THAT(runs.Cover(100, 50), ElementsAre(RunAt(100, 50)));
  EXPECT_THAT(runs.Cover(349, 1), ElementsAre(RunAt(300, 50)));
  EXPECT_THAT(runs.Cover(99, 2), IsEmpty());
  EXPECT_THAT(runs.Cover(149, 2), IsEmpty());
  EXPECT_THAT(runs.Cover(100, 250), IsEmpty()) << "between them is nothing";
}

/// Threads that write at the same time do not see each other's runs, so these may touch and overlap.
TEST(BlockRuns, FindsRunsThatTogetherHaveAll) {
  BlockRuns runs;
  runs.Add(RunAt(100, 100));
  runs.Add(RunAt(150, 100));
  runs.Add(RunAt(250, 50));
  runs.Add(RunAt(240, 20));
  EXPECT_THAT(runs.Cover(100, 200), ElementsAre(RunAt(100, 100), RunAt(150, 100), RunAt(250, 50)));
  EXPECT_THAT(runs.Cover(160, 50), ElementsAre(RunAt(150, 100)));
  EXPECT_THAT(runs.Cover(100, 201), IsEmpty());
}

TEST(BlockRuns, KnowsNeighbours) {
  BlockRuns runs;
  runs.Add(RunAt(100, 50));
  runs.Add(RunAt(300, 50));
  EXPECT_THAT(runs.Touching(0, 99), IsEmpty());
  EXPECT_THAT(runs.Touching(0, 100), ElementsAre(RunAt(100, 50)));
  EXPECT_THAT(runs.Touching(150, 149), ElementsAre(RunAt(100, 50)));
  EXPECT_THAT(runs.Touching(150, 150), ElementsAre(RunAt(100, 50), RunAt(300, 50)));
  EXPECT_THAT(runs.Touching(320, 1), ElementsAre(RunAt(300, 50)));
  EXPECT_THAT(runs.Touching(351, 10), IsEmpty());
}

TEST(BlockRuns, ALongerRunTakesThePlaceOfThoseInIt) {
  BlockRuns runs;
  runs.Add(RunAt(100, 50));
  runs.Add(RunAt(300, 50));
  runs.Add(RunAt(500, 50));
  runs.Add(RunAt(100, 250));
  EXPECT_EQ(runs.size(), 2U);
  EXPECT_THAT(runs.Cover(300, 50), ElementsAre(RunAt(100, 250)));
  EXPECT_THAT(runs.Cover(500, 50), ElementsAre(RunAt(500, 50)));
}

TEST(BlockRuns, AreBounded) {
  BlockRuns runs;
  for (uint32_t i = 0; i < BlockRuns::kRunsMax; ++i) runs.Add(RunAt(i * 1'000, i == 3 ? 10 : 100));
  EXPECT_EQ(runs.size(), BlockRuns::kRunsMax);
  EXPECT_THAT(runs.Cover(3'000, 10), SizeIs(1));
  runs.Add(RunAt(60'000, 5));
  EXPECT_EQ(runs.size(), BlockRuns::kRunsMax);
  EXPECT_THAT(runs.Cover(60'000, 5), SizeIs(1)) << "what is wanted now stays";
  EXPECT_THAT(runs.Cover(3'000, 10), IsEmpty()) << "the smallest of the others goes";
  EXPECT_THAT(runs.Cover(4'000, 100), SizeIs(1));
}

TEST(BlockRuns, ForgetsOneAlone) {
  BlockRuns runs;
  runs.Add(RunAt(100, 50));
  runs.Add(RunAt(300, 50));
  runs.Remove({.offset = 100, .size = 50, .checksum = 1});
  EXPECT_EQ(runs.size(), 2U) << "it has been written anew since";
  runs.Remove(RunAt(100, 50));
  EXPECT_THAT(runs.Cover(100, 50), IsEmpty());
  EXPECT_THAT(runs.Cover(300, 50), SizeIs(1));
  runs.Clear();
  EXPECT_TRUE(runs.empty());
}

}  // namespace
}  // namespace gigapi
