// A file of base/file_system.h as Arrow's readers see it.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <memory>

#include "base/file_system.h"

namespace gigapi {

/// ReadAt may be called by any thread, Read and Seek by one.
class ReadableFileSource final : public arrow::io::RandomAccessFile {
 public:
  explicit ReadableFileSource(std::shared_ptr<ReadableFile> file) : file_(std::move(file)) {}

  Result<int64_t> GetSize() override { return static_cast<int64_t>(file_->size()); }
  Result<int64_t> ReadAt(int64_t position, int64_t nbytes, void* out) override;
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t nbytes) override;
  Result<int64_t> Read(int64_t nbytes, void* out) override;
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t nbytes) override;
  Status Seek(int64_t position) override;
  Result<int64_t> Tell() const override { return position_; }
  Status Close() override;
  bool closed() const override { return closed_; }

 private:
  const std::shared_ptr<ReadableFile> file_;
  int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace gigapi
