#include "server/http/worker_pool.h"

#include "base/guarded.h"
#include "base/thread.h"

namespace gigapi::http {
namespace {

/// What the thread's current work asked to run after it; the pool tells its threads from others by the first member.
struct Current {
  const WorkerPool* pool = nullptr;
  std::deque<std::function<void()>> continuations;
};
thread_local Current current;

}  // namespace

WorkerPool::WorkerPool(std::string thread_name, int threads, size_t queued_max) : queued_max_(queued_max) {
  threads_.reserve(static_cast<size_t>(threads));
  for (int i = 0; i < threads; ++i) threads_.push_back(StartThread(thread_name, [this] { Run(); }));
}

WorkerPool::~WorkerPool() { Stop(); }

bool WorkerPool::Submit(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || queue_.size() >= queued_max_) return false;
    queue_.push_back(std::move(work));
  }
  wake_.notify_one();
  return true;
}

bool WorkerPool::Continue(std::function<void()> work) {
  if (current.pool != this) return Submit(std::move(work));
  current.continuations.push_back(std::move(work));
  return true;
}

void WorkerPool::Stop() {
  std::deque<std::function<void()>> dropped;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(queue_);
  }
  wake_.notify_all();
  threads_.clear();
}

size_t WorkerPool::queued() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

void WorkerPool::Run() {
  current.pool = this;
  while (true) {
    std::function<void()> work;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    while (work) {
      LogExceptions("work of a pool", work);
      work = nullptr;
      if (!current.continuations.empty()) {
        work = std::move(current.continuations.front());
        current.continuations.pop_front();
      }
    }
  }
}

}  // namespace gigapi::http
