#include "server/api/flight_sql/time_partitions.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <random>

namespace gigapi::flight {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SplitTimes, CutsEvenly) {
  EXPECT_THAT(SplitTimes({{0, 100, 1000}}, 4), ElementsAre(25, 50, 75));
  EXPECT_THAT(SplitTimes({{0, 100, 1000}}, 1), IsEmpty());
  EXPECT_THAT(SplitTimes({{0, 99, 100}, {100, 199, 300}}, 2), ElementsAre(133));
  EXPECT_THAT(SplitTimes({{500, 600, 10}, {0, 100, 10}}, 2), ElementsAre(500)) << "in any order, gaps skipped";
}

TEST(SplitTimes, CutsLessWhereThereIsLess) {
  EXPECT_THAT(SplitTimes({}, 8), IsEmpty());
  EXPECT_THAT(SplitTimes({{5, 5, 1000}}, 8), IsEmpty());
  EXPECT_THAT(SplitTimes({{5, 6, 2}}, 8), IsEmpty());
  EXPECT_THAT(SplitTimes({{5, 5, 0}}, 2), IsEmpty());
  EXPECT_THAT(SplitTimes({{5, 5, 10}, {7, 7, 10}}, 8), ElementsAre(7));
}

TEST(SplitTimes, TakesTheWholeRangeOfTimes) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min(), kMax = std::numeric_limits<int64_t>::max();
  EXPECT_THAT(SplitTimes({{kMin, kMax, kMax}}, 2), ElementsAre(-2));
}

TEST(SplitTimes, PutsEveryRowIntoOnePart) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<TimedRows> pieces;
    for (size_t i = 0; i < 1 + random() % 20; ++i) {
      const auto start = static_cast<int64_t>(random() % 10'000);
      pieces.push_back({start, start + static_cast<int64_t>(random() % 500), 1 + static_cast<int64_t>(random() % 1000)});
    }
    const auto cuts = SplitTimes(pieces, 1 + static_cast<int>(random() % 30));
    EXPECT_TRUE(std::is_sorted(cuts.begin(), cuts.end(), std::less_equal<>())) << "rising, none twice";
    for (const TimedRows& piece : pieces) {
      size_t parts = 0;
      for (size_t i = 0; i <= cuts.size(); ++i) {
        parts += (i == 0 || piece.min_ns >= cuts[i - 1]) && (i == cuts.size() || piece.min_ns < cuts[i]);
      }
      EXPECT_EQ(parts, 1u);
    }
  }
}

}  // namespace
}  // namespace gigapi::flight
