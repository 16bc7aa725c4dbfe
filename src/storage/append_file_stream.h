// A file of base/file_system.h as Arrow's writers see it.
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>
#include <string>

#include "base/file_system.h"

namespace gigapi {

/// Gathers small writes; nothing is promised to be on disk before Sync. Close without Sync leaves what was written.
class AppendFileStream final : public arrow::io::OutputStream {
 public:
  explicit AppendFileStream(std::unique_ptr<AppendFile> file);
  ~AppendFileStream() override;

  using arrow::io::OutputStream::Write;
  Status Write(const void* data, int64_t nbytes) override;
  Status Flush() override;
  Result<int64_t> Tell() const override { return position_; }
  bool closed() const override { return file_ == nullptr; }
  Status Close() override;
  Status Sync();

 private:
  std::unique_ptr<AppendFile> file_;
  std::string pending_;
  int64_t position_ = 0;
};

}  // namespace gigapi
