#include "storage/append_file_stream.h"

namespace gigapi {
namespace {
constexpr int64_t kGatherBytes = 256 << 10;
}  // namespace

AppendFileStream::AppendFileStream(std::unique_ptr<AppendFile> file) : file_(std::move(file)) {}

AppendFileStream::~AppendFileStream() {
  if (file_) (void)file_->Close();
}

Status AppendFileStream::Write(const void* data, int64_t nbytes) {
  const std::string_view bytes(static_cast<const char*>(data), static_cast<size_t>(nbytes));
  position_ += nbytes;
  if (nbytes < kGatherBytes / 4) {
    pending_.append(bytes);
    return static_cast<int64_t>(pending_.size()) < kGatherBytes ? Status::OK() : Flush();
  }
  ARROW_RETURN_NOT_OK(Flush());
  return file_->Append(bytes);
}

Status AppendFileStream::Flush() {
  if (pending_.empty()) return Status::OK();
  ARROW_RETURN_NOT_OK(file_->Append(pending_));
  pending_.clear();
  return Status::OK();
}

Status AppendFileStream::Sync() {
  ARROW_RETURN_NOT_OK(Flush());
  return file_->Sync();
}

Status AppendFileStream::Close() {
  if (!file_) return Status::OK();
  const Status flushed = Flush();
  const Status closed = std::exchange(file_, nullptr)->Close();
  return flushed.ok() ? closed : flushed;
}

}  // namespace gigapi
