#include "lake/checkpoint_keeper.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"

namespace gigapi {
namespace {

/// Soon after the start of a lake that has none yet, but not while everything starts.
constexpr int64_t kFirstWaitMsMax = 60'000;

}  // namespace

CheckpointKeeper::CheckpointKeeper(Catalog* catalog, int64_t interval_ms) : catalog_(catalog) {
  const std::chrono::milliseconds first_wait(std::min(interval_ms, kFirstWaitMsMax)), interval(interval_ms);
  thread_.Start("checkpoint", first_wait, interval, [this] { Write(); });
}

void CheckpointKeeper::Write() {
  const Status written = catalog_->WriteCheckpoint([this] { return thread_.IsStopping(); });
  if (written.ok() || KindOf(written) == ErrorKind::kCancelled) return;
  LOG_WARN("the catalog's checkpoint stays as it is for now", "reason=\"{}\"", written.message());
}

}  // namespace gigapi
