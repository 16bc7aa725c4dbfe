// The changes of a catalog that falls back to an older state when a test says so, and tells of nothing else.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "object_store/change_feed.h"

namespace gigapi {

/// A feed is cancelled for good when its lake is closed: those of later lakes share its falls.
class FallingFeed final : public ChangeFeed {
 public:
  explicit FallingFeed(std::shared_ptr<int> falls) : falls_(std::move(falls)) {}

  void FallBack() {
    const std::lock_guard lock(mutex_);
    ++*falls_;
    changed_.notify_all();
  }
  bool TellsFallBacks() const override { return true; }
  Result<ChangePage> Since(const std::string& cursor, size_t) override {
    const std::lock_guard lock(mutex_);
    const std::string now = std::to_string(*falls_);
    const bool is_known = cursor == now;
    return ChangePage{.complete = is_known, .fell_back = !is_known && !cursor.empty(), .cursor = now};
  }
  Result<bool> AwaitChange(const std::string& cursor, int64_t) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return is_cancelled_ || cursor != std::to_string(*falls_); });
    if (is_cancelled_) return Error(ErrorKind::kCancelled, "cancelled");
    return true;
  }
  void Cancel() override {
    const std::lock_guard lock(mutex_);
    is_cancelled_ = true;
    changed_.notify_all();
  }

 private:
  const std::shared_ptr<int> falls_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_cancelled_ = false;
};

}  // namespace gigapi
