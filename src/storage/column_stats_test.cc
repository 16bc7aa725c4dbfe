#include "storage/column_stats.h"

#include <gtest/gtest.h>

#include <limits>

#include "model/names.h"

namespace gigapi {
namespace {

Column Doubles(std::initializer_list<double> values) {
  Column column;
  column.name = "f";
  for (const double value : values) {
    uint64_t word;
    __builtin_memcpy(&word, &value, sizeof(word));
    column.words.PushBack(word);
  }
  return column;
}

TEST(ColumnStats, NanTakesNoPartInBounds) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const ColumnStats stats = ComputeStats(Doubles({nan, 2, nan, -1, nan, nan}), 0, 6);
  EXPECT_EQ(stats.min, StatValue(-1.0));
  EXPECT_EQ(stats.max, StatValue(2.0));
  EXPECT_TRUE(stats.has_nan);
  const ColumnStats only_nan = ComputeStats(Doubles({nan, nan}), 0, 2);
  EXPECT_EQ(only_nan.min, StatValue());
  EXPECT_TRUE(only_nan.has_nan);
}

TEST(ColumnStats, BoundsOfZeroIncludeBothZeros) {
  const ColumnStats stats = ComputeStats(Doubles({0.0, 0.0}), 0, 2);
  EXPECT_TRUE(std::signbit(std::get<double>(stats.min)));
  EXPECT_FALSE(std::signbit(std::get<double>(stats.max)));
}

TEST(ColumnStats, MergedPartsCoverAllRows) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Column column = Doubles({nan, 5, 1, 0, 9, 3});
  column.valid.Resize(6, 1);
  column.valid[3] = 0;
  ColumnStats merged = ComputeStats(column, 0, 1);
  for (size_t row = 1; row < 6; ++row) MergeStats(ComputeStats(column, row, row + 1), &merged);
  const ColumnStats whole = ComputeStats(column, 0, 6);
  EXPECT_EQ(merged.min, whole.min);
  EXPECT_EQ(merged.max, whole.max);
  EXPECT_EQ(merged.min, StatValue(1.0));
  EXPECT_EQ(merged.null_count, 1);
  EXPECT_TRUE(merged.has_nan);
}

TEST(ColumnStats, LongTextIsBoundedByShortText) {
  const std::string long_text = std::string(63, 'a') + "öö";
  EXPECT_EQ(LowerBound(long_text, 64), std::string(63, 'a'));
  EXPECT_EQ(UpperBound(long_text, 64), std::string(62, 'a') + "b");
  EXPECT_EQ(UpperBound("short", 64), "short");
  EXPECT_EQ(LowerBound("abc", 2), "ab");
  EXPECT_EQ(UpperBound("abc", 2), "ac");
}

TEST(ColumnStats, UpperBoundsStayUtf8) {
  // The last code point before the surrogates, the last there is, and one whose successor takes more bytes.
  EXPECT_EQ(UpperBound("a\xED\x9F\xBFzz", 4), "a\xEE\x80\x80");
  EXPECT_EQ(UpperBound("a\xF4\x8F\xBF\xBFzz", 5), "b");
  EXPECT_EQ(UpperBound("\xF4\x8F\xBF\xBF\xF4\x8F\xBF\xBF", 4), std::nullopt);
  EXPECT_EQ(UpperBound("a\x7F\x7F", 2), "b");
  EXPECT_EQ(UpperBound("a\x7F\x7F\x7F", 3), "a\xC2\x80");
  for (const std::string& text :
       {std::string(100, '\x7F'), std::string(40, 'x') + std::string(60, '\xC3'), std::string("é")}) {
    if (const auto bound = UpperBound(text, 64)) {
      EXPECT_GE(*bound, text);
      EXPECT_LE(bound->size(), 64u);
    }
  }
}

TEST(ColumnStats, BytesThatAreNotUtf8HaveNoUpperBoundWhenLong) {
  EXPECT_EQ(UpperBound(std::string(100, '\x80'), 64), std::nullopt);
  EXPECT_EQ(LowerBound(std::string(100, '\x80'), 64).size(), 64u);
}

}  // namespace
}  // namespace gigapi
