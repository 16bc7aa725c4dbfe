#include "query/arrow_results.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "query/testing/lake_fixture.h"

namespace gigapi {
namespace {

TEST(ArrowResults, BatchesOfLargeRowsAreShort) {
  LakeFixture lake;
  const auto rows_of = [&](const std::string& sql) {
    auto stream = *lake.engine().Execute({.sql = sql, .database = ""}, {});
    int64_t largest = 0, rows = 0;
    for (auto batch = *stream->Next(); batch != nullptr; batch = *stream->Next()) {
      largest = std::max(largest, batch->num_rows());
      rows += batch->num_rows();
    }
    return std::pair(rows, largest);
  };
  // A thousand of each are 64 MB, and one that is not flat is as large as if it were.
  for (const std::string value :
       {"repeat('x', 64000)", "[repeat('x', 32000), repeat('y', 32000)]", "{a: 1, b: repeat('x', 64000)}",
        "CASE WHEN range % 2 = 0 THEN repeat('x', 128000) END", "range(8000)::BIGINT[8000]"}) {
    const auto [rows, largest] = rows_of("SELECT " + value + " AS v FROM range(1300)");
    EXPECT_EQ(rows, 1300) << value;
    EXPECT_LE(largest, 1100) << value;
    EXPECT_GE(largest, 500) << value;
  }
  // One may be larger than a batch should be.
  EXPECT_EQ(rows_of("SELECT repeat('x', 100000000) AS v FROM range(3)"), (std::pair<int64_t, int64_t>(3, 1)));
}

}  // namespace
}  // namespace gigapi
