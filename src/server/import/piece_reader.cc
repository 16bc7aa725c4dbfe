#include "server/import/piece_reader.h"

#include <algorithm>
#include <cstring>

namespace gigapi {

Result<std::optional<Piece>> PieceReader::Next() {
  // The rest moves up behind the prefix.
  const size_t rest = buffer_.size() - used_;
  if (prefix_.size() > used_) buffer_.Resize(prefix_.size() + rest);
  if (rest > 0) std::memmove(buffer_.data() + prefix_.size(), buffer_.data() + used_, rest);
  if (!prefix_.empty()) std::memcpy(buffer_.data(), prefix_.data(), prefix_.size());
  prefix_bytes_ = prefix_.size();
  buffer_.Resize(prefix_bytes_ + rest);
  used_ = prefix_bytes_;

  ARROW_ASSIGN_OR_RAISE(const size_t end, FindEnd());
  if (end == prefix_bytes_) return std::nullopt;
  Piece piece;
  piece.bytes = {buffer_.data(), end};
  piece.prefix_lines = std::count(prefix_.begin(), prefix_.end(), '\n');
  piece.first_line = next_line_;
  piece.begin = position_;
  piece.end = position_ + static_cast<int64_t>(end - prefix_bytes_);
  next_line_ += std::count(buffer_.begin() + prefix_bytes_, buffer_.begin() + end, '\n');
  position_ = piece.end;
  used_ = end;
  if (options_.closing != 0 && buffer_[end - 1] == ',' && !ended_) buffer_[end - 1] = options_.closing;
  return piece;
}

Result<size_t> PieceReader::FindEnd() {
  size_t wanted = options_.piece_bytes;
  while (true) {
    ARROW_RETURN_NOT_OK(Fill(prefix_bytes_ + wanted));
    if (ended_) return buffer_.size();
    const size_t end = options_.boundary({buffer_.data(), buffer_.size()});
    if (end > prefix_bytes_) return end;
    if (buffer_.size() - prefix_bytes_ >= options_.record_bytes_max) {
      return Errorf(ErrorKind::kTooLarge, "line {}: no end of the record within {} bytes", next_line_,
                    options_.record_bytes_max);
    }
    wanted *= 2;
  }
}

Status PieceReader::Fill(size_t bytes_min) {
  while (buffer_.size() < bytes_min && !ended_) {
    ARROW_ASSIGN_OR_RAISE(const std::string_view bytes, body_->Next());
    if (buffer_.capacity() < bytes_min + bytes.size()) buffer_.Reserve(bytes_min + bytes.size());
    buffer_.Append(bytes.data(), bytes.size());
    ended_ = bytes.empty();
  }
  return Status::OK();
}

}  // namespace gigapi
