#include "base/percent_encoding.h"

#include <gtest/gtest.h>

namespace gigapi {
namespace {

TEST(PercentEncoding, LeavesOnlyUnreservedBytes) { EXPECT_EQ(PercentEncode("a b&c=ü~"), "a%20b%26c%3D%C3%BC~"); }

}  // namespace
}  // namespace gigapi
