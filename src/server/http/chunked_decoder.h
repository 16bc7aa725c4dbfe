// Takes the chunked transfer coding off a request's body: sizes in hexadecimal, CRLF after each, extensions and trailers
// passed over. Strict, as request_head.h is. Boost.Beast's parser is not used here: in 1.81 a last chunk whose end comes in
// pieces runs into an assertion of its own.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/pod_vector.h"

namespace gigapi::http {

class ChunkedDecoder {
 public:
  /// Decodes `bytes`, the next ones of the body, appends what they hold to `body` and returns how many of them belong to the
  /// body: all, until done(). kInvalidArgument for what is not well-formed; kTooLarge as soon as a chunk's size says that
  /// `body` would grow over `body_bytes_max`. Not to be called again after a failure.
  Result<size_t> Decode(std::string_view bytes, int64_t body_bytes_max, PodVector<char>* body);

  /// Whether the last chunk and the trailers have been seen.
  bool done() const { return state_ == State::kDone; }

 private:
  enum class State {
    kSize,
    kExtension,
    kSizeEnd,  // LF
    kData,
    kDataReturn,  // CR
    kDataEnd,     // LF
    kTrailerBegin,
    kTrailer,
    kTrailerEnd,  // LF
    kLastEnd,     // LF
    kDone,
  };

  /// Takes one byte of what is not data.
  Status Step(char c, int64_t body_bytes_max, size_t body_bytes);
  Status StepSize(char c);
  Status BeginChunk(int64_t body_bytes_max, size_t body_bytes);
  /// A byte of an extension or a trailer.
  Status Pass(char c, State at_line_end);

  State state_ = State::kSize;
  int size_digits_ = 0;
  uint64_t size_ = 0;  // of the chunk; while in kData what is left of it
  size_t passed_bytes_ = 0;
};

}  // namespace gigapi::http
