#include "server/http/buffer_pool.h"

namespace gigapi::http {

PodVector<char> BufferPool::Take(size_t bytes) {
  PodVector<char> buffer;
  {
    std::lock_guard lock(mutex_);
    // The last given is the warmest; a too small one is of no use, growing it would copy.
    for (size_t i = kept_.size(); i-- > 0;) {
      if (kept_[i].capacity() < bytes) continue;
      buffer = std::move(kept_[i]);
      kept_.erase(kept_.begin() + static_cast<ptrdiff_t>(i));
      kept_bytes_ -= buffer.capacity();
      break;
    }
  }
  buffer.Clear();
  buffer.Reserve(bytes);
  return buffer;
}

void BufferPool::Give(PodVector<char> buffer) {
  if (buffer.capacity() == 0 || buffer.capacity() > kBufferBytesMax) return;
  std::lock_guard lock(mutex_);
  if (kept_bytes_ + buffer.capacity() > kKeptBytesMax) {
    if (kept_.empty() || kept_.front().capacity() >= buffer.capacity()) return;
    kept_bytes_ -= kept_.front().capacity();  // make room for a larger one
    kept_.erase(kept_.begin());
    if (kept_bytes_ + buffer.capacity() > kKeptBytesMax) return;
  }
  kept_bytes_ += buffer.capacity();
  kept_.push_back(std::move(buffer));
}

}  // namespace gigapi::http
