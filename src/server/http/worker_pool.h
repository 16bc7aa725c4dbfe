// Threads for work that blocks: SQL and the answers that it makes. A query stays on one thread from its start to the last
// byte, so the number of threads is the number of queries at once; the rest wait in a bounded line.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace gigapi::http {

class WorkerPool {
 public:
  WorkerPool(std::string thread_name, int threads, size_t queued_max);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Queues work for any thread; false when the line is full or the pool is stopping.
  bool Submit(std::function<void()> work);

  /// On one of the pool's threads: runs `work` on it right after what it runs now, before anything queued, and never
  /// fails. On another thread: as Submit.
  bool Continue(std::function<void()> work);

  /// Finishes what has begun, drops what is queued, joins. Idempotent; not from one of its threads.
  void Stop();

  size_t queued() const;

 private:
  void Run();

  const size_t queued_max_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::deque<std::function<void()>> queue_;
  std::vector<std::jthread> threads_;
};

}  // namespace gigapi::http
