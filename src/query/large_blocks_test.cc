#include "query/large_blocks.h"

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "query/testing/lake_fixture.h"

namespace gigapi {
namespace {

constexpr size_t kMegabyte = 1'000'000;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

class LargeBlocks : public testing::Test {
 protected:
  static QueryOptions Options() {
    QueryOptions options;
    options.memory_limit = "40MB";
    return options;
  }
  LakeFixture lake_{Options()};
};

TEST_F(LargeBlocks, OfQueriesAreRefusedOverTheLimitAndOthersNever) {
  std::vector<char> other(100 * kMegabyte);
  {
    const QueryThreadScope query;
    std::vector<char> fits(30 * kMegabyte);
    EXPECT_THROW(std::vector<char>(30 * kMegabyte), std::bad_alloc);
    EXPECT_EQ(std::vector<char>(5 * kMegabyte).size(), 5 * kMegabyte);
    fits = {};
    fits.shrink_to_fit();
    EXPECT_EQ(std::vector<char>(30 * kMegabyte).size(), 30 * kMegabyte);
  }
  EXPECT_EQ(std::vector<char>(100 * kMegabyte).size(), 100 * kMegabyte);
}

TEST_F(LargeBlocks, MayBeFreedByAnyThread) {
  for (int i = 0; i < 10; ++i) {
    std::unique_ptr<std::vector<char>> block;
    {
      const QueryThreadScope query;
      block = std::make_unique<std::vector<char>>(30 * kMegabyte);
    }
    std::thread([&] { block.reset(); }).join();
  }
}

TEST_F(LargeBlocks, OfTheEnginesOwnThreadsAreCounted) {
  for (const std::string sql : {"SELECT median(range) FROM range(20000000)", "SELECT len(format('{:>90000000}', 'x'))",
                                "SELECT len(format('{:>' || (90000000 + range) || '}', 'x')) FROM range(2)"}) {
    EXPECT_EQ(KindOf(lake_.Fails(sql)), ErrorKind::kOverloaded) << sql;
  }
  EXPECT_EQ(lake_.Query("SELECT median(range) FROM range(1000001)"), "500000\n");
}

#endif

}  // namespace
}  // namespace gigapi
