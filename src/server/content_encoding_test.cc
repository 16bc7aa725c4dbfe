#include "server/content_encoding.h"

#include <gtest/gtest.h>
#include <libdeflate.h>
#include <zstd.h>

#include <string>

namespace gigapi {
namespace {

constexpr int64_t kLimit = 1 << 20;

using Compress = size_t (*)(libdeflate_compressor*, const void*, size_t, void*, size_t);

std::string Deflated(Compress compress, const std::string& text) {
  libdeflate_compressor* const compressor = libdeflate_alloc_compressor(6);
  std::string out(text.size() + 1'000, '\0');
  out.resize(compress(compressor, text.data(), text.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

std::string Zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string Decode(std::string_view encoding, const std::string& body) {
  const auto decoded = DecodeContent(encoding, body, kLimit);
  return decoded.ok() ? std::string(decoded->bytes) : "failed: " + std::string(ToString(KindOf(decoded.status())));
}

TEST(ContentEncoding, ReadsEveryEncoding) {
  const std::string text(200'000, 'x');
  EXPECT_EQ(Decode("", "as it is"), "as it is");
  EXPECT_EQ(Decode("identity", "as it is"), "as it is");
  EXPECT_EQ(Decode("gzip", Deflated(libdeflate_gzip_compress, text)), text);
  EXPECT_EQ(Decode("GZIP", Deflated(libdeflate_gzip_compress, "a") + Deflated(libdeflate_gzip_compress, "b")), "ab");
  EXPECT_EQ(Decode("deflate", Deflated(libdeflate_zlib_compress, text)), text);
  EXPECT_EQ(Decode("deflate", Deflated(libdeflate_deflate_compress, text)), text);
  EXPECT_EQ(Decode("zstd", Zstd(text)), text);
  EXPECT_EQ(Decode("deflate", Deflated(libdeflate_zlib_compress, "a") + Deflated(libdeflate_zlib_compress, "b")), "ab");
  EXPECT_EQ(Decode("zstd", Zstd("a") + Zstd("b")), "ab");
}

TEST(ContentEncoding, RefusesBombsAndBrokenData) {
  const std::string bomb(kLimit + 1, 'x');
  EXPECT_EQ(Decode("gzip", Deflated(libdeflate_gzip_compress, bomb)), "failed: too large");
  EXPECT_EQ(Decode("deflate", Deflated(libdeflate_zlib_compress, bomb)), "failed: too large");
  EXPECT_EQ(Decode("zstd", Zstd(bomb)), "failed: too large");
  EXPECT_EQ(Decode("gzip", Deflated(libdeflate_gzip_compress, bomb.substr(2))), bomb.substr(2)) << "just below";
  for (const char* encoding : {"gzip", "deflate", "zstd"})
    EXPECT_EQ(Decode(encoding, "nonsense"), "failed: invalid argument");
  for (const Compress compress : {libdeflate_zlib_compress, libdeflate_deflate_compress}) {
    EXPECT_EQ(Decode("deflate", Deflated(compress, "a") + "nonsense"), "failed: invalid argument") << "not the half of it";
  }
  const std::string cut = Zstd(std::string(1'000, 'x')).substr(0, 12);
  EXPECT_EQ(Decode("zstd", cut), "failed: invalid argument");
  EXPECT_EQ(Decode("br", "x"), "failed: unsupported");
}

}  // namespace
}  // namespace gigapi
