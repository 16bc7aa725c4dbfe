#include "app/demo_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "app/progress_bar.h"
#include "base/clock.h"

namespace gigapi {
namespace {

TEST(DemoRackTest, MakesAllRowsOfTheDayBeforeItsEnd) {
  const int64_t end_ns = 1'750'000'000 * kNanosPerSecond;
  DemoRack rack(1, 990, end_ns);
  EXPECT_EQ(rack.rows(), 1000);
  int64_t lines = 0;
  int64_t last_ns = end_ns - 24 * kNanosPerHour - 1;
  while (!rack.done()) {
    const std::string text = rack.NextLines(300);
    lines += std::ranges::count(text, '\n');
    const int64_t time_ns = std::stoll(text.substr(text.rfind(' ')));
    EXPECT_GT(time_ns, last_ns);
    last_ns = time_ns;
  }
  EXPECT_EQ(lines, 1000);
  EXPECT_LT(last_ns, end_ns);
}

TEST(DemoRackTest, LinesAreLineProtocol) {
  EXPECT_THAT(DemoRack(0, 100, 0).NextLines(1), testing::StartsWith("cpu,host=web-000,region=eu-north usage_user="));
  EXPECT_THAT(DemoRack(3, 100, 0).NextLines(1), testing::StartsWith("cpu,host=web-075,"));
}

TEST(GroupedTest, SeparatesThousands) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
  EXPECT_EQ(Grouped(-123456), "-123,456");
}

}  // namespace
}  // namespace gigapi
