#include "server/http/byte_budget.h"

#include <algorithm>
#include <vector>

namespace gigapi::http {

ByteBudget::Ticket ByteBudget::Acquire(int64_t bytes, std::function<void()> granted) {
  std::lock_guard lock(mutex_);
  if (waiters_.empty() && Fits(bytes)) {
    used_ += bytes;
    return kGranted;
  }
  waiters_.push_back({++last_ticket_, bytes, std::move(granted)});
  return last_ticket_;
}

bool ByteBudget::Cancel(Ticket ticket) {
  {
    std::lock_guard lock(mutex_);
    const auto waiter = std::find_if(waiters_.begin(), waiters_.end(), [&](const Waiter& w) { return w.ticket == ticket; });
    if (waiter == waiters_.end()) return false;
    waiters_.erase(waiter);
  }
  Release(0);  // it may have been the first in line, before smaller ones that fit
  return true;
}

void ByteBudget::Release(int64_t bytes) {
  std::vector<std::function<void()>> now_fit;
  {
    std::lock_guard lock(mutex_);
    used_ -= bytes;
    while (!waiters_.empty() && Fits(waiters_.front().bytes)) {
      used_ += waiters_.front().bytes;
      now_fit.push_back(std::move(waiters_.front().granted));
      waiters_.pop_front();
    }
  }
  for (const auto& granted : now_fit) granted();
}

int64_t ByteBudget::used() const {
  std::lock_guard lock(mutex_);
  return used_;
}

}  // namespace gigapi::http
