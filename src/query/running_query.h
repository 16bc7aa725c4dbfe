// The ways in which a running query is stopped from outside: its client cancels, its time is up, the engine closes.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.h"

namespace gigapi {

enum class StopReason {
  kNone,
  kCancelled,
  kTimeout
};

/// One query from admission to its end. Thread-safe.
class RunningQuery {
 public:
  /// Stops the query now, or as soon as it has something to stop. The first reason stays.
  void Stop(StopReason reason);
  StopReason reason() const;
  /// OK, or why the query was stopped.
  Status stopped() const;
  /// From now on Stop calls `interrupt`, until Detach has returned.
  void Attach(std::function<void()> interrupt);
  void Detach();
  /// What gives up everything that a stopped query holds and says whether it has: not while somebody is in its stream, which
  /// then notices by itself.
  void OnRelease(std::function<bool()> release);
  /// Whether the query, which was stopped, holds nothing any more. A client that has stopped reading calls nobody.
  bool Release();

 private:
  mutable std::mutex lock_;
  StopReason reason_ = StopReason::kNone;
  std::function<void()> interrupt_;
  std::function<bool()> release_;
};

/// Stops queries that run longer than a limit that is the same for all. One thread, owned, ends with the object.
class QueryDeadlines {
 public:
  explicit QueryDeadlines(int64_t timeout_ms);
  ~QueryDeadlines();
  void Add(const std::shared_ptr<RunningQuery>& query);

 private:
  void Run();

  const int64_t timeout_ms_;
  std::mutex lock_;
  std::condition_variable closing_changed_;
  bool closing_ = false;
  struct Deadline {
    int64_t steady_ns;
    std::weak_ptr<RunningQuery> query;
  };
  std::deque<Deadline> deadlines_;                    // in order, since all have the same limit
  std::vector<std::weak_ptr<RunningQuery>> stopped_;  // and may hold something; of the thread
  std::jthread thread_;
};

}  // namespace gigapi
