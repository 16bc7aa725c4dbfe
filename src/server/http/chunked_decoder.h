// Takes the chunked transfer coding off a request's body. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "base/pod_vector.h"

namespace gigapi::http {

class ChunkedDecoder {
 public:
  ChunkedDecoder();
  ~ChunkedDecoder();

  /// Decodes a prefix of `bytes`, appends what it holds to `body` and returns the prefix's size; the rest must be given
  /// again with more behind it. Stops at the end of the body. kInvalidArgument for what is not well-formed; kTooLarge
  /// when `body` would grow over `body_bytes_max`.
  Result<size_t> Decode(std::string_view bytes, int64_t body_bytes_max, PodVector<char>* body);

  /// Whether the last chunk and the trailers have been seen.
  bool done() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gigapi::http
