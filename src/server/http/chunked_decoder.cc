#include "server/http/chunked_decoder.h"

#include <algorithm>

namespace gigapi::http {
namespace {

constexpr int kSizeDigitsMax = 15;  // fits into 63 bits
/// Extensions and trailers of one body together: nobody needs them.
constexpr size_t kPassedBytesMax = 16 << 10;

Status Malformed(std::string_view what) { return Errorf(ErrorKind::kInvalidArgument, "malformed chunked body: {}", what); }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Result<size_t> ChunkedDecoder::Decode(std::string_view bytes, int64_t body_bytes_max, PodVector<char>* body) {
  size_t used = 0;
  while (used < bytes.size() && !done()) {
    if (state_ == State::kData) {
      const size_t data = static_cast<size_t>(std::min<uint64_t>(size_, bytes.size() - used));
      body->Append(bytes.data() + used, data);
      used += data;
      size_ -= data;
      if (size_ == 0) state_ = State::kDataReturn;
    } else {
      ARROW_RETURN_NOT_OK(Step(bytes[used], body_bytes_max, body->size()));
      ++used;
    }
  }
  return used;
}

Status ChunkedDecoder::Step(char c, int64_t body_bytes_max, size_t body_bytes) {
  const auto expect = [&](char expected, State next) {
    if (c != expected) return Malformed("a line that does not end with CRLF");
    state_ = next;
    return Status::OK();
  };
  switch (state_) {
    case State::kSize: return StepSize(c);
    case State::kExtension: return Pass(c, State::kSizeEnd);
    case State::kSizeEnd: ARROW_RETURN_NOT_OK(expect('\n', State::kData)); return BeginChunk(body_bytes_max, body_bytes);
    case State::kDataReturn: return expect('\r', State::kDataEnd);
    case State::kDataEnd: return expect('\n', State::kSize);
    case State::kTrailerBegin:
      state_ = c == '\r' ? State::kLastEnd : State::kTrailer;
      return c == '\r' ? Status::OK() : Pass(c, State::kTrailerEnd);
    case State::kTrailer: return Pass(c, State::kTrailerEnd);
    case State::kTrailerEnd: return expect('\n', State::kTrailerBegin);
    case State::kLastEnd: return expect('\n', State::kDone);
    case State::kData:
    case State::kDone: break;
  }
  return Error(ErrorKind::kInternal, "a chunked body was read on after its end");
}

Status ChunkedDecoder::StepSize(char c) {
  const int digit = HexDigit(c);
  if (digit >= 0) {
    if (++size_digits_ > kSizeDigitsMax) return Malformed("a chunk that is too large");
    size_ = size_ * 16 + static_cast<uint64_t>(digit);
    return Status::OK();
  }
  if (size_digits_ == 0 || (c != ';' && c != '\r')) return Malformed("a bad chunk size");
  state_ = c == ';' ? State::kExtension : State::kSizeEnd;
  return Status::OK();
}

Status ChunkedDecoder::BeginChunk(int64_t body_bytes_max, size_t body_bytes) {
  size_digits_ = 0;
  if (size_ == 0) {
    state_ = State::kTrailerBegin;
    return Status::OK();
  }
  if (body_bytes + size_ > static_cast<uint64_t>(body_bytes_max)) {
    return Errorf(ErrorKind::kTooLarge, "the request body is larger than {} bytes", body_bytes_max);
  }
  return Status::OK();
}

Status ChunkedDecoder::Pass(char c, State at_line_end) {
  if (c == '\r') {
    state_ = at_line_end;
    return Status::OK();
  }
  if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return Malformed("a control character");
  if (++passed_bytes_ > kPassedBytesMax) return Malformed("too many extensions or trailers");
  return Status::OK();
}

}  // namespace gigapi::http
