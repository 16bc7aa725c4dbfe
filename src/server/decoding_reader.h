// Takes the Content-Encoding off a body while it arrives: what content_encoding.h does for bodies that are there whole.
#pragma once

#include <arrow/util/compression.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/pod_vector.h"
#include "server/http/http.h"

namespace gigapi {

/// Reads gzip (also of several members), deflate and zstd. One thread.
class DecodingReader final : public http::BodyReader {
 public:
  /// `encoding` as in Content-Encoding; empty: gzip and zstd are told by their first bytes. `encoded` must outlive the
  /// reader. More than `bytes_max` decoded bytes are kTooLarge, whatever the body claims; an unknown encoding is
  /// kUnsupported, broken or cut off data kInvalidArgument.
  DecodingReader(std::string_view encoding, int64_t bytes_max, http::BodyReader* encoded)
      : encoding_(encoding), bytes_max_(bytes_max), encoded_(encoded) {}

  Result<std::string_view> Next() override;

 private:
  Status Begin();
  Status MakeDecompressor(std::string_view first_bytes);
  Result<std::string_view> Decode();
  Status Count(size_t bytes);

  std::string encoding_;
  const int64_t bytes_max_;
  http::BodyReader* const encoded_;

  bool begun_ = false;
  std::string first_;       // what was read to tell the encoding
  std::string_view input_;  // encoded bytes that are not used yet
  bool input_ended_ = false;
  std::shared_ptr<arrow::util::Decompressor> decompressor_;  // nullptr: the bytes are as they are
  PodVector<char> output_;
  int64_t decoded_bytes_ = 0;
};

}  // namespace gigapi
