// A few threads for many pieces of work of one caller that mostly wait for a disk.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/guarded.h"
#include "base/thread.h"

namespace gigapi {

/// Calls work(0) to work(count - 1), each once, on at most `threads_max` threads, of which the caller's is one, and returns
/// when all are done. All are called, also after a failure; the answer is the first failure that came.
inline Status ForEachConcurrently(size_t count, size_t threads_max, const std::string& thread_name,
                                  const std::function<Status(size_t)>& work) {
  std::atomic<size_t> next{0};
  std::mutex failure_mutex;
  Status first_failure;
  const auto run = [&] {
    for (size_t i = next++; i < count; i = next++) {
      Status done = Guarded([&] { return work(i); });
      if (done.ok()) continue;
      const std::lock_guard lock(failure_mutex);
      if (first_failure.ok()) first_failure = std::move(done);
    }
  };
  std::vector<std::jthread> helpers;
  for (size_t i = 1; i < std::min(count, threads_max); ++i) helpers.push_back(StartThread(thread_name, run));
  run();
  for (std::jthread& helper : helpers) helper.join();
  return first_failure;
}

/// Like it, but what has not begun when a piece fails is left undone.
inline Status ForEachUntilFailure(size_t count, size_t threads_max, const std::string& thread_name,
                                  const std::function<Status(size_t)>& work) {
  std::atomic<bool> has_failed = false;
  return ForEachConcurrently(count, threads_max, thread_name, [&](size_t i) {
    Status done = has_failed ? Status::OK() : work(i);
    if (!done.ok()) has_failed = true;
    return done;
  });
}

}  // namespace gigapi
