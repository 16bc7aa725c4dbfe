#include "base/parallel.h"

#include <gtest/gtest.h>

#include <array>

namespace gigapi {
namespace {

TEST(ForEachConcurrently, DoesAllOnceAlsoAfterAFailure) {
  std::array<std::atomic<int>, 100> calls{};
  const Status done = ForEachConcurrently(calls.size(), 4, "test", [&](size_t i) {
    ++calls[i];
    return i == 50 ? Error(ErrorKind::kInternal, "the fiftieth") : Status::OK();
  });
  EXPECT_EQ(done.message(), "the fiftieth");
  for (const auto& each : calls) EXPECT_EQ(each, 1);
}

TEST(ForEachUntilFailure, BeginsNothingAfterAFailure) {
  std::vector<size_t> begun;
  const Status done = ForEachUntilFailure(10, 1, "test", [&](size_t i) {
    begun.push_back(i);
    return i == 2 ? Error(ErrorKind::kInternal, "the third") : Status::OK();
  });
  EXPECT_EQ(done.message(), "the third");
  EXPECT_EQ(begun, (std::vector<size_t>{0, 1, 2}));
}

}  // namespace
}  // namespace gigapi
