#include "base/utf8.h"

#include <gtest/gtest.h>

#include "base/json_writer.h"

namespace gigapi {
namespace {

TEST(Utf8, MeasuresWellFormedSequences) {
  EXPECT_EQ(Utf8SequenceBytes("a"), 1u);
  EXPECT_EQ(Utf8SequenceBytes("ü."), 2u);
  EXPECT_EQ(Utf8SequenceBytes("東京"), 3u);
  EXPECT_EQ(Utf8SequenceBytes("😀"), 4u);
  EXPECT_EQ(Utf8SequenceBytes("\xf4\x8f\xbf\xbf"), 4u);
}

TEST(Utf8, RefusesWhatIsNot) {
  for (const char* text : {"", "\x80", "\xc0\xaf", "\xc3", "\xe2\x82", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                           "\xf4\x90\x80\x80", "\xff", "\xc3(", "\xf8\x88\x80\x80\x80"}) {
    EXPECT_EQ(Utf8SequenceBytes(text), 0u) << text;
  }
}

TEST(JsonString, IsUtf8WhateverTheBytes) {
  std::string json;
  AppendJsonString("ü\xff\n\xe2\x82", &json);
  EXPECT_EQ(json, "\"ü\xef\xbf\xbd\\n\xef\xbf\xbd\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace gigapi
