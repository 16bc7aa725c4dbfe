// A small JSON object that a request carries in its body: statements, names, settings of a call.
#pragma once

#include <simdjson.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "server/http/http.h"

namespace gigapi {

/// Movable; independent of the request once it is read.
class JsonBody {
 public:
  /// Takes the content encoding off and parses. kInvalidArgument for anything but an object, kTooLarge over `bytes_max`.
  static Result<JsonBody> Read(const http::Request& request, int64_t bytes_max);

  /// The text under a key; empty when it is absent or null. kInvalidArgument for another type.
  Result<std::string> Text(std::string_view key) const;
  const simdjson::dom::object& object() const { return object_; }

 private:
  std::unique_ptr<simdjson::dom::parser> parser_;  // owns what object_ looks at
  simdjson::dom::object object_;
};

}  // namespace gigapi
