#include "server/decoding_reader.h"

#include "server/content_encoding.h"

namespace gigapi {
namespace {

constexpr size_t kOutputBytes = 256 << 10;
/// So many bytes tell any encoding.
constexpr size_t kMagicBytes = 4;

/// "deflate" means zlib's format, but some clients send the bare one.
bool IsZlib(std::string_view bytes) {
  if (bytes.size() < 2) return false;
  const auto first = static_cast<unsigned char>(bytes[0]), second = static_cast<unsigned char>(bytes[1]);
  return (first & 0x0f) == 8 && (first * 256 + second) % 31 == 0;
}

Result<std::unique_ptr<arrow::util::Codec>> CodecOf(std::string_view encoding, std::string_view first_bytes) {
  if (http::EqualsIgnoringCase(encoding, "gzip") || http::EqualsIgnoringCase(encoding, "x-gzip")) {
    return arrow::util::Codec::Create(arrow::Compression::GZIP);
  }
  if (http::EqualsIgnoringCase(encoding, "zstd")) return arrow::util::Codec::Create(arrow::Compression::ZSTD);
  if (!http::EqualsIgnoringCase(encoding, "deflate")) return UnknownEncoding(encoding);
  arrow::util::GZipCodecOptions options;
  options.gzip_format = IsZlib(first_bytes) ? arrow::util::GZipFormat::ZLIB : arrow::util::GZipFormat::DEFLATE;
  return arrow::util::Codec::Create(arrow::Compression::GZIP, options);
}

}  // namespace

Result<std::string_view> DecodingReader::Next() {
  if (!begun_) {
    begun_ = true;
    ARROW_RETURN_NOT_OK(Begin());
  }
  if (decompressor_ != nullptr) return Decode();
  std::string_view bytes = input_;
  input_ = {};
  if (bytes.empty() && !input_ended_) {
    ARROW_ASSIGN_OR_RAISE(bytes, encoded_->Next());
  }
  ARROW_RETURN_NOT_OK(Count(bytes.size()));
  return bytes;
}

Status DecodingReader::Begin() {
  while (first_.size() < kMagicBytes && !input_ended_) {
    ARROW_ASSIGN_OR_RAISE(const std::string_view bytes, encoded_->Next());
    first_.append(bytes);
    input_ended_ = bytes.empty();
  }
  input_ = first_;
  if (encoding_.empty()) encoding_ = EncodingByMagic(first_);
  if (first_.empty() || encoding_.empty() || http::EqualsIgnoringCase(encoding_, "identity")) return Status::OK();
  return MakeDecompressor(first_);
}

Status DecodingReader::MakeDecompressor(std::string_view first_bytes) {
  ARROW_ASSIGN_OR_RAISE(const auto codec, CodecOf(encoding_, first_bytes));
  ARROW_ASSIGN_OR_RAISE(decompressor_, codec->MakeDecompressor());
  output_.Resize(kOutputBytes);
  return Status::OK();
}

Result<std::string_view> DecodingReader::Decode() {
  while (true) {
    if (input_.empty() && !input_ended_) {
      ARROW_ASSIGN_OR_RAISE(input_, encoded_->Next());
      input_ended_ = input_.empty();
    }
    if (decompressor_->IsFinished()) {
      if (input_.empty()) return std::string_view();
      ARROW_RETURN_NOT_OK(decompressor_->Reset());  // another member follows
    }
    const auto result =
        decompressor_->Decompress(static_cast<int64_t>(input_.size()), reinterpret_cast<const uint8_t*>(input_.data()),
                                  static_cast<int64_t>(output_.size()), reinterpret_cast<uint8_t*>(output_.data()));
    if (!result.ok()) return BrokenEncoding(encoding_);
    input_.remove_prefix(static_cast<size_t>(result->bytes_read));
    if (result->bytes_written > 0) {
      ARROW_RETURN_NOT_OK(Count(static_cast<size_t>(result->bytes_written)));
      return std::string_view(output_.data(), static_cast<size_t>(result->bytes_written));
    }
    const bool stuck = result->bytes_read == 0 && !decompressor_->IsFinished();
    if (stuck && (input_ended_ || !input_.empty())) return BrokenEncoding(encoding_);
  }
}

Status DecodingReader::Count(size_t bytes) {
  decoded_bytes_ += static_cast<int64_t>(bytes);
  if (decoded_bytes_ <= bytes_max_) return Status::OK();
  return Errorf(ErrorKind::kTooLarge, "the request body is larger than {} bytes when decompressed", bytes_max_);
}

}  // namespace gigapi
