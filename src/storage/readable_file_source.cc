#include "storage/readable_file_source.h"

namespace gigapi {

Result<int64_t> ReadableFileSource::ReadAt(int64_t position, int64_t nbytes, void* out) {
  ARROW_ASSIGN_OR_RAISE(const size_t size, file_->ReadAt(static_cast<uint64_t>(position), static_cast<size_t>(nbytes),
                                                         static_cast<char*>(out)));
  return static_cast<int64_t>(size);
}

Result<std::shared_ptr<arrow::Buffer>> ReadableFileSource::ReadAt(int64_t position, int64_t nbytes) {
  ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::ResizableBuffer> buffer, arrow::AllocateResizableBuffer(nbytes));
  ARROW_ASSIGN_OR_RAISE(const int64_t size, ReadAt(position, nbytes, buffer->mutable_data()));
  ARROW_RETURN_NOT_OK(buffer->Resize(size, false));
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

Result<int64_t> ReadableFileSource::Read(int64_t nbytes, void* out) {
  ARROW_ASSIGN_OR_RAISE(const int64_t size, ReadAt(position_, nbytes, out));
  position_ += size;
  return size;
}

Result<std::shared_ptr<arrow::Buffer>> ReadableFileSource::Read(int64_t nbytes) {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer, ReadAt(position_, nbytes));
  position_ += buffer->size();
  return buffer;
}

Status ReadableFileSource::Seek(int64_t position) {
  position_ = position;
  return Status::OK();
}

Status ReadableFileSource::Close() {
  closed_ = true;
  return Status::OK();
}

}  // namespace gigapi
