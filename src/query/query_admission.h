// How many queries run at once. The rest wait their turn, in order, up to a number and a time; beyond, kUnavailable.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>

#include "base/error.h"
#include "query/query_engine.h"
#include "query/running_query.h"

namespace gigapi {

class QueryAdmission {
 public:
  explicit QueryAdmission(const QueryOptions& options);

  /// Held while a query runs.
  class Slot {
   public:
    explicit Slot(QueryAdmission* admission) : admission_(admission) {}
    ~Slot() { admission_->Release(); }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

   private:
    QueryAdmission* const admission_;
  };

  /// Blocks while the query queues. Fails with kUnavailable, or when the query is stopped meanwhile.
  Result<std::unique_ptr<Slot>> Enter(RunningQuery* query);

  int64_t running() const;
  int64_t queued() const;

 private:
  struct Waiter {
    std::condition_variable changed;
    bool admitted = false;
    bool stopped = false;
  };
  void Release();

  const int max_running_;
  const int max_queued_;
  const int64_t queue_timeout_ms_;
  mutable std::mutex lock_;
  int running_ = 0;
  std::list<Waiter*> waiting_;
};

}  // namespace gigapi
