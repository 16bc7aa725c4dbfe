// Where writes pass on their way into the log. A drop closes the gate: those inside get through, those who come wait in line
// until it opens. So the log's sequence at that moment parts what was written before the drop from what comes after.
//
// Thread-safe. Nobody blocks but the one who closes.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace gigapi {

class WriteGate {
 public:
  /// True: go on, and call Leave when the rows are visible or refused. False: `later` was kept and is called by whoever
  /// opens the gate; it has to enter again. How many wait is bounded by the admission that they have passed.
  template <typename Later>
  bool Enter(Later later) {
    const std::lock_guard lock(mutex_);
    if (closed_) {
      waiting_.emplace_back(std::move(later));
      return false;
    }
    ++inside_;
    return true;
  }

  void Leave() {
    const std::lock_guard lock(mutex_);
    if (--inside_ == 0) empty_.notify_all();
  }

  /// Returns when nobody is inside. Callers take turns by a lock of their own.
  void Close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    empty_.wait(lock, [this] { return inside_ == 0; });
  }

  /// Lets in who has waited, on this thread.
  void Open() {
    std::vector<std::function<void()>> waiting;
    {
      const std::lock_guard lock(mutex_);
      closed_ = false;
      waiting.swap(waiting_);
    }
    for (const auto& later : waiting) later();
  }

 private:
  std::mutex mutex_;
  std::condition_variable empty_;
  bool closed_ = false;
  int64_t inside_ = 0;
  std::vector<std::function<void()>> waiting_;
};

}  // namespace gigapi
