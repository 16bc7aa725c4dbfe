#include "server/api/flight_sql/call_watch.h"

#include <chrono>

#include "base/thread.h"

namespace gigapi::flight {

/// How long a query may go on after its client has gone.
constexpr std::chrono::milliseconds kPace(50);

CallWatch::CallWatch() : thread_(StartThread("flight-watch", [this] { Run(); })) {}

CallWatch::~CallWatch() {
  {
    const std::lock_guard<std::mutex> guard(lock_);
    closing_ = true;
  }
  changed_.notify_all();
}

CallWatch::Watched::~Watched() {
  const std::lock_guard<std::mutex> guard(watch_->lock_);
  watch_->entries_.erase(entry_);
}

std::unique_ptr<CallWatch::Watched> CallWatch::Watch(const arrow::flight::ServerCallContext& context, QueryCancel cancel) {
  const std::lock_guard<std::mutex> guard(lock_);
  const bool sleeps = entries_.empty();
  entries_.push_front({&context, std::move(cancel)});
  if (sleeps) changed_.notify_all();
  return std::unique_ptr<Watched>(new Watched(this, entries_.begin()));
}

void CallWatch::Run() {
  std::unique_lock<std::mutex> guard(lock_);
  while (!closing_) {
    if (entries_.empty()) {
      changed_.wait(guard, [this] { return closing_ || !entries_.empty(); });
    } else {
      changed_.wait_for(guard, kPace, [this] { return closing_; });
    }
    for (auto& entry : entries_) {
      if (entry.context->is_cancelled()) entry.cancel.Cancel();
    }
  }
}

}  // namespace gigapi::flight
