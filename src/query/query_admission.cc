#include "query/query_admission.h"

#include <algorithm>
#include <chrono>

namespace gigapi {

QueryAdmission::QueryAdmission(const QueryOptions& options)
    : max_running_(std::max(1, options.max_concurrent)),
      max_queued_(std::max(0, options.max_queued)),
      queue_timeout_ms_(options.queue_timeout_ms) {}

Result<std::unique_ptr<QueryAdmission::Slot>> QueryAdmission::Enter(RunningQuery* query) {
  Waiter waiter;
  {
    std::unique_lock<std::mutex> guard(lock_);
    if (running_ < max_running_ && waiting_.empty()) {
      ++running_;
      guard.unlock();
      return std::make_unique<Slot>(this);
    }
    if (static_cast<int>(waiting_.size()) >= max_queued_) {
      return Error(ErrorKind::kUnavailable, "Too many queries: the queue is full, try again later");
    }
    waiting_.push_back(&waiter);
  }
  query->Attach([this, &waiter] {
    const std::lock_guard<std::mutex> guard(lock_);
    waiter.stopped = true;
    waiter.changed.notify_all();
  });
  std::unique_lock<std::mutex> guard(lock_);
  waiter.changed.wait_for(guard, std::chrono::milliseconds(queue_timeout_ms_),
                          [&] { return waiter.admitted || waiter.stopped; });
  if (!waiter.admitted) waiting_.remove(&waiter);
  const bool admitted = waiter.admitted;
  guard.unlock();
  query->Detach();
  if (admitted) return std::make_unique<Slot>(this);
  ARROW_RETURN_NOT_OK(query->stopped());
  return Error(ErrorKind::kUnavailable, "Too many queries: this one waited too long for its turn, try again later");
}

void QueryAdmission::Release() {
  const std::lock_guard<std::mutex> guard(lock_);
  if (waiting_.empty()) {
    --running_;
    return;
  }
  Waiter* next = waiting_.front();  // the slot passes on
  waiting_.pop_front();
  next->admitted = true;
  next->changed.notify_all();
}

int64_t QueryAdmission::running() const {
  const std::lock_guard<std::mutex> guard(lock_);
  return running_;
}

int64_t QueryAdmission::queued() const {
  const std::lock_guard<std::mutex> guard(lock_);
  return static_cast<int64_t>(waiting_.size());
}

}  // namespace gigapi
