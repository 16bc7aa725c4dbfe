// One file out of a multipart/form-data body (RFC 7578) while it arrives; the other parts are passed over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/http/http.h"

namespace gigapi::http {

/// The boundary of a Content-Type that is multipart/form-data; nullopt for every other one.
std::optional<std::string> MultipartBoundary(std::string_view content_type);

/// Reads the first part whose field has the name, to its end, and passes over what follows. A body without such a part, or
/// one that is cut off, is kInvalidArgument. One thread; `body` must outlive it.
class MultipartReader final : public BodyReader {
 public:
  MultipartReader(std::string_view boundary, std::string_view field, BodyReader* body)
      : delimiter_("\r\n--" + std::string(boundary)), field_(field), body_(body) {}

  Result<std::string_view> Next() override;

 private:
  enum class State {
    kBetween,  // in a part that nobody wants, or before the first
    kWanted,
    kDone,
  };
  Status Fill();
  Status FindWanted();
  /// Steps behind the next delimiter, and its line; false when it was the last one.
  Result<bool> PassDelimiter();
  Result<std::string> ReadPartHead();
  Result<std::string_view> ReadWanted();
  Status Drain();

  const std::string delimiter_;
  const std::string field_;
  BodyReader* const body_;

  State state_ = State::kBetween;
  std::string buffer_ = "\r\n";  // the first delimiter has no line before it
  size_t begin_ = 0;             // of what is not used yet
  bool ended_ = false;
};

}  // namespace gigapi::http
