#include "base/repeating_thread.h"

#include <utility>

#include "base/guarded.h"
#include "base/thread.h"

namespace gigapi {

void RepeatingThread::Start(std::string name, std::chrono::nanoseconds first_wait, std::chrono::nanoseconds interval,
                            std::function<void()> body) {
  thread_ = StartThread(std::move(name), [this, first_wait, interval, body = std::move(body)] {
    for (auto wait = first_wait;; wait = interval) {
      {
        std::unique_lock lock(mutex_);
        if (stopped_.wait_for(lock, wait, [this] { return stopping_.load(); })) return;
      }
      LogExceptions("work of a thread", body);
    }
  });
}

void RepeatingThread::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  if (thread_.joinable()) thread_.join();
}

}  // namespace gigapi
