#include "storage/file_copy.h"

#include <algorithm>

#include "base/crc32c.h"

namespace gigapi {
namespace {

constexpr uint64_t kPieceBytes = 4 << 20;

/// Gives the file piece by piece to `take`; answers its CRC-32C.
Result<uint32_t> ReadPieces(const ReadableFile& file, uint64_t size, std::string_view name,
                            const std::function<Status(std::string_view)>& take,
                            const std::function<bool(int64_t)>& on_piece) {
  uint32_t crc32c = 0;
  std::string piece;
  for (uint64_t offset = 0; offset < size; offset += piece.size()) {
    piece.resize(std::min(kPieceBytes, size - offset));
    ARROW_ASSIGN_OR_RAISE(const size_t read, file.ReadAt(offset, piece.size(), piece.data()));
    if (read != piece.size()) return Errorf(ErrorKind::kInternal, "{} ends after {} bytes", name, offset + read);
    crc32c = Crc32c(piece, crc32c);
    ARROW_RETURN_NOT_OK(take(piece));
    if (!on_piece(static_cast<int64_t>(read))) return Error(ErrorKind::kCancelled, "cancelled");
  }
  return crc32c;
}

}  // namespace

Status ChecksumWriter::Append(std::string_view bytes) {
  *crc32c_ = Crc32c(bytes, *crc32c_);
  return out_->Append(bytes);
}

Result<uint32_t> CopyContent(const DataFile& file, ObjectWriter* out, const std::function<bool(int64_t)>& on_piece) {
  ARROW_ASSIGN_OR_RAISE(const auto in, OpenDataFile(file));
  const auto append = [out](std::string_view piece) { return out->Append(piece); };
  return ReadPieces(*in, static_cast<uint64_t>(file.size_bytes), file.key, append, on_piece);
}

Result<uint32_t> ReadChecksum(const ReadableFile& file, std::string_view name,
                              const std::function<bool(int64_t)>& on_piece) {
  return ReadPieces(
      file, file.size(), name, [](std::string_view) { return Status::OK(); }, on_piece);
}

}  // namespace gigapi
