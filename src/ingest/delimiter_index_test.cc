#include "ingest/delimiter_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace gigapi {
namespace {

std::vector<uint32_t> Expected(const std::string& body, size_t from) {
  std::vector<uint32_t> positions;
  for (size_t i = from; i < body.size(); ++i) {
    if (std::string_view(", \n\"\\").find(body[i]) != std::string_view::npos) positions.push_back(static_cast<uint32_t>(i));
  }
  return positions;
}

std::string RandomBody(size_t size, int delimiters_in_100, std::mt19937* random) {
  std::string body(size, '\0');
  for (char& c : body) {
    const auto draw = (*random)();
    c = static_cast<int>(draw % 100) < delimiters_in_100 ? ", \n\"\\"[draw / 100 % 5] : static_cast<char>(draw >> 16);
  }
  return body;
}

TEST(DelimiterIndex, FindsEveryDelimiterAndNothingElse) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  DelimiterIndex index(all);
  index.SeekTo(0);
  EXPECT_EQ(std::vector<uint32_t>(index.begin(), index.end()), Expected(all, 0));
}

TEST(DelimiterIndex, ReachesAheadAcrossWindows) {
  std::mt19937 random(1);
  for (const size_t size : {size_t{0}, size_t{1}, size_t{63}, size_t{64}, size_t{65}, size_t{32'768}, size_t{100'003}}) {
    for (const int delimiters_in_100 : {0, 7, 100}) {
      const std::string body = RandomBody(size, delimiters_in_100, &random);
      const std::vector<uint32_t> all = Expected(body, 0);
      DelimiterIndex index(body);
      for (size_t position = 0; position < body.size(); position += 1 + random() % 500) {
        index.SeekTo(position);
        const auto first = std::lower_bound(all.begin(), all.end(), position);
        const auto known = index.end() - index.begin();
        ASSERT_LE(known, all.end() - first);
        ASSERT_TRUE(std::equal(index.begin(), index.end(), first)) << size << " at " << position;
        const size_t ahead = std::min(body.size(), position + DelimiterIndex::kAheadBytesMin);
        ASSERT_GE(known, std::lower_bound(first, all.end(), ahead) - first) << size << " at " << position;
      }
    }
  }
}

}  // namespace
}  // namespace gigapi
