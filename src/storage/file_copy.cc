#include "storage/file_copy.h"

#include <algorithm>

#include "base/crc32c.h"

namespace gigapi {
namespace {

constexpr uint64_t kPieceBytes = 4 << 20;

}  // namespace

Status ChecksumWriter::Append(std::string_view bytes) {
  *crc32c_ = Crc32c(bytes, *crc32c_);
  return out_->Append(bytes);
}

Result<uint32_t> CopyContent(const DataFile& file, ObjectWriter* out, const std::function<bool(int64_t)>& on_piece) {
  ARROW_ASSIGN_OR_RAISE(const auto in, OpenDataFile(file));
  const auto size = static_cast<uint64_t>(file.size_bytes);
  uint32_t crc32c = 0;
  std::string piece;
  for (uint64_t offset = 0; offset < size; offset += piece.size()) {
    piece.resize(std::min(kPieceBytes, size - offset));
    ARROW_ASSIGN_OR_RAISE(const size_t read, in->ReadAt(offset, piece.size(), piece.data()));
    if (read != piece.size()) return Errorf(ErrorKind::kInternal, "{} ends after {} bytes", file.key, offset + read);
    crc32c = Crc32c(piece, crc32c);
    ARROW_RETURN_NOT_OK(out->Append(piece));
    if (!on_piece(static_cast<int64_t>(read))) return Error(ErrorKind::kCancelled, "cancelled");
  }
  return crc32c;
}

}  // namespace gigapi
