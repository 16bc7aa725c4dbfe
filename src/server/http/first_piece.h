// A body whose first piece has been made before it is known that more will follow.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "server/http/http.h"

namespace gigapi::http {

/// Puts a piece before those of another source.
class WithFirstPiece final : public BodySource {
 public:
  WithFirstPiece(std::string first, std::unique_ptr<BodySource> rest) : first_(std::move(first)), rest_(std::move(rest)) {}
  Result<std::string> Next(std::string spare) override {
    if (!first_.empty()) return std::exchange(first_, {});
    return rest_->Next(std::move(spare));
  }

 private:
  std::string first_;
  const std::unique_ptr<BodySource> rest_;
};

}  // namespace gigapi::http
