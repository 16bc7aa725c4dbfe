// A file for what does not fit into memory, without a name: it is gone when it is closed, also after a crash.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gigapi {

/// Not thread-safe.
class TemporaryFile {
 public:
  /// In a folder, which is created when it is not there.
  static Result<TemporaryFile> Create(const std::string& directory);
  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile();

  Status Append(std::string_view bytes);
  int64_t size() const { return size_; }
  /// The file descriptor, to read and to close; nothing may be called afterwards.
  int Release();

 private:
  explicit TemporaryFile(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
  int64_t size_ = 0;
};

}  // namespace gigapi
