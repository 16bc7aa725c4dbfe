#include "lake/admission.h"

#include <vector>

namespace gigapi {
namespace {

Status Overloaded() {
  return Error(ErrorKind::kOverloaded, "too many rows wait in memory for their files: try again later");
}

}  // namespace

void Admission::Acquire(int64_t bytes, int64_t now_ns, Admitted admitted) {
  {
    std::unique_lock lock(mutex_);
    if (!waiting_.empty() || !Fits(bytes)) {
      if (waiting_bytes_ + bytes > waiting_bytes_max_) {
        lock.unlock();
        admitted(Overloaded());
        return;
      }
      waiting_bytes_ += bytes;
      waiting_.push_back({bytes, now_ns + wait_ns_max_, std::move(admitted)});
      return;
    }
    used_ += bytes;
  }
  admitted(Status::OK());
}

void Admission::Adjust(int64_t bytes) {
  std::vector<Admitted> admitted;
  {
    const std::lock_guard lock(mutex_);
    used_ += bytes;
    while (!waiting_.empty() && Fits(waiting_.front().bytes)) {
      used_ += waiting_.front().bytes;
      waiting_bytes_ -= waiting_.front().bytes;
      admitted.push_back(std::move(waiting_.front().admitted));
      waiting_.pop_front();
    }
  }
  for (const Admitted& callback : admitted) callback(Status::OK());
}

void Admission::Expire(int64_t now_ns) {
  std::vector<Admitted> refused;
  {
    const std::lock_guard lock(mutex_);
    while (!waiting_.empty() && waiting_.front().deadline_ns <= now_ns) {
      waiting_bytes_ -= waiting_.front().bytes;
      refused.push_back(std::move(waiting_.front().admitted));
      waiting_.pop_front();
    }
  }
  for (const Admitted& callback : refused) callback(Overloaded());
}

int64_t Admission::used_bytes() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

bool Admission::HasWaiting() const {
  const std::lock_guard lock(mutex_);
  return !waiting_.empty();
}

}  // namespace gigapi
