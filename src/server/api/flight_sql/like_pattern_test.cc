#include "server/api/flight_sql/like_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace gigapi::flight {
namespace {

TEST(LikePattern, FitsWholeNames) {
  EXPECT_TRUE(LikeMatches("cpu", "cpu"));
  EXPECT_FALSE(LikeMatches("cpu", "cpu2"));
  EXPECT_FALSE(LikeMatches("cpu2", "cpu"));
  EXPECT_FALSE(LikeMatches("cpu", "CPU"));
  EXPECT_TRUE(LikeMatches("", ""));
  EXPECT_FALSE(LikeMatches("", "x"));
}

TEST(LikePattern, KnowsWildcards) {
  EXPECT_TRUE(LikeMatches("%", ""));
  EXPECT_TRUE(LikeMatches("%", "anything"));
  EXPECT_TRUE(LikeMatches("c%u", "cpu"));
  EXPECT_TRUE(LikeMatches("c%u", "cu"));
  EXPECT_TRUE(LikeMatches("%p%", "cpu"));
  EXPECT_TRUE(LikeMatches("%ab%ab", "xabyabzab"));
  EXPECT_FALSE(LikeMatches("%ab%ab", "xab"));
  EXPECT_TRUE(LikeMatches("_pu", "cpu"));
  EXPECT_TRUE(LikeMatches("_", "é")) << "a character, not a byte";
  EXPECT_FALSE(LikeMatches("_", ""));
  EXPECT_FALSE(LikeMatches("__", "x"));
}

TEST(LikePattern, TakesEscapedCharactersAsTheyAre) {
  EXPECT_TRUE(LikeMatches("a\\_b", "a_b"));
  EXPECT_FALSE(LikeMatches("a\\_b", "axb"));
  EXPECT_TRUE(LikeMatches("100\\%", "100%"));
  EXPECT_FALSE(LikeMatches("100\\%", "1000"));
  EXPECT_TRUE(LikeMatches("a\\\\b", "a\\b"));
  EXPECT_TRUE(LikeMatches("a\\", "a\\")) << "a last backslash is itself";
}

TEST(LikePattern, HostilePatternsEnd) {
  std::string pattern;
  for (int i = 0; i < 1000; ++i) pattern += "%a";
  EXPECT_FALSE(LikeMatches(pattern + "b", std::string(2000, 'a')));
}

}  // namespace
}  // namespace gigapi::flight
