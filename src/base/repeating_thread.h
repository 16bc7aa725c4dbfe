// A thread that does one thing again and again, with a wait before each time. Its owner has it as its last member, since the
// body uses all others. Start once, and Stop, from one thread; IsStopping from any.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace gigapi {

class RepeatingThread {
 public:
  ~RepeatingThread() { Stop(); }

  /// The name is of at most 15 characters (base/thread.h).
  void Start(std::string name, std::chrono::nanoseconds first_wait, std::chrono::nanoseconds interval,
             std::function<void()> body);
  /// Ends the wait, and returns when the body has returned. For good; also where nothing was started.
  void Stop();
  /// Asked by bodies that take long.
  bool IsStopping() const { return stopping_; }

 private:
  std::mutex mutex_;
  std::condition_variable stopped_;
  std::atomic<bool> stopping_ = false;
  std::jthread thread_;
};

}  // namespace gigapi
