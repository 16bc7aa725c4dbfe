#include "query/running_query.h"

#include <algorithm>
#include <chrono>

#include "base/clock.h"
#include "base/thread.h"

namespace gigapi {

void RunningQuery::Stop(StopReason reason) {
  {
    const std::lock_guard<std::mutex> guard(lock_);
    if (reason_ == StopReason::kNone) reason_ = reason;
    if (interrupt_) interrupt_();
  }
  Release();
}

void RunningQuery::OnRelease(std::function<bool()> release) {
  const std::lock_guard<std::mutex> guard(lock_);
  release_ = std::move(release);
}

bool RunningQuery::Release() {
  std::function<bool()> release;
  {
    const std::lock_guard<std::mutex> guard(lock_);
    release = release_;
  }
  return !release || release();
}

StopReason RunningQuery::reason() const {
  const std::lock_guard<std::mutex> guard(lock_);
  return reason_;
}

Status RunningQuery::stopped() const {
  switch (reason()) {
    case StopReason::kCancelled: return Error(ErrorKind::kCancelled, "The query was cancelled");
    case StopReason::kTimeout: return Error(ErrorKind::kTimeout, "The query took longer than a query may take");
    case StopReason::kNone: break;
  }
  return Status::OK();
}

void RunningQuery::Attach(std::function<void()> interrupt) {
  const std::lock_guard<std::mutex> guard(lock_);
  interrupt_ = std::move(interrupt);
  if (reason_ != StopReason::kNone) interrupt_();
}

void RunningQuery::Detach() {
  const std::lock_guard<std::mutex> guard(lock_);
  interrupt_ = nullptr;
}

QueryDeadlines::QueryDeadlines(int64_t timeout_ms) : timeout_ms_(timeout_ms) {
  if (timeout_ms_ > 0) thread_ = StartThread("query-deadline", [this] { Run(); });
}

QueryDeadlines::~QueryDeadlines() {
  {
    const std::lock_guard<std::mutex> guard(lock_);
    closing_ = true;
  }
  closing_changed_.notify_all();
}

void QueryDeadlines::Add(const std::shared_ptr<RunningQuery>& query) {
  if (timeout_ms_ <= 0) return;
  const std::lock_guard<std::mutex> guard(lock_);
  deadlines_.push_back({SteadyNanos() + timeout_ms_ * kNanosPerMilli, query});
}

// Looks around at a fixed pace: waking this thread for every query would cost more than short queries do.
void QueryDeadlines::Run() {
  const auto pace = std::chrono::milliseconds(std::clamp<int64_t>(timeout_ms_ / 10, 5, 1000));
  std::unique_lock<std::mutex> guard(lock_);
  while (!closing_changed_.wait_for(guard, pace, [this] { return closing_; })) {
    while (!deadlines_.empty() && (deadlines_.front().query.expired() || deadlines_.front().steady_ns <= SteadyNanos())) {
      const auto query = deadlines_.front().query.lock();
      deadlines_.pop_front();
      if (!query) continue;
      guard.unlock();
      query->Stop(StopReason::kTimeout);
      stopped_.push_back(query);
      guard.lock();
    }
    guard.unlock();
    std::erase_if(stopped_, [](const std::weak_ptr<RunningQuery>& stopped) {
      const auto query = stopped.lock();
      return !query || query->Release();
    });
    guard.lock();
  }
}

}  // namespace gigapi
