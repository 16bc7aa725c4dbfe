#include "server/http/byte_budget.h"

#include <gtest/gtest.h>

namespace gigapi::http {
namespace {

TEST(ByteBudget, ServesInOrderAndAsSoonAsThereIsRoom) {
  ByteBudget budget(100);
  std::string order;
  EXPECT_EQ(budget.Acquire(80, [] {}), ByteBudget::kGranted);
  EXPECT_NE(budget.Acquire(50, [&] { order += 'a'; }), ByteBudget::kGranted);
  EXPECT_NE(budget.Acquire(10, [&] { order += 'b'; }), ByteBudget::kGranted) << "nobody overtakes";
  budget.Release(80);
  EXPECT_EQ(order, "ab");
  EXPECT_EQ(budget.used(), 60);
}

TEST(ByteBudget, WhoLeavesTheLineMakesRoomForThoseBehind) {
  ByteBudget budget(100);
  budget.Acquire(60, [] {});
  bool first = false, second = false;
  const auto ticket = budget.Acquire(50, [&] { first = true; });
  budget.Acquire(30, [&] { second = true; });
  EXPECT_TRUE(budget.Cancel(ticket));
  EXPECT_TRUE(second);
  EXPECT_FALSE(budget.Cancel(ticket));
  budget.Release(90);
  EXPECT_FALSE(first);
  EXPECT_EQ(budget.used(), 0);
}

TEST(ByteBudget, AShareGivesBackWhatItHasOnce) {
  ByteBudget budget(100);
  {
    ByteBudget::Share first;
    budget.Acquire(40, [] {});
    first.Add(&budget, 40);
    budget.Acquire(20, [] {});
    first.Add(&budget, 20);
    ByteBudget::Share second = std::move(first);
    EXPECT_EQ(second.bytes(), 60);
    EXPECT_EQ(budget.used(), 60);
    first = std::move(second);
    first = {};
    EXPECT_EQ(budget.used(), 0);
    budget.Acquire(10, [] {});
    first.Add(&budget, 10);
  }
  EXPECT_EQ(budget.used(), 0);
}

TEST(ByteBudget, ARequestLargerThanAllGetsItAlone) {
  ByteBudget budget(10);
  EXPECT_EQ(budget.Acquire(1'000, [] {}), ByteBudget::kGranted);
  EXPECT_NE(budget.Acquire(1, [] {}), ByteBudget::kGranted);
}

}  // namespace
}  // namespace gigapi::http
