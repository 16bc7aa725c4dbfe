// A growing stretch of bytes that is written through a pointer, with one check for many writes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace gigapi {

/// Not thread-safe.
class OutputBuffer {
 public:
  /// The end of what is written, with room for `bytes` behind it. Valid until the next call of Reserve.
  char* Reserve(size_t bytes) {
    if (storage_.size() - used_ < bytes) Grow(bytes);
    return storage_.data() + used_;
  }
  /// Everything up to `end` is written.
  void Commit(const char* end) { used_ = static_cast<size_t>(end - storage_.data()); }
  void Append(std::string_view text) {
    char* out = Reserve(text.size());
    std::memcpy(out, text.data(), text.size());
    Commit(out + text.size());
  }

  size_t size() const { return used_; }
  /// Takes what is written and leaves the buffer empty.
  std::string Take() {
    storage_.resize(used_);
    used_ = 0;
    return std::exchange(storage_, {});
  }
  /// Memory to write to next. The buffer must be empty.
  void Use(std::string memory) {
    storage_ = std::move(memory);
    storage_.resize(storage_.capacity());
  }

 private:
  void Grow(size_t bytes) {
    constexpr size_t kFirstBytes = 16 << 10;
    storage_.resize(std::max(kFirstBytes, std::max(used_ + bytes, storage_.size() * 2)));
  }

  std::string storage_;  // its size is what is allocated
  size_t used_ = 0;
};

}  // namespace gigapi
