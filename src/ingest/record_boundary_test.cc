#include "ingest/record_boundary.h"

#include <gtest/gtest.h>

#include <string>

namespace gigapi {
namespace {

TEST(RecordBoundary, LinesEndWithTheLastNewline) {
  EXPECT_EQ(EndOfLines("{}\n{}\n{"), 6u);
  EXPECT_EQ(EndOfLines("{"), 0u);
  EXPECT_EQ(EndOfLines(""), 0u);
}

TEST(RecordBoundary, StringsOfLineProtocolHoldNewlines) {
  EXPECT_EQ(EndOfLineProtocol("m v=1\nm v=2\nm v"), 12u);
  EXPECT_EQ(EndOfLineProtocol("m s=\"a\nb\"\nm s=\"c\n"), 10u);
  EXPECT_EQ(EndOfLineProtocol("m s=\"a\\\"\nb\" 1\nm"), 14u);
  EXPECT_EQ(EndOfLineProtocol("m s=\"a\\\\\"\nm"), 10u);
}

TEST(RecordBoundary, QuotesElsewhereInLineProtocolAreNoStrings) {
  EXPECT_EQ(EndOfLineProtocol("# it's a \"comment\nm v=1\n"), 24u);
  EXPECT_EQ(EndOfLineProtocol(" # it=\"said\nm v=1\n"), 18u);
  EXPECT_EQ(EndOfLineProtocol("m,tag=\"x v=1\nm v=2\n"), 19u);
  EXPECT_EQ(EndOfLineProtocol("\r\t m,tag=\"x v=1\nm v=2\n"), 22u);
  EXPECT_EQ(EndOfLineProtocol("m\\ \",t=\"\\ x v=1\nm v=2\n"), 22u);
}

TEST(RecordBoundary, AStringThatNeverEndsEndsWithItsLine) {
  std::string text = "m s=\"x\n";
  const size_t first = text.size();
  EXPECT_EQ(EndOfLineProtocol(text), 0u) << "may still end";
  while (text.size() < kStringBytesMax + 100) text += "m v=1\n";
  EXPECT_GT(EndOfLineProtocol(text), first);
}

TEST(RecordBoundary, QuotedFieldsOfCsvHoldNewlines) {
  EXPECT_EQ(EndOfCsvRecords("a,b\n1,2\n3", ','), 8u);
  EXPECT_EQ(EndOfCsvRecords("a,b\n\"x\ny\",2\n3,\"\n", ','), 12u);
  EXPECT_EQ(EndOfCsvRecords("a\n\"x\"\"\ny\"\n", ','), 10u);
  EXPECT_EQ(EndOfCsvRecords("a\nsay \"hi\n", ','), 10u) << "a quote within a field is text";
  EXPECT_EQ(EndOfCsvRecords("\xef\xbb\xbf\"a\nb\"\n1", ','), 9u);
}

TEST(RecordBoundary, OnlyTheDelimiterBeginsAFieldOfCsv) {
  EXPECT_EQ(EndOfCsvRecords("a^b\n1^\"x\ny\"\n2^\"", '^'), 12u);
  EXPECT_EQ(EndOfCsvRecords("a,b\nx;\"y,1\nz,2\n", ','), 15u) << "a semicolon is text, and so is the quote behind it";
  EXPECT_EQ(EndOfCsvRecords("a|b\nx,\"y|1\nz|2\n", '|'), 15u);
}

TEST(RecordBoundary, ArraysOfJsonEndAtACommaOfTheirOwn) {
  EXPECT_EQ(EndOfJsonRows("[{\"a\":[1,2]},{\"b\":\"],[\"},{"), 25u);
  EXPECT_EQ(EndOfJsonRows(" [{\"a\":\"\\\\\"},{\"b\":\"\\\""), 13u);
  EXPECT_EQ(EndOfJsonRows("[{\"a\":1}"), 0u);
  EXPECT_EQ(EndOfJsonRows("{\"a\":1}\n{\"b"), 8u);
}

}  // namespace
}  // namespace gigapi
