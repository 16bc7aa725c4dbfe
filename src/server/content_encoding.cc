#include "server/content_encoding.h"

#include <libdeflate.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "server/http/http.h"

namespace gigapi {
namespace {

constexpr size_t kFirstGuessBytesMin = 64 << 10;
/// Text of time series shrinks about this much; a wrong guess costs one more pass.
constexpr size_t kGuessedRatio = 8;

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};
struct FreeStream {
  void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
};

libdeflate_decompressor* ThreadDecompressor() {
  thread_local std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(libdeflate_alloc_decompressor());
  return decompressor.get();
}

Status TooLarge(int64_t bytes_max) {
  return Errorf(ErrorKind::kTooLarge, "the request body is larger than {} bytes when decompressed", bytes_max);
}

using Inflate = libdeflate_result (*)(libdeflate_decompressor*, const void*, size_t, void*, size_t, size_t*, size_t*);

/// Inflates one member behind what `out` holds, with more room each time it does not suffice: libdeflate is fast because
/// it takes a member at once.
Result<size_t> InflateMember(Inflate inflate, std::string_view encoding, std::string_view bytes, size_t bytes_max,
                             PodVector<char>* out) {
  const size_t begin = out->size();
  size_t room = std::max(kFirstGuessBytesMin, bytes.size() * kGuessedRatio);
  while (true) {
    room = std::min(room, bytes_max - begin);
    out->Resize(begin + room);
    size_t consumed = 0, produced = 0;
    const auto result =
        inflate(ThreadDecompressor(), bytes.data(), bytes.size(), out->data() + begin, room, &consumed, &produced);
    if (result == LIBDEFLATE_SUCCESS) {
      out->Resize(begin + produced);
      return consumed;
    }
    if (result != LIBDEFLATE_INSUFFICIENT_SPACE) return BrokenEncoding(encoding);
    if (begin + room >= bytes_max) return TooLarge(static_cast<int64_t>(bytes_max));
    out->Resize(begin);
    room *= 4;
  }
}

/// All of `bytes`: one member or several.
Result<PodVector<char>> InflateAll(Inflate inflate, std::string_view encoding, std::string_view bytes, size_t bytes_max) {
  PodVector<char> out;
  do {
    ARROW_ASSIGN_OR_RAISE(const size_t consumed, InflateMember(inflate, encoding, bytes, bytes_max, &out));
    bytes.remove_prefix(consumed);
  } while (!bytes.empty());
  return out;
}

/// "deflate" means zlib's format, but some clients send the bare one.
Result<PodVector<char>> DecodeDeflate(std::string_view bytes, size_t bytes_max) {
  Result<PodVector<char>> zlib = InflateAll(libdeflate_zlib_decompress_ex, "deflate", bytes, bytes_max);
  if (zlib.ok() || KindOf(zlib.status()) != ErrorKind::kInvalidArgument) return zlib;
  return InflateAll(libdeflate_deflate_decompress_ex, "deflate", bytes, bytes_max);
}

Result<PodVector<char>> DecodeZstd(std::string_view bytes, size_t bytes_max) {
  thread_local std::unique_ptr<ZSTD_DStream, FreeStream> stream(ZSTD_createDStream());
  ZSTD_DCtx_reset(stream.get(), ZSTD_reset_session_only);
  // A frame may ask for a window of gigabytes; nobody needs more than this to send a body.
  ZSTD_DCtx_setParameter(stream.get(), ZSTD_d_windowLogMax, 27);
  PodVector<char> out;
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  size_t wanted = 1;
  while (input.pos < input.size || wanted != 0) {
    if (out.size() >= bytes_max) return TooLarge(static_cast<int64_t>(bytes_max));
    const size_t begin = out.size();
    const size_t room =
        std::min(std::max(kFirstGuessBytesMin, begin == 0 ? bytes.size() * kGuessedRatio : begin), bytes_max - begin);
    out.Resize(begin + room);
    ZSTD_outBuffer output{out.data() + begin, room, 0};
    const size_t input_before = input.pos;
    wanted = ZSTD_decompressStream(stream.get(), &output, &input);
    out.Resize(begin + output.pos);
    if (ZSTD_isError(wanted)) return BrokenEncoding("zstd");
    if (input.pos == input_before && output.pos == 0) return BrokenEncoding("zstd");  // cut off
  }
  return out;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::string_view EncodingByMagic(std::string_view body) {
  if (body.starts_with("\x1f\x8b")) return "gzip";
  if (body.starts_with("\x28\xb5\x2f\xfd")) return "zstd";
  return {};
}

Status BrokenEncoding(std::string_view encoding) {
  return Errorf(ErrorKind::kInvalidArgument, "the body is not valid {}", encoding);
}

Status UnknownEncoding(std::string_view encoding) {
  return Errorf(ErrorKind::kUnsupported, "unknown Content-Encoding '{}': gzip, deflate and zstd are known", encoding);
}

Result<DecodedBody> DecodeContent(std::string_view content_encoding, std::string_view body, int64_t bytes_max) {
  std::string_view encoding = Trim(content_encoding);
  if (encoding.empty()) encoding = EncodingByMagic(body);
  DecodedBody decoded;
  if (encoding.empty() || http::EqualsIgnoringCase(encoding, "identity") || body.empty()) {
    decoded.bytes = body;
    return decoded;
  }
  const auto limit = static_cast<size_t>(bytes_max);
  if (http::EqualsIgnoringCase(encoding, "gzip") || http::EqualsIgnoringCase(encoding, "x-gzip")) {
    ARROW_ASSIGN_OR_RAISE(decoded.storage, InflateAll(libdeflate_gzip_decompress_ex, "gzip", body, limit));
  } else if (http::EqualsIgnoringCase(encoding, "deflate")) {
    ARROW_ASSIGN_OR_RAISE(decoded.storage, DecodeDeflate(body, limit));
  } else if (http::EqualsIgnoringCase(encoding, "zstd")) {
    ARROW_ASSIGN_OR_RAISE(decoded.storage, DecodeZstd(body, limit));
  } else {
    return UnknownEncoding(encoding);
  }
  decoded.bytes = {decoded.storage.data(), decoded.storage.size()};
  return decoded;
}

}  // namespace gigapi
