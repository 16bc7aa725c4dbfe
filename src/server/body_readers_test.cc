// What stands between a body and its parser: Content-Encoding and multipart/form-data, in parts of every size.
#include <arrow/util/compression.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/decoding_reader.h"
#include "server/http/multipart_reader.h"
#include "server/testing/text_body.h"

namespace gigapi {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kPlenty = int64_t{1} << 40;

std::string Compress(const std::string& text, arrow::Compression::type type) {
  const auto codec = *arrow::util::Codec::Create(type);
  const auto* data = reinterpret_cast<const uint8_t*>(text.data());
  std::string out(static_cast<size_t>(codec->MaxCompressedLen(static_cast<int64_t>(text.size()), data)), '\0');
  const int64_t size = *codec->Compress(static_cast<int64_t>(text.size()), data, static_cast<int64_t>(out.size()),
                                        reinterpret_cast<uint8_t*>(out.data()));
  out.resize(static_cast<size_t>(size));
  return out;
}

std::string Decode(std::string_view encoding, const std::string& bytes, size_t part_bytes, int64_t bytes_max = kPlenty) {
  TextBody body(bytes, part_bytes);
  DecodingReader decoded(encoding, bytes_max, &body);
  return ReadAll(&decoded);
}

std::string SomeText() {
  std::string text;
  for (int64_t i = 0; i < 50'000; ++i) text += "cpu,host=h" + std::to_string(i % 7) + " v=" + std::to_string(i * i) + "\n";
  return text;
}

TEST(DecodingReader, TakesEncodingsOffInPartsOfEverySize) {
  const std::string text = SomeText();
  const std::string gzip = Compress(text, arrow::Compression::GZIP), zstd = Compress(text, arrow::Compression::ZSTD);
  for (const size_t part : {size_t{1}, size_t{3}, size_t{1'000}, size_t{1} << 20}) {
    EXPECT_TRUE(Decode("gzip", gzip, part) == text);
    EXPECT_TRUE(Decode("", gzip, part) == text) << "by its first bytes";
    EXPECT_TRUE(Decode("zstd", zstd, part) == text);
    EXPECT_TRUE(Decode("", zstd, part) == text);
    EXPECT_TRUE(Decode("", gzip + gzip, part) == text + text) << "two members";
    EXPECT_TRUE(Decode("", text, part) == text);
    EXPECT_TRUE(Decode("identity", text, part) == text);
  }
  EXPECT_EQ(Decode("", "", 1), "");
  EXPECT_EQ(Decode("gzip", "", 1), "");
}

TEST(DecodingReader, RefusesWhatIsBrokenOrTooMuch) {
  const std::string gzip = Compress(SomeText(), arrow::Compression::GZIP);
  EXPECT_THAT(Decode("gzip", gzip.substr(0, gzip.size() / 2), 100), HasSubstr("failed: the body is not valid gzip"));
  EXPECT_THAT(Decode("gzip", gzip.substr(0, gzip.size() - 1), 100), HasSubstr("failed: the body is not valid gzip"));
  EXPECT_THAT(Decode("zstd", "plain text", 100), HasSubstr("failed: the body is not valid zstd"));
  EXPECT_THAT(Decode("br", "x", 100), HasSubstr("failed: unknown Content-Encoding 'br'"));
  const std::string bomb = Compress(std::string(50 << 20, 'x'), arrow::Compression::GZIP);
  EXPECT_THAT(Decode("gzip", bomb, 1 << 20, 1'000'000), HasSubstr("failed: the request body is larger than 1000000 bytes"));
}

constexpr std::string_view kType = "multipart/form-data; boundary=\"XyZ\"";

std::string Upload(const std::string& file) {
  return "--XyZ\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nnot this\r\n"
         "--XyZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"x\"\r\nContent-Type: text/plain\r\n\r\n" +
         file + "\r\n--XyZ\r\ncontent-disposition: form-data; name=more\r\n\r\nnor this\r\n--XyZ--\r\n";
}

std::string FileOf(const std::string& upload, size_t part_bytes) {
  TextBody body(upload, part_bytes);
  http::MultipartReader file(*http::MultipartBoundary(kType), "file", &body);
  return ReadAll(&file);
}

TEST(MultipartReader, FindsTheFileInPartsOfEverySize) {
  for (const std::string file : {"", "a", "a\r\n--XyY\r\n--Xy\r\nb\r\n", "\r\n", "--XyZ"}) {
    for (const size_t part : {size_t{1}, size_t{2}, size_t{7}, size_t{50}, size_t{1'000}}) {
      EXPECT_EQ(FileOf(Upload(file), part), file) << part;
    }
  }
  const std::string large(5 << 20, '-');
  EXPECT_TRUE(FileOf(Upload(large), 256 << 10) == large);
}

TEST(MultipartReader, RefusesWhatHasNoFileOrEndsEarly) {
  EXPECT_THAT(FileOf("--XyZ\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nx\r\n--XyZ--\r\n", 10),
              HasSubstr("failed: no file uploaded"));
  const std::string upload = Upload("content");
  for (size_t size = 0; size < upload.find("content") + 9; ++size) {
    EXPECT_THAT(FileOf(upload.substr(0, size), 13), HasSubstr("failed: malformed multipart")) << size;
  }
  EXPECT_THAT(FileOf("--XyZ\r\nX: " + std::string(100'000, 'x'), 1'000), HasSubstr("failed: malformed multipart"));
}

TEST(MultipartReader, KnowsItsContentTypes) {
  EXPECT_EQ(http::MultipartBoundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(http::MultipartBoundary("Multipart/Form-Data; charset=x; Boundary=\"a b\""), "a b");
  EXPECT_EQ(http::MultipartBoundary("text/plain"), std::nullopt);
  EXPECT_EQ(http::MultipartBoundary(""), std::nullopt);
}

}  // namespace
}  // namespace gigapi
