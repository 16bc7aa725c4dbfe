// Takes the Content-Encoding off a body: gzip (also of several members), deflate, zstd.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/pod_vector.h"

namespace gigapi {

/// The body as the parser wants it: the view of the request's own bytes, or of `storage` when it had to be decompressed.
struct DecodedBody {
  std::string_view bytes;
  PodVector<char> storage;
};

/// A body without an encoding that begins as gzip or zstd does is taken for that: some clients compress and do not say so.
/// kUnsupported for an unknown encoding (HTTP: 415), kInvalidArgument for broken data, kTooLarge when the result would be
/// larger than `bytes_max`; memory stays near that whatever the data claims. Blocks for as long as decompressing takes.
Result<DecodedBody> DecodeContent(std::string_view content_encoding, std::string_view body, int64_t bytes_max);

// What DecodeContent and DecodingReader have in common:
/// The encoding that a body shows by its first bytes, with which no format of rows begins; empty for none.
std::string_view EncodingByMagic(std::string_view body);
Status BrokenEncoding(std::string_view encoding);
Status UnknownEncoding(std::string_view encoding);

}  // namespace gigapi
