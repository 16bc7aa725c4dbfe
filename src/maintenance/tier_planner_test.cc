#include "maintenance/tier_planner.h"

#include <gmock/gmock.h>

#include <map>
#include <random>
#include <set>

#include "base/clock.h"

namespace gigapi {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kSecond = kNanosPerSecond;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kNow = 500'000 * kNanosPerHour;
constexpr int64_t kMegabyte = 1 << 20;
constexpr int64_t kBig = 100 * kMegabyte;  // too large to be merged before a move

TierLayer Local(int64_t ttl_ns, int64_t free_bytes = 1'000'000 * kMegabyte, int64_t wanted_bytes = 0) {
  return {.name = "local", .ttl_ns = ttl_ns, .is_local = true, .free_bytes = free_bytes, .wanted_free_bytes = wanted_bytes};
}

TierLayer Remote(int64_t ttl_ns) { return {.name = "remote", .ttl_ns = ttl_ns}; }

class TierPlannerTest : public testing::Test {
 protected:
  TierFile& Add(size_t layer, int64_t bytes, int64_t age_ns, int level = 2) {
    files_.push_back({.index = files_.size(),
                      .partition = 7,
                      .layer = layer,
                      .size_bytes = bytes,
                      .oldest_ns = kNow - age_ns,
                      .newest_ns = kNow - age_ns,
                      .level = level});
    return files_.back();
  }

  TierPlan Plan() const { return PlanTiers(layers_, files_, kNow, options_); }

  std::map<size_t, size_t> Moves() const {
    std::map<size_t, size_t> moves;
    for (const TierMove& move : Plan().moves) moves[move.file] = move.layer;
    return moves;
  }

  std::vector<size_t> Moved() const {
    std::vector<size_t> moved;
    for (const TierMove& move : Plan().moves) moved.push_back(move.file);
    return moved;
  }

