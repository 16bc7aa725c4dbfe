#include "base/repeating_thread.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace gigapi {
namespace {

using std::chrono::hours;
using std::chrono::nanoseconds;

TEST(RepeatingThread, RepeatsUntilItIsStopped) {
  std::atomic<int> runs = 0;
  RepeatingThread thread;
  thread.Start("test", nanoseconds(0), nanoseconds(0), [&] { ++runs; });
  while (runs < 3) std::this_thread::yield();
  thread.Stop();
  const int stopped_at = runs;
  EXPECT_TRUE(thread.IsStopping());
  EXPECT_EQ(runs, stopped_at);
}

TEST(RepeatingThread, GoesOnAfterAnException) {
  std::atomic<int> runs = 0;
  RepeatingThread thread;
  thread.Start("test", nanoseconds(0), nanoseconds(0), [&] {
    if (++runs == 1) throw std::bad_alloc();
  });
  while (runs < 2) std::this_thread::yield();
  thread.Stop();
}

TEST(RepeatingThread, StopEndsTheWait) {
  std::atomic<int> runs = 0;
  RepeatingThread thread;
  thread.Start("test", nanoseconds(0), hours(1), [&] { ++runs; });
  while (runs == 0) std::this_thread::yield();
  thread.Stop();
  EXPECT_EQ(runs, 1);
}

TEST(RepeatingThread, TheBodyLearnsThatItShallEnd) {
  std::atomic<bool> began = false;
  RepeatingThread thread;
  thread.Start("test", nanoseconds(0), hours(1), [&] {
    began = true;
    while (!thread.IsStopping()) std::this_thread::yield();
  });
  while (!began) std::this_thread::yield();
  thread.Stop();
}

TEST(RepeatingThread, MayBeStoppedBeforeItsFirstRunAndWithoutAStart) {
  RepeatingThread waiting, idle;
  waiting.Start("test", hours(1), hours(1), [] { ADD_FAILURE(); });
  waiting.Stop();
  waiting.Stop();
  idle.Stop();
  EXPECT_TRUE(idle.IsStopping());
}

}  // namespace
}  // namespace gigapi
