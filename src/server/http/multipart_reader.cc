#include "server/http/multipart_reader.h"

#include <algorithm>

namespace gigapi::http {
namespace {

constexpr size_t kPartHeadBytesMax = 16 << 10;
constexpr size_t kBoundaryBytesMax = 200;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

Status Malformed(std::string_view what) {
  return Errorf(ErrorKind::kInvalidArgument, "malformed multipart/form-data: {}", what);
}

/// The value of a parameter, as name="x" in `; name="x"; filename="y"`.
std::string_view ParameterOf(std::string_view header, std::string_view name) {
  size_t at = 0;
  while ((at = header.find(';', at)) != std::string_view::npos) {
    ++at;
    while (at < header.size() && header[at] == ' ') ++at;
    const size_t equals = header.find('=', at);
    if (equals == std::string_view::npos) return {};
    if (!EqualsIgnoringCase(header.substr(at, equals - at), name)) continue;
    std::string_view value = header.substr(equals + 1);
    if (value.starts_with('"')) return value.substr(1, value.find('"', 1) - 1);
    return value.substr(0, value.find(';'));
  }
  return {};
}

/// The field's name in a part's head.
std::string_view FieldOf(std::string_view head) {
  constexpr std::string_view kDisposition = "Content-Disposition:";
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    if (EqualsIgnoringCase(line.substr(0, kDisposition.size()), kDisposition)) return ParameterOf(line, "name");
  }
  return {};
}

}  // namespace

std::optional<std::string> MultipartBoundary(std::string_view content_type) {
  std::string_view media_type = content_type.substr(0, content_type.find(';'));
  while (!media_type.empty() && media_type.back() == ' ') media_type.remove_suffix(1);
  if (!EqualsIgnoringCase(media_type, "multipart/form-data")) return std::nullopt;
  return std::string(ParameterOf(content_type, "boundary").substr(0, kBoundaryBytesMax));
}

Result<std::string_view> MultipartReader::Next() {
  if (state_ == State::kBetween) ARROW_RETURN_NOT_OK(FindWanted());
  if (state_ == State::kDone) return std::string_view();
  ARROW_ASSIGN_OR_RAISE(const std::string_view bytes, ReadWanted());
  if (!bytes.empty()) return bytes;
  ARROW_RETURN_NOT_OK(Drain());
  return std::string_view();
}

Status MultipartReader::Fill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  ARROW_ASSIGN_OR_RAISE(const std::string_view bytes, body_->Next());
  if (bytes.empty()) {
    ended_ = true;
    return Malformed("the body ends within a part");
  }
  buffer_.append(bytes);
  return Status::OK();
}

Status MultipartReader::FindWanted() {
  while (true) {
    size_t at;
    while ((at = buffer_.find(delimiter_, begin_)) == std::string::npos) {
      begin_ = std::max(begin_, buffer_.size() - std::min(buffer_.size(), delimiter_.size()));
      ARROW_RETURN_NOT_OK(Fill());
    }
    begin_ = at;
    ARROW_ASSIGN_OR_RAISE(const bool more, PassDelimiter());
    if (!more) {
      return Errorf(ErrorKind::kInvalidArgument,
                    "no file uploaded: use multipart/form-data with field name '{}', or send the file as the body", field_);
    }
    ARROW_ASSIGN_OR_RAISE(const std::string head, ReadPartHead());
    if (FieldOf(head) != field_) continue;
    state_ = State::kWanted;
    return Status::OK();
  }
}

Result<bool> MultipartReader::PassDelimiter() {
  begin_ += delimiter_.size();
  while (buffer_.size() - begin_ < 2) ARROW_RETURN_NOT_OK(Fill());
  if (buffer_.compare(begin_, 2, "--") == 0) return false;
  size_t newline;
  while ((newline = buffer_.find("\r\n", begin_)) == std::string::npos) {
    if (buffer_.size() - begin_ > kPartHeadBytesMax) return Malformed("a delimiter that does not end");
    ARROW_RETURN_NOT_OK(Fill());
  }
  if (buffer_.find_first_not_of(" \t", begin_) != newline) return Malformed("a delimiter that does not end");
  begin_ = newline;  // a part without headers has its empty line here
  return true;
}

Result<std::string> MultipartReader::ReadPartHead() {
  size_t end;
  while ((end = buffer_.find(kHeadEnd, begin_)) == std::string::npos) {
    if (buffer_.size() - begin_ > kPartHeadBytesMax) return Malformed("the headers of a part are too large");
    ARROW_RETURN_NOT_OK(Fill());
  }
  std::string head = buffer_.substr(begin_, end - begin_);
  begin_ = end + kHeadEnd.size();
  if (head.starts_with("\r\n")) head.erase(0, 2);
  return head;
}

/// Empty at the end of the part.
Result<std::string_view> MultipartReader::ReadWanted() {
  while (true) {
    const size_t at = buffer_.find(delimiter_, begin_);
    // What may be the start of a delimiter waits for the rest.
    const size_t end = at != std::string::npos ? at : buffer_.size() - std::min(buffer_.size(), delimiter_.size() - 1);
    if (end > begin_) {
      const std::string_view bytes(buffer_.data() + begin_, end - begin_);
      begin_ = end;
      return bytes;
    }
    if (at != std::string::npos) return std::string_view();
    ARROW_RETURN_NOT_OK(Fill());
  }
}

Status MultipartReader::Drain() {
  state_ = State::kDone;
  buffer_.clear();
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const std::string_view bytes, body_->Next());
    if (bytes.empty()) return Status::OK();
  }
}

}  // namespace gigapi::http
