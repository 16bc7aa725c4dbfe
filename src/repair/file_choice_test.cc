#include "repair/file_choice.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace gigapi {
namespace {

using enum FileChoice;

class FileChoiceTest : public testing::Test {
 protected:
  FileProvenance* Add(int level, std::map<std::string, LogRanges> logs, size_t layer = 0) {
    FileProvenance& provenance = provenances_.emplace_back();
    provenance.logs = std::move(logs);
    provenance.created_ns = static_cast<int64_t>(provenances_.size());
    candidates_.push_back({.name = std::to_string(candidates_.size()),
                           .layer = layer,
                           .level = level,
                           .size_bytes = static_cast<int64_t>(100 + candidates_.size()),
                           .provenance = &provenance});
    return &provenance;
  }
  std::vector<FileChoice> Choose() const { return ChooseFiles(candidates_); }

  std::deque<FileProvenance> provenances_;
  std::vector<FileCandidate> candidates_;
};

TEST_F(FileChoiceTest, TakesAMergedFileAndNotItsInputs) {
  Add(1, {{"a", {{0, 5}}}});
  Add(1, {{"a", {{5, 9}}}});
  Add(1, {{"b", {{5, 9}}}});
  Add(2, {{"a", {{0, 9}}}});
  EXPECT_EQ(Choose(), (std::vector{kReplaced, kReplaced, kTaken, kTaken}));
}

TEST_F(FileChoiceTest, TakesOneOfTwoCopiesInLayers) {
  Add(2, {{"a", {{0, 9}}}}, 1);
  Add(2, {{"a", {{0, 9}}}}, 0);
  EXPECT_EQ(Choose(), (std::vector{kTaken, kReplaced}));
}

TEST_F(FileChoiceTest, TakesTheLaterOfTwoAttemptsOfAFlush) {
  Add(1, {{"a", {{0, 9}}}});
  Add(1, {{"a", {{9, 12}}}});
  Add(1, {{"a", {{9, 20}}}});
  EXPECT_EQ(Choose(), (std::vector{kTaken, kReplaced, kTaken}));
}

TEST_F(FileChoiceTest, FindsTheSetThatHasEachRowOnceAmongMergesThatOverlap) {
  // The first merge was never committed; the second was, and its inputs are gone.
  Add(1, {{"a", {{0, 5}}}});
  Add(2, {{"a", {{0, 9}}}});
  Add(2, {{"a", {{5, 12}}}});
  EXPECT_EQ(Choose(), (std::vector{kTaken, kReplaced, kTaken}));
}

TEST_F(FileChoiceTest, TakesNoRowTwiceWhereNoSetHasAll) {
  Add(2, {{"a", {{0, 9}}}});
  Add(1, {{"a", {{5, 12}}}});
  EXPECT_EQ(Choose(), (std::vector{kTaken, kConflicting}));
}

TEST_F(FileChoiceTest, GoesByNamesWhereRangesDoNotTell) {
  candidates_.push_back({.name = "old.1.parquet", .size_bytes = 7, .rows = 3});
  candidates_.push_back({.name = "other.1.parquet", .size_bytes = 7, .rows = 4});
  FileProvenance* const merged = Add(2, {{"a", {{3, 9}}}});
  merged->has_all_ranges = false;
  merged->replaced = {"old.1.parquet"};
  EXPECT_EQ(Choose(), (std::vector{kReplaced, kTaken, kTaken}));
}

TEST_F(FileChoiceTest, TakesOneCopyOfAFileThatTellsNothing) {
  candidates_.push_back({.name = "a.1.parquet", .layer = 0, .size_bytes = 7, .rows = 3});
  candidates_.push_back({.name = "b.1.parquet", .layer = 1, .size_bytes = 7, .rows = 3});
  candidates_.push_back({.name = "c.1.parquet", .layer = 1, .size_bytes = 8, .rows = 3});
  EXPECT_EQ(Choose(), (std::vector{kReplaced, kTaken, kTaken}));
}

/// A lake flushes, merges, and leaves any of what it replaced behind: what it listed has every row once, and so must the
/// choice.
TEST_F(FileChoiceTest, HasEveryRowOnceWhateverIsLeftBehind) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    provenances_.clear();
    candidates_.clear();
    std::vector<std::pair<int, std::map<std::string, LogRanges>>> listed;
    std::map<std::string, uint64_t> at;
    const auto may_leave = [&](const auto& file) {
      if (random() % 2) Add(file.first, file.second);
    };
    for (int step = 0; step < 30; ++step) {
      if (listed.size() < 3 || random() % 3) {
        const std::string log = random() % 2 ? "a" : "b";
        const uint64_t after = std::exchange(at[log], at[log] + 1 + random() % 5);
        if (random() % 4 == 0) Add(1, {{log, {{after, after + 1}}}});  // an attempt that failed
        listed.push_back({1, {{log, {{after, at[log]}}}}});
        continue;
      }
      std::pair<int, std::map<std::string, LogRanges>> merged{2, {}};
      std::vector<std::pair<int, std::map<std::string, LogRanges>>> rest;
      const bool commits = random() % 4 != 0;
      for (const auto& file : listed) {
        if (random() % 2) {
          rest.push_back(file);
          continue;
        }
        merged.first = std::max(merged.first, file.first + 1);
        for (const auto& [log, ranges] : file.second) {
          for (const LogRange range : ranges) AddRange(range, &merged.second[log]);
        }
        if (commits) may_leave(file);
      }
      if (merged.second.empty()) continue;
      if (!commits) {
        Add(merged.first, merged.second);
        continue;
      }
      rest.push_back(merged);
      listed = std::move(rest);
    }
    for (const auto& file : listed) Add(file.first, file.second);
    std::shuffle(candidates_.begin(), candidates_.end(), random);
    const std::vector<FileChoice> choices = Choose();
    std::map<std::pair<std::string, uint64_t>, int> times;
    for (size_t i = 0; i < choices.size(); ++i) {
      ASSERT_NE(choices[i], kConflicting);
      if (choices[i] != kTaken) continue;
      for (const auto& [log, ranges] : candidates_[i].provenance->logs) {
        for (const LogRange range : ranges) {
          for (uint64_t record = range.after + 1; record <= range.up_to; ++record) ++times[{log, record}];
        }
      }
    }
    for (const auto& [log, up_to] : at) {
      for (uint64_t record = 1; record <= up_to; ++record) ASSERT_EQ((times[{log, record}]), 1) << log << record;
    }
  }
}

TEST(CoverageTest, ComparesRangesOfTheSameLog) {
  FileProvenance file;
  file.logs = {{"a", {{2, 5}}}};
  EXPECT_EQ(CoverageOf(file, {}), Coverage::kNone);
  EXPECT_EQ(CoverageOf(file, {{"b", {{0, 9}}}}), Coverage::kNone);
  EXPECT_EQ(CoverageOf(file, {{"a", {{5, 9}}}}), Coverage::kNone);
  EXPECT_EQ(CoverageOf(file, {{"a", {{4, 9}}}}), Coverage::kSome);
  EXPECT_EQ(CoverageOf(file, {{"a", {{2, 9}}}}), Coverage::kAll);
}

}  // namespace
}  // namespace gigapi
