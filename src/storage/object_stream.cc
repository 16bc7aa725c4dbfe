#include "storage/object_stream.h"

namespace gigapi {
namespace {
constexpr int64_t kGatherBytes = 256 << 10;
}  // namespace

Status ObjectStream::Write(const void* data, int64_t nbytes) {
  const std::string_view bytes(static_cast<const char*>(data), static_cast<size_t>(nbytes));
  position_ += nbytes;
  if (nbytes < kGatherBytes / 4) {
    pending_.append(bytes);
    return static_cast<int64_t>(pending_.size()) < kGatherBytes ? Status::OK() : Flush();
  }
  ARROW_RETURN_NOT_OK(Flush());
  return object_->Append(bytes);
}

Status ObjectStream::Flush() {
  if (pending_.empty()) return Status::OK();
  ARROW_RETURN_NOT_OK(object_->Append(pending_));
  pending_.clear();
  return Status::OK();
}

Status ObjectStream::Close() {
  object_.reset();
  return Status::OK();
}

Status ObjectStream::Commit() {
  ARROW_RETURN_NOT_OK(Flush());
  return std::exchange(object_, nullptr)->Commit();
}

}  // namespace gigapi