  std::vector<TierLayer> layers_ = {Local(30 * kMinute), Remote(0)};
  std::vector<TierFile> files_;
  TierPlannerOptions options_;
};

TEST_F(TierPlannerTest, NothingToDo) {
  EXPECT_THAT(Plan().moves, IsEmpty());
  layers_.clear();
  EXPECT_THAT(Plan().moves, IsEmpty());
}

TEST_F(TierPlannerTest, AFileMovesAtItsTtlAndNotBefore) {
  Add(0, kBig, 30 * kMinute - 1);
  EXPECT_THAT(Moved(), IsEmpty());
  files_[0].oldest_ns -= 1;
  EXPECT_EQ(Moves(), (std::map<size_t, size_t>{{0, 1}}));
}

TEST_F(TierPlannerTest, TheOldestMoveFirst) {
  Add(0, kBig, 40 * kMinute);
  Add(0, kBig, 60 * kMinute);
  Add(0, kBig, 50 * kMinute);
  EXPECT_THAT(Moved(), ElementsAre(1, 2, 0));
}

TEST_F(TierPlannerTest, EachMoveGoesOneLayerOnAndEachLayerHasItsOwnTtl) {
  layers_ = {Local(10 * kSecond), Remote(kMinute), Remote(kNanosPerHour)};
  Add(0, kBig, 11 * kSecond);
  Add(1, kBig, 11 * kSecond);
  Add(1, kBig, 61 * kSecond);
  Add(2, kBig, 61 * kSecond);
  EXPECT_EQ(Moves(), (std::map<size_t, size_t>{{0, 1}, {2, 2}}));
  EXPECT_THAT(Plan().drops, IsEmpty());
}

TEST_F(TierPlannerTest, TtlZeroKeepsForEver) {
  layers_ = {Local(0), Remote(0)};
  Add(0, kBig, 10'000 * kNanosPerHour);
  Add(1, kBig, 10'000 * kNanosPerHour);
  EXPECT_THAT(Moved(), IsEmpty());
  EXPECT_THAT(Plan().drops, IsEmpty());
  layers_ = {Local(-1), Remote(-1)};
  EXPECT_THAT(Moved(), IsEmpty());
  EXPECT_THAT(Plan().drops, IsEmpty());
}

TEST_F(TierPlannerTest, TheLastTtlDropsWhenTheNewestRowsHaveReachedIt) {
  layers_ = {Remote(kNanosPerHour)};
  TierFile& file = Add(0, kBig, 3 * kNanosPerHour);
  file.newest_ns = kNow - kNanosPerHour + 1;
  EXPECT_THAT(Plan().drops, IsEmpty());
  file.newest_ns -= 1;
  EXPECT_THAT(Plan().drops, ElementsAre(0));
}

TEST_F(TierPlannerTest, TheOldestRowsMoveAFileHoweverYoungTheRestIs) {
  Add(0, kBig, 31 * kMinute).newest_ns = kNow;
  EXPECT_THAT(Moved(), ElementsAre(0));
}

// ---- merges before moves ---------------------------------------------------------------------------------------------
TEST_F(TierPlannerTest, SmallFilesThatAreDueTogetherAreMergedFirst) {
  Add(0, kMegabyte, 25 * kMinute);
  Add(0, kMegabyte, 30 * kMinute);
  Add(0, kMegabyte, 22 * kMinute);  // not due within a quarter of the TTL
  const TierPlan plan = Plan();
  ASSERT_EQ(plan.merges.size(), 1u);
  EXPECT_THAT(plan.merges[0].files, ElementsAre(1, 0));
  EXPECT_EQ(plan.merges[0].output_level, 3);
  EXPECT_THAT(plan.moves, IsEmpty());
}

TEST_F(TierPlannerTest, AnHourThatIsOverIsMergedToTheLastLevel) {
  for (int i = 0; i < 3; ++i) Add(0, kMegabyte, 30 * kMinute, 1).is_hour_over = true;
  ASSERT_EQ(Plan().merges.size(), 1u);
  EXPECT_EQ(Plan().merges[0].output_level, 4);
}

TEST_F(TierPlannerTest, NobodyIsMergedBeforeOneIsDue) {
  for (int i = 0; i < 5; ++i) Add(0, kMegabyte, 30 * kMinute - 1);
  EXPECT_THAT(Plan().merges, IsEmpty());
  EXPECT_THAT(Moved(), IsEmpty());
}

TEST_F(TierPlannerTest, FilesOfTwoHoursAreNotMerged) {
  Add(0, kMegabyte, 30 * kMinute).partition = 1;
  Add(0, kMegabyte, 30 * kMinute).partition = 2;
  EXPECT_THAT(Plan().merges, IsEmpty());
  EXPECT_EQ(Moved().size(), 2u);
}

TEST_F(TierPlannerTest, FilesOfTwoLayersAreNotMerged) {
  layers_ = {Local(30 * kMinute), Remote(30 * kMinute), Remote(0)};
  Add(0, kMegabyte, 30 * kMinute);
  Add(1, kMegabyte, 30 * kMinute);
  EXPECT_THAT(Plan().merges, IsEmpty());
  EXPECT_EQ(Moves(), (std::map<size_t, size_t>{{0, 1}, {1, 2}}));
}

TEST_F(TierPlannerTest, WhatIsAsMergedAsItGetsMoves) {
  Add(0, kMegabyte, 30 * kMinute, 4);
  Add(0, kMegabyte, 30 * kMinute, 4);
  EXPECT_THAT(Plan().merges, IsEmpty());
  EXPECT_EQ(Moved().size(), 2u);
}

TEST_F(TierPlannerTest, LargeFilesMoveAsTheyAre) {
  Add(0, options_.merge_file_bytes_max + 1, 30 * kMinute);
  Add(0, kMegabyte, 30 * kMinute);
  EXPECT_THAT(Plan().merges, IsEmpty());
  EXPECT_EQ(Moved().size(), 2u);
}

TEST_F(TierPlannerTest, AFewRowsDoNotRewriteALargerFile) {
  Add(0, 60 * kMegabyte, 30 * kMinute);
  Add(0, kMegabyte, 29 * kMinute);
  EXPECT_THAT(Plan().merges, IsEmpty());
  EXPECT_THAT(Moved(), ElementsAre(0));
}

TEST_F(TierPlannerTest, AMergeThatDoesNotComeHoldsUpNothing) {
  const int64_t slack = 30 * kMinute / 4;
  Add(0, kMegabyte, 30 * kMinute + slack);
  Add(0, kMegabyte, 30 * kMinute + slack);
  EXPECT_EQ(Plan().merges.size(), 1u);
  for (TierFile& file : files_) file.oldest_ns -= 1;
  EXPECT_THAT(Plan().merges, IsEmpty());
  EXPECT_EQ(Moved().size(), 2u);
}

TEST_F(TierPlannerTest, TheSlackOfLongTtlsIsBounded) {
  layers_[0].ttl_ns = 1'000 * kNanosPerHour;
  Add(0, kMegabyte, layers_[0].ttl_ns);
  Add(0, kMegabyte, layers_[0].ttl_ns - options_.slack_ns_max);
  EXPECT_EQ(Plan().merges.size(), 1u);
  files_[1].oldest_ns += 1;
  EXPECT_THAT(Plan().merges, IsEmpty());
}

TEST_F(TierPlannerTest, AMergeIsBoundedInFilesAndBytes) {
  for (int i = 0; i < 40; ++i) Add(0, kMegabyte, 30 * kMinute);
  std::vector<size_t> counts;
  for (const TierMerge& merge : Plan().merges) counts.push_back(merge.files.size());
  EXPECT_THAT(counts, ElementsAre(16, 16, 8));
  counts.clear();
  for (TierFile& file : files_) file.size_bytes = 50 * kMegabyte;
  for (const TierMerge& merge : Plan().merges) counts.push_back(merge.files.size());
  EXPECT_THAT(counts, ElementsAre(8, 8, 8, 8, 8));
  options_.merge_files_max = 0;
  EXPECT_THAT(Plan().merges, IsEmpty());
  EXPECT_EQ(Moved().size(), 40u);
}

TEST_F(TierPlannerTest, AFullLayerDoesNotMergeBeforeItMoves) {
  layers_[0] = Local(30 * kMinute, 3 * kMegabyte, 2 * kMegabyte);
  Add(0, kMegabyte, 30 * kMinute);
  Add(0, kMegabyte, 30 * kMinute);
  EXPECT_THAT(Plan().merges, IsEmpty());  // the result has no room
  EXPECT_EQ(Moved().size(), 2u);
  layers_[0].free_bytes = 4 * kMegabyte;
  EXPECT_EQ(Plan().merges.size(), 1u);
}

TEST_F(TierPlannerTest, TheLastLayerMergesNothingBeforeADrop) {
  layers_ = {Remote(kMinute)};
  for (int i = 0; i < 3; ++i) Add(0, kMegabyte, kMinute);
  EXPECT_THAT(Plan().merges, IsEmpty());
  EXPECT_EQ(Plan().drops.size(), 3u);
}

// ---- the free-space guard ----------------------------------------------------------------------------------------------
TEST_F(TierPlannerTest, WantedFreeBytesIsTheLargerOfTheTwo) {
  EXPECT_EQ(WantedFreeBytes(1'000, 100, 5), 100);
  EXPECT_EQ(WantedFreeBytes(10'000, 100, 5), 500);
  EXPECT_EQ(WantedFreeBytes(10'000, 0, 0), 0);
}

TEST_F(TierPlannerTest, AFullLayerGivesItsOldestFilesAwayEarly) {
  layers_[0] = Local(30 * kMinute, 100, 400);
  Add(0, 200, 1 * kMinute);
  Add(0, 200, 3 * kMinute);
  Add(0, 200, 2 * kMinute);
  EXPECT_THAT(Moved(), ElementsAre(1, 2));
  layers_[0].ttl_ns = 0;
  EXPECT_THAT(Moved(), ElementsAre(1, 2));
  layers_[0].free_bytes = 400;
  EXPECT_THAT(Moved(), IsEmpty());
}

TEST_F(TierPlannerTest, WhatLeavesByAgeCountsForTheGuard) {
  layers_[0] = Local(30 * kMinute, 100, 400);
  Add(0, 300, 31 * kMinute);
  Add(0, 300, 2 * kMinute);
  EXPECT_THAT(Moved(), ElementsAre(0));
}

TEST_F(TierPlannerTest, WhatWaitsForItsRemovalCountsForTheGuardAndIsNoRoom) {
  layers_ = {Local(kNanosPerHour, 400, 1'000), Remote(0)};
  Add(0, 300, 2 * kMinute);
  Add(0, 300, kMinute);
  layers_[0].waiting_bytes = 600;
  EXPECT_THAT(Moved(), IsEmpty());
  layers_[0].waiting_bytes = 599;
  EXPECT_THAT(Moved(), ElementsAre(0));
  layers_ = {Remote(kMinute), Local(kNanosPerHour, 900, 1'000), Remote(0)};
  layers_[1].waiting_bytes = 600;
  EXPECT_EQ(Moves(), (std::map<size_t, size_t>{{0, 2}, {1, 2}}));
}

TEST_F(TierPlannerTest, WithoutANextLayerAFullOneKeepsAll) {
  layers_ = {Local(0, 100, 400)};
  Add(0, 200, 100 * kNanosPerHour);
  EXPECT_THAT(Moved(), IsEmpty());
  EXPECT_THAT(Plan().drops, IsEmpty());
}

TEST_F(TierPlannerTest, AFullLayerIsPassedBy) {
  layers_ = {Local(kMinute), Local(kNanosPerHour, 500, 400), Remote(0)};
  Add(0, 200, 2 * kMinute);
  EXPECT_EQ(Moves(), (std::map<size_t, size_t>{{0, 2}}));
  layers_[1].free_bytes = 600;
  EXPECT_EQ(Moves(), (std::map<size_t, size_t>{{0, 1}}));
  layers_ = {Local(kMinute), Local(0, 500, 400)};
  EXPECT_THAT(Moved(), IsEmpty());
}

TEST_F(TierPlannerTest, AFileThatHasNoRoomDoesNotHoldUpSmallerOnes) {
  layers_ = {Local(kMinute), Local(0, 500, 200)};
  Add(0, 400, 4 * kMinute);
  Add(0, 200, 3 * kMinute);
  Add(0, 200, 2 * kMinute);
  EXPECT_THAT(Moved(), ElementsAre(1));
}

// ---- any state ---------------------------------------------------------------------------------------------------------
std::vector<TierLayer> RandomLayers(std::mt19937* random) {
  std::vector<TierLayer> layers(1 + (*random)() % 4);
  for (TierLayer& layer : layers) {
    layer.ttl_ns = (*random)() % 3 == 0 ? 0 : static_cast<int64_t>(1 + (*random)() % 100) * kMinute;
    layer.is_local = (*random)() % 2 == 0;
    layer.free_bytes = static_cast<int64_t>((*random)() % 500) * kMegabyte;
    layer.wanted_free_bytes = static_cast<int64_t>((*random)() % 500) * kMegabyte;
  }
  return layers;
}

std::vector<TierFile> RandomFiles(std::mt19937* random, size_t layers) {
  std::vector<TierFile> files((*random)() % 60);
  for (size_t i = 0; i < files.size(); ++i) {
    const int64_t newest_age = static_cast<int64_t>((*random)() % 150) * kMinute;
    files[i] = {.index = i,
                .partition = (*random)() % 3,
                .layer = (*random)() % layers,
                .size_bytes = static_cast<int64_t>(1 + (*random)() % 90) * kMegabyte,
                .oldest_ns = kNow - newest_age - static_cast<int64_t>((*random)() % 20) * kMinute,
                .newest_ns = kNow - newest_age,
                .level = static_cast<int>(1 + (*random)() % 4),
                .is_hour_over = (*random)() % 2 == 0};
  }
  return files;
}

void ExpectSound(const std::vector<TierLayer>& layers, const std::vector<TierFile>& files, const TierPlan& plan) {
  std::set<size_t> planned;
  std::vector<int64_t> coming_bytes(layers.size());
  for (const TierMove& move : plan.moves) {
    EXPECT_TRUE(planned.insert(move.file).second);
    EXPECT_GT(move.layer, files[move.file].layer);
    ASSERT_LT(move.layer, layers.size());
    coming_bytes[move.layer] += files[move.file].size_bytes;
  }
  for (const TierMerge& merge : plan.merges) {
    EXPECT_GE(merge.files.size(), 2u);
    for (const size_t file : merge.files) {
      EXPECT_TRUE(planned.insert(file).second);
      EXPECT_EQ(files[file].partition, files[merge.files[0]].partition);
      EXPECT_EQ(files[file].layer, files[merge.files[0]].layer);
      EXPECT_LE(files[merge.files[0]].oldest_ns, files[file].oldest_ns);
      EXPECT_GE(merge.output_level, files[file].level);
      coming_bytes[files[file].layer] += files[file].size_bytes;
    }
  }
  for (const size_t file : plan.drops) {
    EXPECT_TRUE(planned.insert(file).second);
    EXPECT_EQ(files[file].layer, layers.size() - 1);
    EXPECT_GT(layers.back().ttl_ns, 0);
    EXPECT_GE(kNow - files[file].newest_ns, layers.back().ttl_ns);
  }
  for (size_t layer = 0; layer < layers.size(); ++layer) {
    if (!layers[layer].is_local || coming_bytes[layer] == 0) continue;
    EXPECT_GE(layers[layer].free_bytes - coming_bytes[layer], layers[layer].wanted_free_bytes);
  }
}

TEST_F(TierPlannerTest, EveryPlanIsSound) {
  for (unsigned seed = 0; seed < 3'000 && !HasFailure(); ++seed) {
    std::mt19937 random(seed);
    layers_ = RandomLayers(&random);
    files_ = RandomFiles(&random, layers_.size());
    SCOPED_TRACE(seed);
    ExpectSound(layers_, files_, Plan());
  }
}

/// With room behind it, every file that is overdue leaves, and every full layer gets the space it wants if files can give
/// it.
TEST_F(TierPlannerTest, NothingIsLeftBehindWhereTheLastLayerIsRemote) {
  for (unsigned seed = 0; seed < 3'000 && !HasFailure(); ++seed) {
    std::mt19937 random(seed);
    layers_ = RandomLayers(&random);
    layers_.push_back(Remote(0));
    files_ = RandomFiles(&random, layers_.size());
    const TierPlan plan = Plan();
    std::set<size_t> planned;
    std::vector<int64_t> left_bytes(layers_.size()), leaving_bytes(layers_.size());
    for (const TierMove& move : plan.moves) planned.insert(move.file);
    for (const TierMerge& merge : plan.merges) planned.insert(merge.files.begin(), merge.files.end());
    SCOPED_TRACE(seed);
    for (const TierFile& file : files_) {
      const int64_t ttl = layers_[file.layer].ttl_ns;
      const bool is_overdue = file.layer + 1 < layers_.size() && ttl > 0 && kNow - file.oldest_ns >= ttl;
      EXPECT_TRUE(planned.contains(file.index) || !is_overdue);
      (planned.contains(file.index) ? leaving_bytes : left_bytes)[file.layer] += file.size_bytes;
    }
    for (size_t layer = 0; layer + 1 < layers_.size(); ++layer) {
      if (!layers_[layer].is_local || left_bytes[layer] == 0) continue;
      EXPECT_GE(layers_[layer].free_bytes + leaving_bytes[layer], layers_[layer].wanted_free_bytes);
    }
  }
}

/// Carried out minute by minute while files keep coming: merges stay few, no file stays longer than the TTL and its slack.
TEST_F(TierPlannerTest, MergesNeverOutrunTheMove) {
  std::mt19937 random(1);
  int64_t now = kNow, merged_bytes = 0, written_bytes = 0;
  size_t next = 0, moved = 0;
  for (int minute = 0; minute < 600; ++minute, now += kMinute) {
    for (size_t count = random() % 4; count > 0; --count) {
      const int64_t bytes = static_cast<int64_t>(1 + random() % 4) * kMegabyte;
      files_.push_back({.index = next++, .size_bytes = bytes, .oldest_ns = now, .newest_ns = now});
      written_bytes += bytes;
    }
    const TierPlan plan = PlanTiers(layers_, files_, now, options_);
    for (const TierMerge& merge : plan.merges) {
      TierFile result{.index = next++, .oldest_ns = now, .newest_ns = 0, .level = merge.output_level};
      for (const size_t index : merge.files) {
        const auto input = std::find_if(files_.begin(), files_.end(), [&](const TierFile& f) { return f.index == index; });
        result.size_bytes += input->size_bytes;
        result.oldest_ns = std::min(result.oldest_ns, input->oldest_ns);
        result.newest_ns = std::max(result.newest_ns, input->newest_ns);
        files_.erase(input);
      }
      merged_bytes += result.size_bytes;
      files_.push_back(result);
    }
    for (const TierMove& move : plan.moves) {
      ++moved;
      std::erase_if(files_, [&](const TierFile& file) { return file.index == move.file; });
    }
    for (const TierFile& file : files_) EXPECT_LE(now - file.oldest_ns, 30 * kMinute + 30 * kMinute / 4);
  }
  EXPECT_GT(moved, 0u);
  EXPECT_LT(moved, next / 4);  // the merges were worth it
  EXPECT_LT(merged_bytes, 4 * written_bytes);
}

}  // namespace
}  // namespace gigapi
