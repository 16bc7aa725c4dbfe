// A body for tests that comes in parts of a chosen size.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "server/http/http.h"

namespace gigapi {

class TextBody final : public http::BodyReader {
 public:
  TextBody(std::string text, size_t part_bytes) : text_(std::move(text)), part_bytes_(part_bytes) {}

  Result<std::string_view> Next() override {
    part_ = text_.substr(begin_, part_bytes_);
    begin_ = std::min(text_.size(), begin_ + part_bytes_);
    return std::string_view(part_);
  }

 private:
  const std::string text_;
  const size_t part_bytes_;
  size_t begin_ = 0;
  std::string part_;  // what was given before is gone
};

/// All that a reader gives, or why it failed.
inline std::string ReadAll(http::BodyReader* body) {
  std::string all;
  while (true) {
    const auto bytes = body->Next();
    if (!bytes.ok()) return "failed: " + bytes.status().message();
    if (bytes->empty()) return all;
    all.append(*bytes);
  }
}

}  // namespace gigapi
