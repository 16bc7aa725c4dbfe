// Has the checkpoint of a shared catalog written anew now and then. Owns the thread "checkpoint". Thread-safe.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "catalog/catalog.h"

namespace gigapi {

class CheckpointKeeper {
 public:
  /// `catalog` must outlive it.
  CheckpointKeeper(Catalog* catalog, int64_t interval_ms);
  ~CheckpointKeeper() { Stop(); }
  /// What is being written is given up.
  void Stop();

 private:
  void Run();
  bool IsStopping();

  Catalog* const catalog_;
  const int64_t interval_ms_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::jthread thread_;
};

}  // namespace gigapi
