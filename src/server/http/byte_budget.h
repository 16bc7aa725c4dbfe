// How many bytes a server may hold at once for all its clients: who comes when it is used up waits in line.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

namespace gigapi::http {

/// Thread-safe. One request that is larger than the whole budget gets it when nothing else has any.
class ByteBudget {
 public:
  explicit ByteBudget(int64_t bytes_max) : bytes_max_(bytes_max) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  using Ticket = uint64_t;
  static constexpr Ticket kGranted = 0;

  /// Takes the bytes and returns kGranted, or stands in line: `granted` is then called once, by a thread that releases
  /// bytes, unless the ticket is cancelled before.
  Ticket Acquire(int64_t bytes, std::function<void()> granted);
  /// Leaves the line; false when the bytes have been granted meanwhile (and must be released).
  bool Cancel(Ticket ticket);
  void Release(int64_t bytes);

  int64_t used() const;

  /// Bytes that were granted, and are given back when it goes. One thread at a time.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      Share given_back(std::exchange(budget_, std::exchange(other.budget_, nullptr)),
                       std::exchange(bytes_, std::exchange(other.bytes_, 0)));
      return *this;
    }
    ~Share() {
      if (bytes_ > 0) budget_->Release(bytes_);
    }
    void Add(ByteBudget* budget, int64_t bytes) {
      budget_ = budget;
      bytes_ += bytes;
    }
    int64_t bytes() const { return bytes_; }

   private:
    Share(ByteBudget* budget, int64_t bytes) : budget_(budget), bytes_(bytes) {}

    ByteBudget* budget_ = nullptr;
    int64_t bytes_ = 0;
  };

 private:
  struct Waiter {
    Ticket ticket;
    int64_t bytes;
    std::function<void()> granted;
  };
  bool Fits(int64_t bytes) const { return used_ == 0 || used_ + bytes <= bytes_max_; }

  const int64_t bytes_max_;
  mutable std::mutex mutex_;
  int64_t used_ = 0;
  Ticket last_ticket_ = kGranted;
  std::deque<Waiter> waiters_;
};

}  // namespace gigapi::http
