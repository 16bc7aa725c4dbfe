#include "maintenance/merge_planner.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace gigapi {
namespace {

constexpr int64_t kSecond = kNanosPerSecond;
constexpr int64_t kNow = 1'000 * kNanosPerHour + kNanosPerHour / 2;
constexpr PartitionKey kOpenHour{1'000};
constexpr PartitionKey kOldHour{900};

class MergePlannerTest : public testing::Test {
 protected:
  DataFilePtr File(int level, int64_t bytes, int64_t age_s, int64_t rows = 1'000'000) {
    auto file = std::make_shared<DataFile>();
    file->id = ++next_;
    file->level = level;
    file->size_bytes = bytes;
    file->rows = rows;
    file->created_ns = kNow - age_s * kSecond;
    file->min_sequence = file->max_sequence = next_;
    file->columns.resize(1);
    return file;
  }

  std::vector<MergePlan> Plan(PartitionKey partition, const std::vector<DataFilePtr>& files) {
    return PlanMerges(partition, files, last_, kNow, options_);
  }

  uint64_t next_ = 0;
  LastMergeTimes last_{};
  MergePlannerOptions options_;
};

constexpr int64_t kMegabyte = 1 << 20;

TEST_F(MergePlannerTest, FilesOfAnOpenHourGoUpATierWhenItsIntervalHasPassed) {
  const auto a = File(1, kMegabyte, 12), b = File(1, kMegabyte, 2);
  ASSERT_EQ(Plan(kOpenHour, {b, a}).size(), 1u);
  EXPECT_EQ(Plan(kOpenHour, {b, a})[0].inputs, (std::vector<DataFilePtr>{a, b}));
  EXPECT_EQ(Plan(kOpenHour, {b, a})[0].output_level, 2);
  last_[0] = kNow - 9 * kSecond;
  EXPECT_TRUE(Plan(kOpenHour, {a, b}).empty());
  last_[0] = kNow - 10 * kSecond;
  EXPECT_EQ(Plan(kOpenHour, {a, b}).size(), 1u);
}

TEST_F(MergePlannerTest, HigherTiersWaitLonger) {
  for (int level = 2; level <= 4; ++level) {
    const std::vector<DataFilePtr> files = {File(level, kMegabyte, 5000), File(level, kMegabyte, 1)};
    const int64_t interval = 10 * kSecond * (level == 2 ? 10 : level == 3 ? 100 : 420);
    last_[level - 1] = kNow - interval + 1;
    EXPECT_TRUE(Plan(kOpenHour, files).empty()) << level;
    last_[level - 1] = kNow - interval;
    ASSERT_EQ(Plan(kOpenHour, files).size(), 1u) << level;
    EXPECT_EQ(Plan(kOpenHour, files)[0].output_level, std::min(level + 1, 4));
  }
}

TEST_F(MergePlannerTest, OneFileIsNotMergedForNothing) {
  EXPECT_TRUE(Plan(kOpenHour, {File(1, kMegabyte, 100)}).empty());
  EXPECT_TRUE(Plan(kOpenHour, {File(1, kMegabyte, 100), File(2, kMegabyte, 100)}).empty());
  for (int level = 1; level <= 4; ++level) EXPECT_TRUE(Plan(kOldHour, {File(level, kMegabyte, 100)}).empty());
  EXPECT_TRUE(Plan(kOpenHour, {}).empty());
  EXPECT_TRUE(Plan(kOldHour, {}).empty());
}

TEST_F(MergePlannerTest, OneFileOfPlainValuesIsRewrittenOnce) {
  EXPECT_EQ(Plan(kOldHour, {File(1, 8 * kMegabyte, 100)}).size(), 1u);
  EXPECT_TRUE(Plan(kOldHour, {File(4, 8 * kMegabyte, 100)}).empty());
}

TEST_F(MergePlannerTest, AMergeIsBoundedInBytesAndFiles) {
  std::vector<DataFilePtr> files;
  for (int i = 0; i < 5; ++i) files.push_back(File(1, 40 * kMegabyte, 100));
  const auto plans = Plan(kOpenHour, files);
  ASSERT_EQ(plans.size(), 2u);
  EXPECT_EQ(plans[0].inputs, (std::vector<DataFilePtr>{files[0], files[1]}));
  EXPECT_EQ(plans[1].inputs, (std::vector<DataFilePtr>{files[2], files[3]}));
  files.clear();
  for (int i = 0; i < 40; ++i) files.push_back(File(1, kMegabyte, 100));
  for (const MergePlan& plan : Plan(kOpenHour, files)) EXPECT_LE(plan.inputs.size(), options_.files_max);
}

TEST_F(MergePlannerTest, AnHourThatIsOverBecomesOneFileWhateverTheLevels) {
  const std::vector<DataFilePtr> files = {File(3, 3 * kMegabyte, 99), File(1, kMegabyte, 50), File(2, kMegabyte, 20)};
  last_ = {kNow, kNow, kNow, kNow};
  const auto plans = Plan(kOldHour, files);
  ASSERT_EQ(plans.size(), 1u);
  EXPECT_EQ(plans[0].inputs, files);
  EXPECT_EQ(plans[0].output_level, 4);
}

TEST_F(MergePlannerTest, AnHourThatIsOverButStillWrittenWaitsUnlessFilesPileUp) {
  std::vector<DataFilePtr> files = {File(1, kMegabyte, 99), File(1, kMegabyte, 5)};
  EXPECT_TRUE(Plan(kOldHour, files).empty());
  while (files.size() < options_.files_max) files.push_back(File(1, kMegabyte, 5));
  EXPECT_EQ(Plan(kOldHour, files).size(), 1u);
}

TEST_F(MergePlannerTest, AFewLateRowsDoNotRewriteALargeFileAtOnce) {
  const std::vector<DataFilePtr> files = {File(4, 100 * kMegabyte, 5000), File(1, kMegabyte, 50)};
  last_[3] = kNow - 100 * kSecond;
  EXPECT_TRUE(Plan(kOldHour, files).empty());
  last_[3] = kNow - 4200 * kSecond;
  EXPECT_EQ(Plan(kOldHour, files).size(), 1u);
}

TEST_F(MergePlannerTest, FilesAtTheLimitStayAsTheyAre) {
  const int64_t gigabyte = 1024 * kMegabyte;
  EXPECT_TRUE(Plan(kOldHour, {File(4, 4 * gigabyte, 100), File(1, kMegabyte, 100)}).empty());
  for (const MergePlan& plan :
       Plan(kOldHour, {File(1, 2 * gigabyte, 100), File(1, 2 * gigabyte, 90), File(1, 2 * gigabyte, 80)})) {
    int64_t bytes = 0;
    for (const auto& input : plan.inputs) bytes += input->size_bytes;
    EXPECT_LE(bytes, 4 * gigabyte);
  }
}

/// Carrying plans out again and again must come to an end, with one file an hour.
TEST_F(MergePlannerTest, MergingEndsWithOneFile) {
  for (int count = 1; count < 60; ++count) {
    std::vector<DataFilePtr> files;
    for (int i = 0; i < count; ++i) files.push_back(File(1 + i % 4, kMegabyte * (1 + i % 7), 100));
    int merges = 0;
    for (auto plans = Plan(kOldHour, files); !plans.empty(); plans = Plan(kOldHour, files)) {
      ASSERT_LT(++merges, 100);
      for (const MergePlan& plan : plans) {
        int64_t bytes = 0;
        for (const auto& input : plan.inputs) {
          bytes += input->size_bytes;
          ASSERT_EQ(std::erase(files, input), 1u);
        }
        files.push_back(File(plan.output_level, bytes, 50));
      }
    }
    EXPECT_EQ(files.size(), 1u) << count;
  }
}

TEST_F(MergePlannerTest, MergeAllEndsWithOneFile) {
  std::vector<DataFilePtr> files;
  for (int i = 0; i < 100; ++i) files.push_back(File(1, kMegabyte, 0));
  for (MergePlan plan = PlanMergeAll(files, options_); !plan.inputs.empty(); plan = PlanMergeAll(files, options_)) {
    for (const auto& input : plan.inputs) std::erase(files, input);
    files.push_back(File(plan.output_level, kMegabyte * static_cast<int64_t>(plan.inputs.size()), 0));
  }
  EXPECT_EQ(files.size(), 1u);
}

}  // namespace
}  // namespace gigapi
