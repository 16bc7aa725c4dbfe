#include "server/json_body.h"

#include "server/content_encoding.h"

namespace gigapi {

Result<JsonBody> JsonBody::Read(const http::Request& request, int64_t bytes_max) {
  ARROW_ASSIGN_OR_RAISE(const DecodedBody body, DecodeContent(request.Header("Content-Encoding"), request.body, bytes_max));
  if (static_cast<int64_t>(body.bytes.size()) > bytes_max) {
    return Errorf(ErrorKind::kTooLarge, "the request may have {} bytes", bytes_max);
  }
  JsonBody json;
  json.parser_ = std::make_unique<simdjson::dom::parser>();
  if (json.parser_->parse(body.bytes.data(), body.bytes.size()).get_object().get(json.object_) != simdjson::SUCCESS) {
    return Error(ErrorKind::kInvalidArgument, "Invalid request body: not a JSON object");
  }
  return json;
}

Result<std::string> JsonBody::Text(std::string_view key) const {
  const auto value = object_[key];
  if (value.error() == simdjson::NO_SUCH_FIELD || value.is_null()) return std::string();
  std::string_view text;
  if (value.get_string().get(text) != simdjson::SUCCESS) {
    return Errorf(ErrorKind::kInvalidArgument, "Invalid request body: \"{}\" is no string", key);
  }
  return std::string(text);
}

}  // namespace gigapi
