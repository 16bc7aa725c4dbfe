#include "server/import/text_pieces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "server/parser_registry.h"
#include "server/testing/text_body.h"

namespace gigapi {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> PiecesOf(TextPiecesOptions options, TextBody body) {
  TextPieces pieces(std::move(options), &body);
  std::vector<std::string> texts;
  while (true) {
    auto piece = pieces.Next();
    if (!piece.ok()) {
      texts.push_back("failed: " + piece.status().message());
      return texts;
    }
    if (!*piece) return texts;
    texts.emplace_back((*piece)->bytes);
  }
}

TextPiecesOptions Options(std::string_view media_type, size_t piece_bytes = 1) {
  return {std::string(media_type), 0, 0, piece_bytes};
}

TEST(TextPieces, LinesAreNeverCut) {
  EXPECT_THAT(PiecesOf(Options(kLineProtocolMediaType), TextBody("m v=1\nm s=\"a\nb\"\nm v=2", 7)),
              ElementsAre("m v=1\n", "m s=\"a\nb\"\nm v=2"));
}

TEST(TextPieces, EachPieceOfCsvHasTheHeader) {
  TextPiecesOptions options = Options(kCsvMediaType, 8);
  options.skip_records = 1;
  EXPECT_THAT(PiecesOf(options, TextBody("\xef\xbb\xbfnote\n\na;b\n1;2\n3;4\n5;6\n7;8\n", 20)),
              ElementsAre("a;b\n1;2\n", "a;b\n3;4\n5;6\n7;8\n"));
}

TEST(TextPieces, QuotedNewlinesHoldTogetherWhateverTheDelimiterIs) {
  for (const char delimiter : {'^', ';', '|'}) {
    TextPiecesOptions options = Options(kCsvMediaType, 7);
    options.delimiter = delimiter;
    std::string text = "time^s\n1^\"a\nb\"\n2^\"c\n\"\"\"\n3^d\n";
    std::replace(text.begin(), text.end(), '^', delimiter);
    std::string joined;
    for (const std::string& piece : PiecesOf(options, TextBody(text, 3))) {
      EXPECT_EQ(std::count(piece.begin(), piece.end(), '"') % 2, 0) << piece;
      EXPECT_TRUE(piece.starts_with(text.substr(0, 7))) << piece;
      joined += piece.substr(7);
    }
    EXPECT_EQ(joined, text.substr(7)) << delimiter;
  }
}

TEST(TextPieces, AnotherDelimiterBeforeAQuoteIsText) {
  EXPECT_THAT(PiecesOf(Options(kCsvMediaType, 11), TextBody("a,b\nx;\"y,1\nz,2\nw,3\n", 1)),
              ElementsAre("a,b\nx;\"y,1\n", "a,b\nz,2\nw,3\n"));
}

TEST(TextPieces, APieceOfAnArrayIsAnArray) {
  EXPECT_THAT(PiecesOf(Options(kJsonMediaType), TextBody("[{\"a\":1}, {\"a\":2}\n,{\"a\":3}]", 12)),
              ElementsAre("[{\"a\":1}]", "[ {\"a\":2}\n]", "[{\"a\":3}]"));
}

TEST(TextPieces, LinesAreCountedThroughPrefixes) {
  TextBody body("x,y\n1,2\n3,4\n5,6\n", 4);
  TextPieces pieces(Options(kCsvMediaType, 4), &body);
  std::vector<int64_t> first_lines;
  std::vector<std::pair<int64_t, int64_t>> ranges;
  while (true) {
    const auto piece = pieces.Next();
    ASSERT_TRUE(piece.ok());
    if (!*piece) break;
    first_lines.push_back((*piece)->LineOfBody((*piece)->prefix_lines + 1));
    ranges.emplace_back((*piece)->begin, (*piece)->end);
  }
  EXPECT_THAT(first_lines, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(ranges, ElementsAre(std::pair(0, 4), std::pair(4, 8), std::pair(8, 12), std::pair(12, 16)));
}

TEST(TextPieces, ARecordThatNeverEndsFails) {
  EXPECT_THAT(PiecesOf(Options(kNdjsonMediaType, 1 << 20), TextBody("{}\n" + std::string(40 << 20, 'x'), 1 << 20)).back(),
              HasSubstr("failed: line 2: no end of the record"));
}

TEST(TextPieces, LinesOfJsonStayAsTheyAre) {
  EXPECT_THAT(PiecesOf(Options(kJsonMediaType), TextBody("{\"v\":1}\n{\"v\":2}\n{\"v\":3}", 9)),
              ElementsAre("{\"v\":1}\n", "{\"v\":2}\n", "{\"v\":3}"));
}

}  // namespace
}  // namespace gigapi
