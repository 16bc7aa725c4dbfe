#include "base/guarded.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "base/parallel.h"

namespace gigapi {
namespace {

TEST(Guarded, MemoryThatCannotBeHadMayBeThereLater) {
  const Status failed = Guarded([]() -> Status { throw std::bad_alloc(); });
  EXPECT_EQ(KindOf(failed), ErrorKind::kOverloaded) << failed;
}

TEST(Guarded, OtherExceptionsAreOursAndNotShown) {
  const Result<int> failed = Guarded([]() -> Result<int> { throw std::runtime_error("oops"); });
  EXPECT_EQ(KindOf(failed.status()), ErrorKind::kInternal);
  EXPECT_EQ(failed.status().detail(), nullptr) << "a message that has a kind is shown to clients";
}

TEST(Guarded, WhatIsReturnedGoesThrough) {
  EXPECT_EQ(*Guarded([]() -> Result<int> { return 7; }), 7);
  EXPECT_TRUE(Guarded([] { return Status::Invalid("x"); }).IsInvalid());
}

TEST(Guarded, LogExceptionsSaysWhetherThereWasOne) {
  EXPECT_TRUE(LogExceptions("test", [] {}));
  EXPECT_FALSE(LogExceptions("test", [] { throw std::runtime_error("oops"); }));
}

TEST(ForEachConcurrently, AnExceptionOfOneIsItsFailure) {
  std::atomic<int> done = 0;
  const Status status = ForEachConcurrently(20, 4, "test", [&](size_t i) -> Status {
    ++done;
    if (i == 3) throw std::bad_alloc();
    return Status::OK();
  });
  EXPECT_EQ(KindOf(status), ErrorKind::kOverloaded) << status;
  EXPECT_EQ(done, 20);
}

}  // namespace
}  // namespace gigapi
