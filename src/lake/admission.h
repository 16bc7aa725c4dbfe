// Keeps the bytes of rows in memory (in flight and buffered) under a limit: a write that finds no room waits a while for
// a flush to make some, then is refused. First come, first served. Thread-safe; callbacks run on the thread that made the
// decision, without a lock held.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

#include "base/error.h"

namespace gigapi {

class Admission {
 public:
  using Admitted = std::function<void(Status)>;

  /// At most `bytes_max` in all; besides, at most `waiting_bytes_max` wait.
  Admission(int64_t bytes_max, int64_t waiting_bytes_max, int64_t wait_ms_max)
      : bytes_max_(bytes_max), waiting_bytes_max_(waiting_bytes_max), wait_ns_max_(wait_ms_max * 1'000'000) {}

  /// Takes room and calls back with OK, at once or later; or with kOverloaded. One that is alone is always admitted.
  void Acquire(int64_t bytes, int64_t now_ns, Admitted admitted);
  /// Corrects what was taken (negative: gives back), and admits those that fit now.
  void Adjust(int64_t bytes);
  /// Refuses those that have waited too long.
  void Expire(int64_t now_ns);

  int64_t used_bytes() const;
  bool HasWaiting() const;

 private:
  struct Waiting {
    int64_t bytes;
    int64_t deadline_ns;
    Admitted admitted;
  };
  bool Fits(int64_t bytes) const { return used_ == 0 || used_ + bytes <= bytes_max_; }

  const int64_t bytes_max_;
  const int64_t waiting_bytes_max_;
  const int64_t wait_ns_max_;
  mutable std::mutex mutex_;
  std::deque<Waiting> waiting_;
  int64_t used_ = 0;
  int64_t waiting_bytes_ = 0;
};

}  // namespace gigapi
