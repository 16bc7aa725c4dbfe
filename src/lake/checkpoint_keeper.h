// Has the checkpoint of a shared catalog written anew now and then. Owns the thread "checkpoint". Thread-safe.
#pragma once

#include "base/repeating_thread.h"
#include "catalog/catalog.h"

namespace gigapi {

class CheckpointKeeper {
 public:
  /// `catalog` must outlive it.
  CheckpointKeeper(Catalog* catalog, int64_t interval_ms);
  /// What is being written is given up.
  void Stop() { thread_.Stop(); }

 private:
  void Write();

  Catalog* const catalog_;
  RepeatingThread thread_;
};

}  // namespace gigapi
