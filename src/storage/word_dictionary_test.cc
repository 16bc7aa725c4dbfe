#include "storage/word_dictionary.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace gigapi {
namespace {

void CheckDecodes(const WordDictionary& dictionary, const std::vector<uint64_t>& words,
                  const std::vector<uint32_t>& indices) {
  std::vector<uint64_t> decoded;
  for (const uint32_t index : indices) decoded.push_back(dictionary.values()[index]);
  EXPECT_EQ(decoded, words);
}

TEST(WordDictionary, DecodesToWhatWasEncoded) {
  std::mt19937_64 random(1);
  WordDictionary dictionary;
  for (const size_t distinct : {1, 2, 100, 5'000, 60'000}) {
    std::vector<uint64_t> words;
    for (int i = 0; i < 100'000; ++i) words.push_back(random() % distinct * 0x1000000001);
    std::vector<uint32_t> indices(words.size());
    ASSERT_TRUE(dictionary.Encode(words.data(), words.size(), distinct, indices.data()));
    EXPECT_LE(dictionary.values().size(), distinct);
    CheckDecodes(dictionary, words, indices);
  }
}

TEST(WordDictionary, SequencesThatComeAgain) {
  std::vector<uint64_t> words;
  for (int series = 0; series < 50; ++series) {
    for (uint64_t i = series % 3; i < 400; ++i) words.push_back(i * 8'640'000'000);
  }
  std::vector<uint32_t> indices(words.size());
  WordDictionary dictionary;
  ASSERT_TRUE(dictionary.Encode(words.data(), words.size(), 400, indices.data()));
  EXPECT_EQ(dictionary.values().size(), 400u);
  CheckDecodes(dictionary, words, indices);
}

TEST(WordDictionary, GivesUpAtTheLimitAndWhereNothingRepeats) {
  std::vector<uint64_t> words;
  for (uint64_t i = 0; i < 20'000; ++i) words.push_back(i * i);
  std::vector<uint32_t> indices(words.size());
  WordDictionary dictionary;
  EXPECT_FALSE(dictionary.Encode(words.data(), 1000, 999, indices.data()));
  EXPECT_TRUE(dictionary.Encode(words.data(), 1000, 1000, indices.data()));
  EXPECT_FALSE(dictionary.Encode(words.data(), words.size(), words.size(), indices.data()));
}

}  // namespace
}  // namespace gigapi
