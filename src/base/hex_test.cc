#include "base/hex.h"

#include <gtest/gtest.h>

namespace gigapi {
namespace {

TEST(Hex, BytesComeBackAsTheyWere) {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  EXPECT_EQ(FromHex(ToHex(bytes)), bytes);
  EXPECT_EQ(ToHex(std::string_view("\x00\xaf", 2)), "00af");
  EXPECT_EQ(FromHex(""), "");
}

TEST(Hex, OtherTextsAreRefused) {
  for (const char* text : {"0", "0g", "AF", "00 ", " 0"}) EXPECT_EQ(FromHex(text), std::nullopt) << text;
}

}  // namespace
}  // namespace gigapi
