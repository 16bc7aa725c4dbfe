// An object that is being written (object_store/object_store.h) as Arrow's writers see it.
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>
#include <string>

#include "object_store/object_store.h"

namespace gigapi {

/// Gathers small writes. Nothing is visible before Commit; closed or destroyed without it, nothing is left.
class ObjectStream final : public arrow::io::OutputStream {
 public:
  explicit ObjectStream(std::unique_ptr<ObjectWriter> object) : object_(std::move(object)) {}

  using arrow::io::OutputStream::Write;
  Status Write(const void* data, int64_t nbytes) override;
  Status Flush() override;
  Result<int64_t> Tell() const override { return position_; }
  bool closed() const override { return object_ == nullptr; }
  Status Close() override;
  /// The last call.
  Status Commit();

 private:
  std::unique_ptr<ObjectWriter> object_;
  std::string pending_;
  int64_t position_ = 0;
};

}  // namespace gigapi
