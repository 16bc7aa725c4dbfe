// Ends waits on sockets from another thread.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace gigapi {

/// Once cancelled, for ever. Thread-safe.
class Cancellation {
 public:
  Cancellation() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Cancellation() {
    if (event_ >= 0) ::close(event_);
  }
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  void Cancel() {
    cancelled_ = true;
    const uint64_t one = 1;
    (void)!::write(event_, &one, sizeof(one));
  }
  bool cancelled() const { return cancelled_; }
  /// Readable once cancelled: for poll().
  int event() const { return event_; }

 private:
  const int event_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace gigapi
