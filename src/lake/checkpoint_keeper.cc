#include "lake/checkpoint_keeper.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "base/thread.h"

namespace gigapi {
namespace {

/// Soon after the start of a lake that has none yet, but not while everything starts.
constexpr int64_t kFirstWaitMsMax = 60'000;

}  // namespace

CheckpointKeeper::CheckpointKeeper(Catalog* catalog, int64_t interval_ms) : catalog_(catalog), interval_ms_(interval_ms) {
  thread_ = StartThread("checkpoint", [this] { Run(); });
}

void CheckpointKeeper::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stopped_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

bool CheckpointKeeper::IsStopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void CheckpointKeeper::Run() {
  int64_t wait_ms = std::min(interval_ms_, kFirstWaitMsMax);
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      if (stopped_.wait_for(lock, std::chrono::milliseconds(wait_ms), [this] { return stopping_; })) return;
    }
    wait_ms = interval_ms_;
    const Status written = catalog_->WriteCheckpoint([this] { return IsStopping(); });
    if (written.ok() || KindOf(written) == ErrorKind::kCancelled) continue;
    LOG_WARN("the catalog's checkpoint stays as it is for now", "reason=\"{}\"", written.message());
  }
}

}  // namespace gigapi
