#include "server/encode/number_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>

namespace gigapi {
namespace {

template <typename Value>
std::string Text(char* (*write)(Value, char*), Value value) {
  char text[kNumberBytesMax];
  return {text, write(value, text)};
}

std::string DoubleText(double value) { return Text(WriteDouble, value); }

TEST(NumberText, WritesIntegersOfEveryLength) {
  for (uint64_t value = 1; value < UINT64_MAX / 10; value *= 10) {
    for (const uint64_t near : {value - 1, value, value + 1}) EXPECT_EQ(Text(WriteUInt64, near), std::to_string(near));
  }
  EXPECT_EQ(Text(WriteUInt64, UINT64_MAX), "18446744073709551615");
  EXPECT_EQ(Text(WriteInt64, INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(Text(WriteInt64, INT64_MAX), "9223372036854775807");
  EXPECT_EQ(Text(WriteInt64, int64_t{-1}), "-1");
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const auto value = static_cast<int64_t>(random() >> (random() % 64));
    ASSERT_EQ(Text(WriteInt64, value), std::to_string(value));
  }
}

TEST(NumberText, WritesDoublesAsPeopleDo) {
  EXPECT_EQ(DoubleText(0), "0");
  EXPECT_EQ(DoubleText(-0.0), "-0");
  EXPECT_EQ(DoubleText(82), "82");
  EXPECT_EQ(DoubleText(87.025), "87.025");
  EXPECT_EQ(DoubleText(-0.5), "-0.5");
  EXPECT_EQ(DoubleText(0.1), "0.1");
  EXPECT_EQ(DoubleText(0.000001), "0.000001");
  EXPECT_EQ(DoubleText(123456789.123456), "123456789.123456");
  EXPECT_EQ(DoubleText(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(DoubleText(1e300), "1e+300");
  EXPECT_EQ(Text(WriteFloat, 0.1f), "0.1");
}

TEST(NumberText, DoublesReadBackAsTheSameValue) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> measured(-1000, 1000);
  for (int i = 0; i < 300'000; ++i) {
    double value;
    if (i % 3 == 0) {
      const uint64_t bits = random();
      std::memcpy(&value, &bits, sizeof value);
    } else {
      value = measured(random);
      if (i % 3 == 1) value = std::round(value * 1e4) / 1e4;
    }
    if (!std::isfinite(value)) continue;
    const std::string text = DoubleText(value);
    ASSERT_LE(text.size(), kNumberBytesMax);
    ASSERT_EQ(std::strtod(text.c_str(), nullptr), value) << text;
  }
}

TEST(NumberText, PadsWithZeros) {
  char text[16];
  EXPECT_EQ(std::string(text, WritePadded(7, 2, text)), "07");
  EXPECT_EQ(std::string(text, WritePadded(123'456'789, 9, text)), "123456789");
  EXPECT_EQ(std::string(text, WritePadded(0, 9, text)), "000000000");
}

}  // namespace
}  // namespace gigapi
