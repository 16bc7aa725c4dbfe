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

/// Answers 200 with a body whose first piece is made before the head goes out: a failure of that is the caller's to answer.
/// What is whole in one piece goes out at once; the rest goes as a stream. `add_headers` is called when the piece is made.
/// `Body` is a BodySource with ended().
template <typename Body, typename AddHeaders>
Status RespondFromFirstPiece(Exchange* exchange, Headers headers, std::unique_ptr<Body> body,
                             const AddHeaders& add_headers) {
  ARROW_ASSIGN_OR_RAISE(std::string first, body->Next({}));
  add_headers(*body, &headers);
  if (body->ended()) {
    exchange->Respond({200, std::move(headers), std::move(first)});
  } else {
    exchange->RespondStream(200, std::move(headers), std::make_unique<WithFirstPiece>(std::move(first), std::move(body)));
  }
  return Status::OK();
}

template <typename Body>
Status RespondFromFirstPiece(Exchange* exchange, Headers headers, std::unique_ptr<Body> body) {
  return RespondFromFirstPiece(exchange, std::move(headers), std::move(body), [](const Body&, Headers*) {});
}

}  // namespace gigapi::http
